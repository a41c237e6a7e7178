"""Read a video frame by frame: upright, right colours, exact times, in constant memory."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds, reason
from pocketmatte.media.frames import Colour, Converter, Frame, Turn

_NO_PYAV = "video needs the package av (PyAV); install it: pip install 'pocketmatte[video]'"
_PICTURE_FORMATS = ("image2", "_pipe")


def import_av():
    """The module `av`. Raises PocketmatteError when it is not installed."""
    try:
        import av
    except ImportError:
        raise PocketmatteError(_NO_PYAV) from None
    return av


@dataclass(frozen=True)
class AudioInfo:
    """codec: name, such as "aac". rate: samples a second. channels: how many."""

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True)
class VideoInfo:
    """What a video is.

    width, height: pixels, after the rotation that the file asks for.
    fps: average frames a second. base_rate: the rate that all time stamps fit, which is higher
    than `fps` when the frame rate varies. time_base: seconds of one time-stamp tick.
    duration: seconds, or None when the file does not say. frames: how many, or None.
    codec, pixel_format: FFmpeg's names. bit_depth: bits of one sample. colour: its meaning.
    turn: the rotation that was applied. pixel_aspect: width of a pixel by its height.
    audio: the best audio track, or None.
    """

    width: int
    height: int
    fps: Fraction
    base_rate: Fraction
    time_base: Fraction
    duration: Fraction | None
    frames: int | None
    codec: str
    pixel_format: str
    bit_depth: int
    colour: Colour
    turn: Turn
    pixel_aspect: Fraction
    audio: AudioInfo | None


class VideoReader:
    """Frames of a video file, one at a time.

    >>> with VideoReader("talk.mp4", start=2, end=5) as reader:
    ...     for frame in reader:
    ...         frame.image, frame.time

    path: a video file. start, end: seconds; frames with start <= time < end are given, and
    `frame.time` counts from `start`. Iterate once.

    Raises PocketmatteError when PyAV or the file is missing, when it is no video, and, while
    reading, when the file is damaged or cut short.
    """

    def __init__(self, path: str | Path, start: float | None = None, end: float | None = None):
        self.path = Path(path)
        self.start, self.end = _checked_range(start, end)
        self._av = import_av()
        self._container = _open(self._av, self.path)
        try:
            self._stream = _video_stream(self._container, self.path)
            self._stream.thread_type = "AUTO"
            self._tick = self._stream.time_base
            self.origin = file_origin(self._container)
            if self.start:
                seek(self._container, self._stream, self.start + self.origin)
            self._pictures = self._decode()
            self._first = next(self._pictures, None)
            self._reached: Fraction | None = None
            if self._first is None:
                raise PocketmatteError(self._nothing())
            self.info = self._describe(self._first[0])
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        first, self._first = self._first, None
        if first is None:
            raise PocketmatteError(f"{self.path}: read already; open it again")
        turn = self.info.turn
        convert = Converter(self.info.colour, turn, first[0].width, first[0].height)
        yield self._frame(0, *first, convert)
        del first
        for index, (picture, time) in enumerate(self._pictures, 1):
            yield self._frame(index, picture, time, convert)

    def _frame(self, index: int, picture, time: Fraction, convert: Converter) -> Frame:
        length = picture.duration * self._tick if picture.duration else None
        return Frame(time - self.start, length, picture.pts or 0, index, picture, convert)

    def _decode(self):
        """Pairs of decoded picture and time in the file, from `start` to `end`."""
        step = 1 / (self._stream.average_rate or Fraction(25))
        time = None
        seen = False
        for picture in self._all_pictures():
            seen = True
            stamp = picture.pts if picture.pts is not None else picture.dts
            if stamp is not None:
                time = stamp * self._tick - self.origin
            else:
                time = Fraction(0) if time is None else time + step
            if self.end is not None and time >= self.end:
                return
            if time >= self.start:
                yield picture, time
        if seen and self.end is None:
            self._refuse_short(time + step)

    def _all_pictures(self):
        seen = False
        last = Fraction(0)
        try:
            for packet in self._container.demux(self._stream):
                try:
                    pictures = packet.decode()
                except self._av.error.InvalidDataError:
                    # A recording that starts in the middle has nothing to build on at first.
                    if seen:
                        raise
                    continue
                for picture in pictures:
                    seen = True
                    if picture.pts is not None:
                        last = picture.pts * self._tick - self.origin
                    yield picture
        except self._av.error.FFmpegError as error:
            keep = f"; --end {float(last):.2f} keeps what comes before" if last else ""
            raise PocketmatteError(
                f"{self.path}: damaged after {float(last):.2f} s ({_text(error)}){keep}"
            ) from error

    def _refuse_short(self, reached: Fraction) -> None:
        """A file cut short in a copy or download ends early without any decoding error."""
        if not self._stream.duration or not self._cut_can_be_seen():
            return
        length = self._stream.duration * self._tick
        if reached < length - max(1, length / 20):
            raise PocketmatteError(
                f"{self.path}: cut short, it ends at {float(reached):.2f} s of "
                f"{float(length):.2f} s; --end {float(reached):.2f} accepts that"
            )

    def _cut_can_be_seen(self) -> bool:
        return "mov" in self._container.format.name or "mp4" in self._container.format.name

    def _nothing(self) -> str:
        if self.start or self.end is not None:
            return f"{self.path}: no frame between --start and --end; check them"
        return f"{self.path}: no frame can be decoded; the file is damaged or of an unknown codec"

    def _describe(self, picture) -> VideoInfo:
        stream, container = self._stream, self._container
        turn = Turn.of(picture)
        width, height = picture.width, picture.height
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        if turn.transposed:
            width, height, aspect = height, width, 1 / aspect
        fps = stream.average_rate or stream.guessed_rate or Fraction(25)
        duration = None
        if stream.duration:
            duration = stream.duration * self._tick
        elif container.duration:
            duration = Fraction(container.duration, self._av.time_base)
        sound = audio_stream(container)
        audio = sound and AudioInfo(
            sound.codec_context.name, sound.codec_context.sample_rate, sound.codec_context.channels
        )
        return VideoInfo(
            width=width,
            height=height,
            fps=Fraction(fps),
            base_rate=Fraction(stream.base_rate or fps),
            time_base=self._tick,
            duration=duration,
            frames=stream.frames or None,
            codec=stream.codec_context.name,
            pixel_format=picture.format.name,
            bit_depth=picture.format.components[0].bits,
            colour=Colour.of(picture),
            turn=turn,
            pixel_aspect=aspect,
            audio=audio,
        )


def file_origin(container) -> Fraction:
    """Where the file's clock starts: broadcast recordings start anywhere. Seconds."""
    return Fraction(max(0, container.start_time or 0), 1_000_000)


