"""Photos: read any everyday file as upright RGB pixels, write a cut-out."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import reason, whole_file
from pocketmatte.media.icc import embed_profile, is_rgb
from pocketmatte.media.probe import Header, probe, sniff

MAX_PIXELS = 178_000_000
FORMATS = ("png", "webp", "jpg")
SUFFIXES = {".png": "png", ".webp": "webp", ".jpg": "jpg", ".jpeg": "jpg"}
_DEFAULT_QUALITY = 92
_SNIFF_BYTES = 4096
_RIM = 9
_LONGEST_SIDE = {"png": 1_000_000, "webp": 16_383, "jpg": 65_500}

_UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@dataclass
class Photo:
    """A photo, upright.

    image: RGB uint8, HWC.
    alpha: the file's own transparency, float32 [0, 1], HW; None when it is opaque.
    deep: the same pixels as RGB uint16, HWC, when the file has more than 8 bits per channel.
    icc: the colour profile that `image` is in; None when the file has none for RGB.
    name: how messages call it.
    notices: what the user should know about how it was read, one line each.
    """

    image: np.ndarray
    alpha: np.ndarray | None = None
    deep: np.ndarray | None = None
    icc: bytes | None = None
    name: str = "photo"
    notices: list[str] = field(default_factory=list)


def read_photo(
    source: str | Path | bytes | BinaryIO,
    max_pixels: int = MAX_PIXELS,
    name: str | None = None,
) -> Photo:
    """Read a PNG, JPEG, GIF, WebP, BMP, TIFF or AVIF picture.

    EXIF orientation is applied, so `image` is upright. Grey, palette and CMYK become RGB; the
    first frame of an animation is taken. The colour profile is kept, pixels are not converted.

    source: path, the file's bytes, or an open binary file.
    max_pixels: a picture that declares more is refused before anything is decoded.
    name: how messages call it (default: the path).
    Raises PocketmatteError when the file is missing, not a picture, cut off, damaged or too large.
    """
    data, name = _load(source, name)
    header = probe(data, name)
    if header.width * header.height > max_pixels:
        raise PocketmatteError(
            f"{name} declares {header.width}x{header.height} pixels, more than the limit of "
            f"{max_pixels}; make it smaller or raise the limit (--max-pixels)"
        )
    pixels = _decode(data, header, name)
    upright = _UPRIGHT[1 if header.format == "tiff" else header.orientation]
    image, alpha = _split(np.ascontiguousarray(upright(pixels)), header)
    deep = None
    if image.dtype == np.uint16:
        deep = image
        image = cv2.convertScaleAbs(deep, alpha=1 / 257)
    icc = header.icc if header.icc and is_rgb(header.icc) and not header.cmyk else None
    return Photo(image, alpha, deep, icc, name, _notices(header, icc, name))


def write_photo(
    target: str | Path | BinaryIO,
    image: np.ndarray,
    alpha: np.ndarray | None = None,
    icc: bytes | None = None,
    format: str | None = None,
    quality: int | None = None,
) -> None:
    """Write a picture, whole or not at all.

    target: path, or an open binary file such as standard output.
    image: RGB or grey, uint8 or uint16 (PNG keeps all 16 bits), HWC or HW.
    alpha: float32 [0, 1], HW; JPG has no transparency and is put on white.
    format: "png", "webp" or "jpg" (default: by the target's suffix).
    quality: 1 to 100, for webp (100 is lossless) and jpg; default 92.
    Raises PocketmatteError when it cannot be encoded or written.
    """
    is_path = isinstance(target, (str, Path))
    if format is None:
        format = format_of(target) if is_path else "png"
    data = encode_photo(image, alpha, icc, format, quality)
    if is_path:
        with whole_file(target) as path:
            path.write_bytes(data)
        return
    try:
        view = memoryview(data)
        while view:
            view = view[target.write(view) :]
        target.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PocketmatteError(f"cannot write to standard output: {reason(error)}") from error


def format_of(path: str | Path) -> str:
    """The output format that a file name asks for: "png", "webp" or "jpg".

    Raises PocketmatteError for any other suffix.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise PocketmatteError(
            f"cannot write {path}: unknown format {suffix or 'without suffix'}; "
            "use .png, .webp or .jpg"
        )
    return SUFFIXES[suffix]


def encode_photo(
    image: np.ndarray,
    alpha: np.ndarray | None = None,
    icc: bytes | None = None,
    format: str = "png",
    quality: int | None = None,
) -> bytes:
    """Encode a picture; arguments as for `write_photo`.

    Colours where alpha is zero are erased, but for a rim of a few pixels (so that a later resize
    does not darken the edge): the old background does not hide in transparent pixels.
    """
    if format not in FORMATS:
        raise PocketmatteError(f"unknown format {format!r}; use png, webp or jpg")
    height, width = image.shape[:2]
    if max(height, width) > _LONGEST_SIDE[format]:
        raise PocketmatteError(
            f"{width}x{height} is too large for {format} (longest side {_LONGEST_SIDE[format]}); "
            "use png"
        )
    if format != "png" and image.dtype == np.uint16:
        image = cv2.convertScaleAbs(image, alpha=1 / 257)
    if alpha is not None and format == "jpg":
        image, alpha = _on_white(image, alpha), None
    if alpha is not None:
        pixels = _with_alpha(image, alpha)
    else:
        pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    quality = _DEFAULT_QUALITY if quality is None else quality
    options = {
        "png": [],
        "webp": [cv2.IMWRITE_WEBP_QUALITY, 101 if quality >= 100 else quality],
        "jpg": [cv2.IMWRITE_JPEG_QUALITY, quality],
    }[format]
    try:
        done, data = cv2.imencode(f".{format}", pixels, options)
    except cv2.error:
        done = False
    if not done:
        raise PocketmatteError(f"cannot encode {width}x{height} pixels as {format}; try png")
    return embed_profile(data.tobytes(), icc, format) if icc else data.tobytes()


def to_levels(alpha: np.ndarray, dtype=np.uint8) -> np.ndarray:
    """Alpha, float32 [0, 1], HW, as levels from 0 to 255 (uint8) or to 65535 (uint16)."""
    alpha = np.ascontiguousarray(alpha, np.float32)
    if dtype == np.uint16:
        return np.rint(np.clip(alpha, 0, 1) * np.float32(65535)).astype(np.uint16)
    return cv2.convertScaleAbs(np.maximum(alpha, 0), alpha=255)


def _load(source, name: str | None) -> tuple[bytes, str]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), name or "picture"
    is_path = isinstance(source, (str, Path))
    name = name or str(source if is_path else getattr(source, "name", "picture"))
    try:
        if not is_path:
            return source.read(), name
        with Path(source).open("rb") as file:
            head = file.read(_SNIFF_BYTES)
            sniff(head, name)
            return head + file.read(), name
    except FileNotFoundError:
        raise PocketmatteError(f"{name} does not exist; check the name") from None
    except IsADirectoryError:
        if not os.access(source, os.R_OK | os.X_OK):
            raise PocketmatteError(f"cannot read folder {name}: permission denied") from None
        raise PocketmatteError(f"{name} is a folder; give a picture") from None
    except OSError as error:
        raise PocketmatteError(f"cannot read {name}: {reason(error)}") from error


