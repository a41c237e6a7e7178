"""The kinds of video that can be written: one row each."""

from dataclasses import dataclass, field
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds


@dataclass(frozen=True)
class VideoFormat:
    """How one kind of output is encoded.

    name: for messages. container: FFmpeg's muxer; None for a folder of PNG files.
    codec: FFmpeg's encoder. pixels: its pixel format; pixels_alpha: the one with transparency,
    or None when it has none. options, container_options: for encoder and muxer.
    even: width and height must be even. copies: audio codecs that go in as they are (None: all).
    audio: encoder for the others.
    """

    name: str
    container: str | None
    codec: str = ""
    pixels: str = ""
    pixels_alpha: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    even: bool = False
    copies: frozenset[str] | None = frozenset()
    audio: str = "aac"
    constant_quality: bool = True


_H264 = {"preset": "veryfast", "crf": "20"}
_VP9 = {
    "deadline": "realtime",
    "cpu-used": "6",
    "row-mt": "1",
    "crf": "28",
    "b": "0",
    "auto-alt-ref": "0",
}
_MP4_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus"})

FORMATS = {
    "mp4": VideoFormat(
        "H.264 in mp4",
        "mp4",
        "libx264",
        "yuv420p",
        options=_H264,
        container_options={"movflags": "+faststart"},
        even=True,
        copies=_MP4_AUDIO,
    ),
    "mkv": VideoFormat(
        "H.264 in mkv", "matroska", "libx264", "yuv420p", options=_H264, even=True, copies=None
    ),
    "webm": VideoFormat(
        "VP9 in WebM",
        "webm",
        "libvpx-vp9",
        "yuv420p",
        "yuva420p",
        options=_VP9,
        copies=frozenset({"opus", "vorbis"}),
        audio="libopus",
    ),
    "mov": VideoFormat(
        "ProRes 4444 in mov",
        "mov",
        "prores_ks",
        "yuv444p10le",
        "yuva444p10le",
        options={"profile": "4444", "vendor": "apl0"},
        copies=_MP4_AUDIO - {"opus"} | {"pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_f32le"},
        constant_quality=False,
    ),
    "png": VideoFormat("PNG files", None, pixels_alpha="rgba", constant_quality=False),
}


def format_for(path: str | Path, format: str | None = None) -> VideoFormat:
    """The format that a file name asks for, or the one named.

    A name without suffix, or one that ends in a slash, is a folder of PNG files.
    Raises PocketmatteError when it is none of `FORMATS`.
    """
    path = Path(path)
    suffix = path.suffix.lower().lstrip(".")
    name = format or ("png" if not suffix or holds(path.is_dir) else suffix)
    known = FORMATS.get(name.lower())
    if known is None:
        raise PocketmatteError(
            f"cannot write {path}: unknown video format {name!r}; use .mp4, .webm, .mov or .mkv, "
            "or a folder's name for PNG files"
        )
    if format and suffix in FORMATS and suffix != name.lower():
        raise PocketmatteError(f"{path} is not a {name} name; drop --format or rename it")
    if suffix == "png":
        raise PocketmatteError(
            f"cannot write {path}: PNG files go into a folder; give its name without .png"
        )
    return known
