"""Replace the background of a video."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from time import perf_counter

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.pipeline import Model, load_model
from pocketmatte.media.frames import Frame
from pocketmatte.media.plane_matter import MattedPlanes, PlaneMatter
from pocketmatte.media.side_by_side import Behind, ahead
from pocketmatte.media.video_formats import format_for
from pocketmatte.media.video_matter import MattedFrame, VideoMatter
from pocketmatte.media.video_reader import VideoReader
from pocketmatte.media.video_sink import VideoSink

Matter = VideoMatter | PlaneMatter


@dataclass(frozen=True)
class VideoResult:
    """What became of a video.

    path: what was written. frames: how many. seconds: how long it took.
    stopped: Ctrl-C ended it early; the file is good up to there.
    stages: seconds spent per stage of the work; reading and writing run beside it.
    """

    path: Path
    frames: int
    seconds: float
    stopped: bool = False
    stages: dict[str, float] = field(default_factory=dict)


def matte_video(
    source: str | Path,
    output: str | Path,
    model: Callable | str | Path = "balanced",
    background="none",
    filters: str = "",
    smooth: float = 0.85,
    flow: bool = True,
    start: float | None = None,
    end: float | None = None,
    audio: bool = True,
    crf: int | None = None,
    format: str | None = None,
    progress: Callable[[int, Fraction], None] | None = None,
) -> VideoResult:
    """Cut the person out of a video, and put a background behind.

    Frame times, rotation, pixel shape and audio of the source are kept. Memory does not grow with
    the video's length.

    source: a video file. output: see `VideoSink`; "none" as background needs a format with
    transparency. model: a loaded model or the name of one. background: colour, picture, video
    (looped), "blur", "blur:20" or "none". filters: a chain such as "color_transfer,light_wrap".
    smooth: strength of the temporal filter against flicker, 0 to below 1. flow: steady what moves
    as well. start, end: seconds of the source to take.
    audio: carry the audio over. crf, format: as for `VideoSink`.
    progress: called with the number of frames and the time reached, in seconds.

    Ctrl-C finishes the file with what is there. Raises PocketmatteError when the source cannot be
    read to its end or the output cannot be written; then nothing is left behind.
    """
    if isinstance(model, str | Path):
        model = load_model(model)
    began = perf_counter()
    planes = format_for(output, format).pixels == "yuv420p"
    matter = choose_matter(model, background, filters, smooth, flow, planes)
    sink = None
    stopped = False
    try:
        with (
            VideoReader(source, start, end) as reader,
            VideoSink(output, like=reader, audio=audio, crf=crf, format=format) as sink,
        ):
            _check_transparency(sink, matter)
            with Behind(sink.write) as write, closing(matte_frames(reader, matter)) as frames:
                for frame, matted in frames:
                    write(matted.composite, frame.time, frame.duration)
                    if progress:
                        progress(matter.frames, frame.time)
    except KeyboardInterrupt:
        if sink is None or not sink.frames:
            raise
        stopped = True
    return VideoResult(
        Path(output), sink.frames, perf_counter() - began, stopped, dict(matter.seconds)
    )


def choose_matter(
    model: Callable,
    background="none",
    filters: str = "",
    smooth: float = 0.85,
    flow: bool = True,
    planes: bool = True,
    clock: Callable[[], float] = perf_counter,
) -> Matter:
    """The quickest way that gives what is asked for.

    planes: whether the composites may be `Planes`; otherwise they are arrays. The others: see
    `VideoMatter`.
    """
    matter = VideoMatter(model, background, filters, smooth, flow, clock)
    if planes and isinstance(model, Model) and matter.background is not None and not filters:
        return PlaneMatter(model, matter.background, smooth, flow, clock)
    return matter


def matte_frames(
    reader: VideoReader, matter: Matter
) -> Iterator[tuple[Frame, MattedFrame | MattedPlanes]]:
    """Matte the frames of a reader one by one.

    Reading, the network, and the work at full size run side by side.
    """
    with (
        closing(ahead(_prepared(reader, matter))) as frames,
        closing(ahead((frame, matter.see_frame(frame)) for frame in frames)) as seen,
    ):
        for frame, one in seen:
            yield frame, matter.finish(one, frame.time)


def _prepared(reader: VideoReader, matter: Matter) -> Iterator[Frame]:
    for frame in reader:
        matter.prepare(frame)
        yield frame


def _check_transparency(sink: VideoSink, matter: Matter) -> None:
    if matter.background is None and sink.format.pixels_alpha is None:
        raise PocketmatteError(
            f"cannot write {sink.path}: {sink.format.name} has no transparency; use .webm, .mov "
            "or a folder, or give a background (a green screen: --background '#00b140')"
        )
