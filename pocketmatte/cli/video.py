"""`pocketmatte video`: replace the background of a video."""

from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.cli._options import Device, Model, Threads
from pocketmatte.errors import PocketmatteError

_EXIT_STOPPED = 130


def video(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="A video file.")],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help=".mp4 (H.264), .mkv, .webm (VP9), .mov (ProRes 4444), or a new folder for PNG "
            "files. Transparent: .webm, .mov and folders. Without it talk.mp4 becomes "
            "talk.cutout.webm, or talk.composite.mp4 when there is a background.",
        ),
    ] = None,
    model: Model = "balanced",
    background: Annotated[
        str,
        typer.Option(
            metavar="COLOUR|IMAGE|VIDEO|blur[:RADIUS]|none",
            help="What to put behind the person: teal, #00b140, beach.jpg, waves.mp4 (looped), "
            "blur, blur:20 (pixels), or none for a transparent video.",
        ),
    ] = "none",
    filter: Annotated[
        str,
        typer.Option(
            metavar="NAME,...", help="Filters, such as color_transfer,light_wrap:strength=0.5."
        ),
    ] = "",
    smooth: Annotated[
        float,
        typer.Option(metavar="0-0.95", min=0, max=0.95, help="Strength against flicker; 0 is off."),
    ] = 0.85,
    flow: Annotated[
        bool, typer.Option("--flow/--no-flow", help="Steady what moves too, by optical flow.")
    ] = True,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin here: 12.5 or 1:02:03.5.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="End before this.")] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the audio out.")] = False,
    crf: Annotated[
        int | None,
        typer.Option(
            metavar="0-63",
            min=0,
            max=63,
            help="H.264 and VP9: lower is better and larger. Default 20 and 28.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(metavar="mp4|mkv|webm|mov|png", help="Format, when OUT does not tell."),
    ] = None,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Replace the background of a video.

    Frame times, rotation and audio are kept. Ctrl-C keeps what is done so far.
    """
    from pocketmatte.media.video_background import parse_moving_background
    from pocketmatte.media.video_formats import format_for
    from pocketmatte.media.video_reader import VideoReader

    scene = parse_moving_background(background)
    first, last = _seconds(start, "--start"), _seconds(end, "--end")
    target = output or _beside(source, scene is None, format)
    format_for(target, format)
    with VideoReader(source, first, last) as reader:
        info = reader.info
    if info.colour.hdr:
        _say(f"note: {source} is HDR; it is written in 8 bits with its own colour tags")

    from pocketmatte.matting.pipeline import load_model
    from pocketmatte.media.video import matte_video

    length = (last or float(info.duration or 0)) - (first or 0)
    with _progress(length) as progress:
        result = matte_video(
            source,
            target,
            load_model(model, device=device, threads=threads),
            background=scene,
            filters=filter,
            smooth=smooth,
            flow=flow,
            start=first,
            end=last,
            audio=not no_audio,
            crf=crf,
            format=format,
            progress=progress,
        )
    rate = result.frames / result.seconds
    word = "stopped: " if result.stopped else ""
    _say(
        f"{word}{source} -> {result.path}  ({result.frames} frames, {result.seconds:.1f} s, "
        f"{rate:.1f} fps)"
    )
    if result.stopped:
        raise typer.Exit(_EXIT_STOPPED)


def _beside(source: str, transparent: bool, format: str | None) -> Path:
    mark = "cutout" if transparent else "composite"
    suffix = format or ("webm" if transparent else "mp4")
    path = Path(source)
    stem = f"{path.stem}.{mark}"
    return path.with_name(stem if suffix == "png" else f"{stem}.{suffix}")


def _seconds(text: str | None, option: str) -> float | None:
    """Read 12.5, 1:02.5 or 1:02:03.5."""
    if text is None:
        return None
    try:
        parts = [float(part) for part in text.split(":")]
        if len(parts) > 3 or min(parts) < 0 or max(parts) == float("inf"):
            raise ValueError
    except ValueError:
        raise PocketmatteError(
            f"{option} {text!r} is no time; write seconds (12.5) or 1:02:03.5"
        ) from None
    total = 0.0
    for part in parts:
        total = total * 60 + part
    return total


class _progress:
    """A bar with fps and remaining time on a terminal; nothing elsewhere."""

    def __init__(self, length: float):
        self._length = max(length, 0.0)
        self._bar = None

    def __enter__(self):
        if not typer.get_text_stream("stderr").isatty():
            return None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._bar = Progress(
            TextColumn("video"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            Remaining(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("video", total=self._length or None, rate="")
        self._bar.start()
        return self._advance

    def _advance(self, frames: int, time) -> None:
        elapsed = self._bar.tasks[0].elapsed or 0
        rate = f"{frames / elapsed:.1f} fps" if elapsed else ""
        self._bar.update(self._task, completed=min(float(time), self._length), rate=rate)

    def __exit__(self, *_) -> None:
        if self._bar:
            self._bar.stop()


def _say(text: str) -> None:
    typer.echo(text, err=True)