def seek(container, stream, seconds: Fraction) -> None:
    """Go to the last key frame before a time; to the beginning when the file cannot seek."""
    from av.error import FFmpegError

    with suppress(FFmpegError):
        container.seek(int(seconds / stream.time_base), stream=stream, backward=True)


def audio_stream(container):
    """The audio track that players would take, or None."""
    with suppress(ValueError):
        found = container.streams.best("audio")
        return found if found is not None and found.codec_context is not None else None
    return None


def _checked_range(start, end) -> tuple[Fraction, Fraction | None]:
    low = Fraction(start or 0).limit_denominator(1_000_000)
    high = None if end is None else Fraction(end).limit_denominator(1_000_000)
    if low < 0 or (high is not None and high <= low):
        raise PocketmatteError("--end must lie after --start, and neither below 0")
    return low, high


def _open(av, path: Path):
    if not holds(path.is_file):
        what = "is a folder" if holds(path.is_dir) else "no such file; check the name"
        raise PocketmatteError(f"cannot read {path}: {what}")
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and not isinstance(error, ValueError):
            raise PocketmatteError(f"cannot read {path}: {reason(error)}") from error
        raise PocketmatteError(
            f"cannot read {path}: not a video, or damaged ({_text(error)})"
        ) from error
    if any(mark in container.format.name for mark in _PICTURE_FORMATS):
        container.close()
        raise PocketmatteError(f"{path} is a picture, not a video; use `pocketmatte photo`")
    return container


def _video_stream(container, path: Path):
    from av.stream import Disposition

    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise PocketmatteError(f"{path}: no video in it that can be decoded")


def _text(error) -> str:
    return (error.strerror or str(error)).lower()
