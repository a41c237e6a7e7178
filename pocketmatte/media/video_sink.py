"""Write a video frame by frame: H.264, VP9 and ProRes with transparency, or PNG files."""

from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.planes import Planes
from pocketmatte.media.atomic import holds, reason, whole_file
from pocketmatte.media.png_folder import PngFolder
from pocketmatte.media.video_formats import VideoFormat, format_for
from pocketmatte.media.video_reader import VideoReader, import_av

_BT709 = 1
_LIMITED, _FULL = 1, 2
_UNKNOWN = 2
_CLOCK = 90_000


class VideoSink:
    """A video file that grows frame by frame, and appears under its name when it is complete.

    >>> with VideoReader("talk.mp4") as reader, VideoSink("new.mp4", like=reader) as sink:
    ...     for frame in reader:
    ...         sink.write(change(frame.image), frame.time)

    path: .mp4 (H.264), .webm (VP9), .mov (ProRes 4444), .mkv (H.264), or a folder that is not
    there yet (PNG files). WebM, mov and PNG keep the transparency of RGBA images.
    fps: frames a second; used when `write` gets no time.
    like: a reader whose rate, time stamps, pixel shape and audio are taken over. audio: False
    leaves the audio out.
    crf: quality of H.264 and VP9, lower is better and larger; None takes a good one.

    Leaving the block finishes the file, also by Ctrl-C: it is playable up to there. Leaving it by
    any other exception leaves nothing.
    Raises PocketmatteError when the file cannot be written or PyAV lacks the encoder.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float | Fraction | None = None,
        like: VideoReader | None = None,
        audio: bool = True,
        crf: int | None = None,
        format: str | None = None,
    ):
        self.path = Path(path)
        self.format = format_for(path, format)
        self.frames = 0
        self._like, self._with_audio, self._crf = like, audio and like is not None, crf
        rate = fps or (like.info.fps if like else 30)
        self._fps = Fraction(rate).limit_denominator(100_000)
        self._stack = ExitStack()
        self._out: PngFolder | _Container | None = None
        _refuse_same_file(self.path, like)
        if self.format.container:
            _need_encoder(self.format)
            self._temporary = self._stack.enter_context(whole_file(self.path))
            _try_to_write(self._temporary, self.path)
        else:
            self._temporary = self._stack.enter_context(PngFolder.whole(self.path))

    def write(
        self,
        image: np.ndarray | Planes,
        time: Fraction | float | None = None,
        duration: Fraction | float | None = None,
    ) -> None:
        """Add a frame.

        image: RGB or RGBA uint8, HWC, or planes; all of the first one's shape.
        time: when it is shown, seconds; later than the one before. None: one frame later.
        duration: how long it is shown, seconds; matters for the last frame only.
        Raises PocketmatteError when the format has no transparency for an RGBA image, when the
        shape changes, or when the disk is full.
        """
        if isinstance(image, Planes):
            if self.format.container is None:
                image = image.rgb()
        elif image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4):
            raise PocketmatteError(
                f"a frame must be RGB or RGBA uint8, HWC, not {image.dtype} {image.shape}"
            )
        if self._out is None:
            self._open(image.shape)
        if image.shape != self._shape:
            raise PocketmatteError(
                f"{self.path}: frame {self.frames} is {image.shape}, the first was {self._shape}"
            )
        shown = self.frames / self._fps if time is None else Fraction(time)
        self._out.write(image, shown, duration)
        self.frames += 1

    def close(self) -> None:
        """Finish the file. Raises PocketmatteError when no frame was written."""
        self.__exit__(None, None, None)

    def __enter__(self) -> "VideoSink":
        return self

    def __exit__(self, kind, error, trace) -> None:
        stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
        try:
            if kind is None and not self.frames:
                raise PocketmatteError(f"cannot write {self.path}: no frame was given")
            if self.frames and (kind is None or stopped):
                self._out.finish(stopped)
                self._stack.close()
                return
        except BaseException as problem:
            self._discard(problem)
            raise
        self._discard(error)

    def _discard(self, error) -> None:
        if self._out is not None:
            self._out.abort()
        with suppress(BaseException):
            self._stack.__exit__(type(error), error, error.__traceback__)

    def _open(self, shape) -> None:
        has_alpha = shape[2:] == (4,)
        if has_alpha and self.format.pixels_alpha is None:
            raise PocketmatteError(
                f"cannot write {self.path}: {self.format.name} has no transparency; "
                "use .webm, .mov or a folder, or give a background"
            )
        self._shape = shape
        if self.format.container is None:
            self._out = PngFolder(self._temporary)
        else:
            self._out = _Container(self, has_alpha)


class _Container:
    """The encoder and the file behind a `VideoSink`."""

    def __init__(self, sink: VideoSink, has_alpha: bool):
        self._av = import_av()
        self._path, self._fps = sink.path, sink._fps
        format, like, shape = sink.format, sink._like, sink._shape
        self._pixels = format.pixels_alpha if has_alpha else format.pixels
        self._source_pixels = "rgba" if has_alpha else "rgb24"
        height, width = shape[:2]
        self._pad = (height % 2, width % 2) if format.even else (0, 0)
        self._reformat = self._av.video.reformatter.VideoReformatter().reformat
        self._last = None
        self._audio = None
        self._file = self._av.open(
            str(sink._temporary), "w", format=format.container, options=format.container_options
        )
        try:
            options = dict(format.options)
            if sink._crf is not None and format.constant_quality:
                options["crf"] = str(sink._crf)
            self._stream = self._file.add_stream(format.codec, rate=self._fps, options=options)
            context = self._context = self._stream.codec_context
            context.width, context.height = width + self._pad[1], height + self._pad[0]
            context.pix_fmt = self._pixels
            context.time_base = like.info.time_base if like else Fraction(1, _CLOCK)
            context.thread_type = "AUTO"
            colour = like.info.colour if like else None
            context.colorspace, context.color_range = _BT709, _LIMITED
            context.color_primaries = _known(colour and colour.primaries)
            context.color_trc = _known(colour and colour.transfer)
            if like and like.info.pixel_aspect != 1:
                context.sample_aspect_ratio = like.info.pixel_aspect
            if has_alpha and format.container == "webm":
                self._stream.metadata["alpha_mode"] = "1"
            self._tick = context.time_base
            if sink._with_audio:
                from pocketmatte.media.video_audio import AudioTrack

                self._audio = AudioTrack.open(like.path, self._file, format, like.start, like.end)
        except self._av.error.FFmpegError as error:
            self.abort()
            raise self._problem(error) from error

    def write(self, image: np.ndarray | Planes, time: Fraction, duration: Fraction | None) -> None:
        picture = self._encodable(image)
        stamp = round(time / self._tick)
        if self._last is not None:
            stamp = max(stamp, self._last + 1)
        self._last = stamp
        picture.pts, picture.time_base = stamp, self._tick
        self._length = max(1, round((duration or 1 / self._fps) / self._tick))
        picture.color_primaries = self._context.color_primaries
        picture.color_trc = self._context.color_trc
        try:
            self._mux(self._context.encode(picture))
            if self._audio:
                self._audio.pump(stamp * self._tick)
        except self._av.error.FFmpegError as error:
            raise self._problem(error) from error

    def _encodable(self, image: np.ndarray | Planes):
        """An `av.VideoFrame` in the encoder's pixel format."""
        if isinstance(image, Planes):
            picture = self._av.VideoFrame(self._context.width, self._context.height, "yuv420p")
            planes = Planes(self._padded(image.y), image.u, image.v)
            for target, source in zip(picture.planes, planes, strict=True):
                rows = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
                rows[: target.height, : target.width] = source
            options = {"src_colorspace": _BT709, "src_color_range": _LIMITED}
        else:
            picture = self._av.VideoFrame.from_ndarray(
                self._padded(image), format=self._source_pixels
            )
            options = {"src_color_range": _FULL}
        to = {"dst_colorspace": _BT709, "dst_color_range": _LIMITED, "format": self._pixels}
        return self._reformat(picture, threads=1, **options, **to)

    def _padded(self, image: np.ndarray) -> np.ndarray:
        if not any(self._pad):
            return image
        return cv2.copyMakeBorder(image, 0, self._pad[0], 0, self._pad[1], cv2.BORDER_REPLICATE)

    def _mux(self, packets) -> None:
        for packet in packets:
            packet.duration = self._length  # the file's length ends with the last one's
            self._file.mux(packet)

    def finish(self, stopped: bool) -> None:
        try:
            self._mux(self._context.encode(None))
            if self._audio:
                end = (self._last + self._length) * self._tick
                self._audio.pump(end if stopped else None)
                self._audio.close()
            self._file.close()
        except self._av.error.FFmpegError as error:
            raise self._problem(error) from error

    def abort(self) -> None:
        with suppress(Exception):
            if self._audio:
                self._audio.close()
        with suppress(Exception):
            self._file.close()

    def _problem(self, error) -> PocketmatteError:
        why = reason(error) if isinstance(error, OSError) else str(error.strerror or error).lower()
        return PocketmatteError(f"cannot write {self._path}: {why}")


def _known(code: int | None) -> int:
    return _BT709 if code in (None, 0, _UNKNOWN) else code


def _need_encoder(format: VideoFormat) -> None:
    av = import_av()
    try:
        av.codec.Codec(format.codec, "w")
    except ValueError:
        raise PocketmatteError(
            f"this build of PyAV has no encoder {format.codec} for {format.name}; "
            "use the wheels from PyPI (pip install --force-reinstall av), or another format"
        ) from None


def _try_to_write(temporary: Path, target: Path) -> None:
    try:
        temporary.touch()
    except OSError as error:
        raise PocketmatteError(f"cannot write {target}: {reason(error)}") from error


def _refuse_same_file(path: Path, like: VideoReader | None) -> None:
    if like is not None and holds(path.exists) and path.resolve() == like.path.resolve():
        raise PocketmatteError(f"cannot write {path}: it is the input; give another -o")