def _decode(data: bytes, header: Header, name: str) -> np.ndarray:
    if header.planar and header.depth > 8:
        raise PocketmatteError(
            f"{name} is a {header.depth}-bit TIFF with separate colour planes, which OpenCV "
            "misreads; save it with interleaved colours"
        )
    if header.first_frame_end:
        data = data[: header.first_frame_end] + b";"
    flags = cv2.IMREAD_COLOR if header.cmyk else cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise PocketmatteError(
            f"{name} cannot be decoded: damaged, or a rare kind of {header.format}; "
            "open it in an editor and save it again"
        )
    if pixels.dtype not in (np.uint8, np.uint16):
        raise PocketmatteError(
            f"{name} holds {pixels.dtype} pixels; save it with 8 or 16 bits per channel"
        )
    return pixels


def _split(pixels: np.ndarray, header: Header) -> tuple[np.ndarray, np.ndarray | None]:
    """Decoded pixels to RGB and alpha (None when opaque)."""
    top = 65535 if pixels.dtype == np.uint16 else 255
    if header.format == "avif" and top == 65535:
        pixels = (pixels.astype(np.uint32) * top // ((1 << header.depth) - 1)).astype(np.uint16)
    alpha = None
    if pixels.ndim == 2:
        if header.grey_key is not None:
            alpha = pixels != header.grey_key * top // ((1 << header.depth) - 1)
        image = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    else:
        code = cv2.COLOR_BGRA2RGB if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
        image = cv2.cvtColor(pixels, code)
        if pixels.shape[2] == 4 and header.alpha != "ignore":
            alpha = pixels[..., 3]
            if header.alpha == "premultiplied":
                image = _straight(image, alpha, top)
            # A 32-bit BMP mostly leaves its fourth byte at zero: unused, not transparent.
            if header.format == "bmp" and not alpha.any():
                alpha = None
    if alpha is None or alpha.min() == (1 if alpha.dtype == bool else top):
        return image, None
    scale = 1 if alpha.dtype == bool else top
    return image, alpha.astype(np.float32) / scale


def _straight(image: np.ndarray, alpha: np.ndarray, top: int) -> np.ndarray:
    colour = image.astype(np.float32) * (top / np.maximum(alpha, 1).astype(np.float32))[..., None]
    return np.minimum(np.rint(colour), top).astype(image.dtype)


def _notices(header: Header, icc: bytes | None, name: str) -> list[str]:
    notices = []
    if header.frames > 1:
        what = "page" if header.format == "tiff" else "frame"
        notices.append(f"{name} has more than one {what}: only the first is used")
    if header.alpha == "lost":
        notices.append(f"{name}: the transparency of a grey TIFF cannot be read and is left out")
    if header.icc and not icc:
        notices.append(f"{name}: its colour profile is not for RGB and was dropped")
    return notices


def _on_white(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    weight = alpha if image.ndim == 2 else alpha[..., None]
    return np.rint(255 + (image.astype(np.float32) - 255) * weight).astype(np.uint8)


def _with_alpha(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """RGB and alpha to BGRA, colours erased where nothing of them can show."""
    level = to_levels(alpha, image.dtype)
    pixels = cv2.cvtColor(image, cv2.COLOR_GRAY2BGRA if image.ndim == 2 else cv2.COLOR_RGB2BGRA)
    rim = cv2.dilate((level > 0).view(np.uint8), np.ones((_RIM, _RIM), np.uint8))
    kept = cv2.copyTo(pixels, rim, np.zeros_like(pixels))
    cv2.insertChannel(level, kept, 3)
    return kept
