"""The whole video pipeline, file to null: frames a second, and milliseconds per stage.

    python -m benchmarks.video [--models all] [--seconds 3] [--out FILE]

A 1280x720 clip is rendered and encoded first (a person who moves before a busy background). Then
it is read, matted and composed, and the result dropped in the form that the encoder takes. `fps`
and `cpu_ms_per_frame`: as fast as it goes, with reading, network and full-size work side by side,
as `matte_video` runs them. `share_of_core_at_30`: one more pass, at 30 frames a second as a camera
gives them; processor time per frame of all threads, reading included, against 1/30 s. `stages_ms`:
processor time of each stage, the median over the frames, one stage after the other in one thread.

Blur and filters cost the same with every network, so only `balanced` is run with them. The whole
takes about three minutes on two free cores. For the share of one core alone, bind it to one:

    taskset -c 0 python -m benchmarks.video --models fast --out share.json
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time, sleep, thread_time

import cv2
import numpy as np

from benchmarks.clips import astronaut, clip, rendered_scene
from benchmarks.store import command_line, heading
from benchmarks.subjects import choose, preset_names
from pocketmatte.matting.pipeline import load_model
from pocketmatte.media.video import choose_matter, matte_frames
from pocketmatte.media.video_reader import VideoReader
from pocketmatte.media.video_sink import VideoSink

RESULTS = Path(__file__).parent / "results"
SIZE = (720, 1280)
# background, filters, optical flow
CASES = (("teal", "", True), ("teal", "", False))
MORE = "balanced"  # the preset that is also run in these cases
MORE_CASES = (
    ("blur", "", True),
    ("teal", "smooth_step", True),
    ("teal", "color_transfer", True),
)


def make_clip(path: Path, seconds: float) -> None:
    """Encode the test clip as H.264."""
    scene = cv2.GaussianBlur(rendered_scene(0), (0, 0), 25)  # a room out of focus
    with VideoSink(path, fps=30) as sink:
        for image, _ in clip(astronaut(), scene, "sway", round(30 * seconds), SIZE):
            sink.write(image)


def run(path: Path, model, case: tuple, pace: float = 0.0) -> dict:
    """One pass over the clip; pace: seconds that a frame takes at least."""
    background, filters, flow = case
    matter = choose_matter(model, background, filters, flow=flow)
    with VideoReader(path) as reader:
        frames = matte_frames(reader, matter)
        for _ in range(5):  # warm up
            next(frames)
        count, began, cpu = 0, perf_counter(), process_time()
        for _ in frames:
            count += 1
            sleep(max(0.0, began + count * pace - perf_counter()))
        wall, cpu = perf_counter() - began, process_time() - cpu
    return {"fps": round(count / wall, 1), "cpu_ms_per_frame": round(1000 * cpu / count, 2)}


def stages(path: Path, model, case: tuple) -> dict[str, float]:
    """Median milliseconds of processor time per stage; `read` decodes and converts."""
    background, filters, flow = case
    matter = choose_matter(model, background, filters, flow=flow, clock=thread_time)
    began = process_time()  # decoding has threads of its own
    with VideoReader(path) as reader:
        count = sum(1 for frame in reader if matter.prepare(frame) is None)
    rows = {"read": [1000 * (process_time() - began) / count]}
    with VideoReader(path) as reader:
        for frame in reader:
            matter.seconds.clear()
            matter.finish(matter.see_frame(frame), frame.time)
            for name, value in matter.seconds.items():
                rows.setdefault(name, []).append(1000 * value)
    return {name: round(float(np.median(values)), 2) for name, values in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="all", help="presets: all, or names with commas")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--repeat", type=int, default=3, help="the best run counts")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    parser.add_argument("--out", type=Path, default=RESULTS / "video.json")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # the stages run side by side; more threads would only get in their way
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        make_clip(path, options.seconds)
        for name in choose(options.models, preset_names(), "preset"):
            model = load_model(name, threads=options.threads)
            for case in CASES + (MORE_CASES if name == MORE else ()):
                passes = [run(path, model, case) for _ in range(options.repeat)]
                best = max(passes, key=lambda one: one["fps"])
                live = run(path, model, case, pace=1 / 30)["cpu_ms_per_frame"]
                rows.append(
                    {
                        "name": name,
                        **dict(zip(("background", "filters", "flow"), case, strict=True)),
                        **best,
                        "share_of_core_at_30": round(live * 30 / 1000, 3),
                        "stages_ms": stages(path, model, case),
                    }
                )
    result = {
        **heading(command_line("benchmarks.video", sys.argv[1:])),
        "size": f"{SIZE[1]}x{SIZE[0]}",
        "threads": options.threads,
        "rows": rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
