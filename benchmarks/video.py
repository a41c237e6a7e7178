"""The whole video pipeline, file to null: frames a second, and milliseconds per stage.

    python -m benchmarks.video [--model balanced] [--seconds 5] [--out FILE]

A 1280x720 clip is rendered and encoded first (a person who moves before a busy background). Then
it is read, matted and composed on a colour, and the result dropped. `fps` uses all cores as the
library does by default; `share_of_core_at_30` is the processor time per frame against 1/30 s.
"""

import argparse
import json
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np

from benchmarks.clips import astronaut, clip, rendered_scene
from pocketmatte.matting.pipeline import load_model
from pocketmatte.media.video import matte_frames
from pocketmatte.media.video_matter import VideoMatter
from pocketmatte.media.video_reader import VideoReader
from pocketmatte.media.video_sink import VideoSink

RESULTS = Path(__file__).parent / "results"
SIZE = (720, 1280)


def make_clip(path: Path, seconds: float) -> None:
    """Encode the test clip as H.264."""
    scene = cv2.GaussianBlur(rendered_scene(0), (0, 0), 25)  # a room out of focus
    with VideoSink(path, fps=30) as sink:
        for image, _ in clip(astronaut(), scene, "sway", round(30 * seconds), SIZE):
            sink.write(image)


def run(path: Path, model, background, filters: str, output: Path | None = None) -> dict:
    """One pass over the clip."""
    matter = VideoMatter(model, background, filters)
    with VideoReader(path) as reader:
        frames = matte_frames(reader, matter)
        for _ in range(5):  # warm up
            next(frames)
        matter.seconds.clear()
        count, began, cpu = 0, perf_counter(), process_time()
        for _ in frames:
            count += 1
        wall, cpu = perf_counter() - began, process_time() - cpu
    stages = {name: round(1000 * value / count, 2) for name, value in matter.seconds.items()}
    return {
        "background": background,
        "filters": filters,
        "fps": round(count / wall, 1),
        "cpu_ms_per_frame": round(1000 * cpu / count, 2),
        "share_of_core_at_30": round(cpu / count * 30, 3),
        "stages_ms": stages,
    }


def decode(path: Path) -> float:
    """Milliseconds of processor time to read and convert a frame."""
    began, count = process_time(), 0
    with VideoReader(path) as reader:
        for frame in reader:
            count += frame.image.shape[2] // 3
    return round(1000 * (process_time() - began) / count, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--repeat", type=int, default=3, help="the best run counts")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    parser.add_argument("--out", type=Path, default=RESULTS / "video.json")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # the stages run side by side; more threads would only get in their way
    model = load_model(options.model, threads=options.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        make_clip(path, options.seconds)
        runs = []
        for background, filters in (
            ("teal", ""),
            ("blur", ""),
            ("teal", "smooth_step"),
            ("teal", "color_transfer"),
        ):
            passes = [run(path, model, background, filters) for _ in range(options.repeat)]
            runs.append(max(passes, key=lambda one: one["fps"]))
        result = {
            "model": options.model,
            "size": f"{SIZE[1]}x{SIZE[0]}",
            "grid": list(model.coarse(np.zeros((*SIZE, 3), np.uint8))[0].shape),
            "read_cpu_ms": min(decode(path) for _ in range(options.repeat)),
            "runs": runs,
        }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
