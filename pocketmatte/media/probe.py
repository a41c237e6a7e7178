"""What a picture file declares about itself, read without decoding a pixel.

A decoder trusts the size in a header and allocates it; reading that size first is what lets a
"decompression bomb" be refused. The walk over a file's parts also finds what OpenCV does not
tell the same way for every format: orientation, colour profile, and whether the end is missing.
"""

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.probe_avif import probe_avif
from pocketmatte.media.probe_tiff import exif_orientation, probe_tiff

READABLE = "PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF"
MAX_PROFILE_BYTES = 8 << 20

_ENTROPY_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


@dataclass(frozen=True)
class Header:
    """A picture's declaration.

    format: "png", "jpeg", "gif", "webp", "bmp", "tiff" or "avif".
    width, height: pixels as stored, before `orientation` is applied.
    depth: bits per channel.
    frames: 1, or 2 for "more than one".
    orientation: EXIF value, 1 to 8.
    cmyk: stored as ink, not light.
    alpha: None (as the decoder says), "straight", "premultiplied", "ignore", or "lost" when there
    is one that OpenCV cannot read.
    icc: colour profile.
    grey_key: PNG's one transparent grey value.
    first_frame_end: GIF only, where the first frame's bytes end.
    planar: TIFF only, channels stored one after the other.
    """

    format: str
    width: int
    height: int
    depth: int = 8
    frames: int = 1
    orientation: int = 1
    cmyk: bool = False
    alpha: str | None = None
    icc: bytes | None = None
    grey_key: int | None = None
    first_frame_end: int | None = None
    planar: bool = False


def probe(data: bytes, name: str = "picture") -> Header:
    """Read the header of a picture file.

    data: the whole file. name: how errors call it.
    Raises PocketmatteError when it is empty, not a picture, cut off or damaged.
    """
    reader = sniff(data, name)
    try:
        fields = reader(data)
    except (IndexError, struct.error, _CutOff):
        raise PocketmatteError(
            f"{name} is cut off: the file ends before its picture does; copy or download it again"
        ) from None
    except ValueError as error:
        raise PocketmatteError(f"{name} is damaged ({error}); copy or download it again") from None
    header = Header(**fields)
    if header.width < 1 or header.height < 1:
        raise PocketmatteError(
            f"{name} is damaged (it declares {header.width}x{header.height} pixels); "
            "copy or download it again"
        )
    if header.orientation not in range(1, 9):
        header = replace(header, orientation=1)
    return header


class _CutOff(Exception):
    pass


def sniff(data: bytes, name: str = "picture") -> Callable[[bytes], dict]:
    """Find the header reader for a file by its first bytes (at least 1024, if it has them).

    Raises PocketmatteError when they are not the beginning of a readable picture.
    """
    if not data:
        raise PocketmatteError(f"{name} is empty (0 bytes); copy or download it again")
    for magic, reader in _READERS:
        if data.startswith(magic):
            return reader
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return probe_avif
    raise PocketmatteError(f"{name} is {_guess(data)}; give one of {READABLE}")


def _guess(data: bytes) -> str:
    head = data[:1024]
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1", b"heim", b"heis", b"msf1"):
            return "a HEIC picture, which OpenCV cannot read"
        return "a video, not a picture"
    if head.startswith(b"\x1aE\xdf\xa3") or head[:4] == b"RIFF":
        return "a video or sound, not a picture"
    if head.startswith(b"%PDF"):
        return "a PDF, not a picture"
    if b"<svg" in head:
        return "an SVG drawing, not a picture of pixels"
    if head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "a JPEG XL picture, which OpenCV cannot read"
    if all(byte >= 32 or byte in b"\t\n\r\f\x1b" for byte in head):
        return "text, not a picture"
    return "not a picture that pocketmatte can read"


def _png(data: bytes) -> dict:
    fields: dict = {"format": "png"}
    colour = None
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", data, at + 8 + length)
        if kind[:1].isupper() and zlib.crc32(body, zlib.crc32(kind)) != crc:
            raise ValueError(f"checksum of its {kind.decode('latin1')} part is wrong")
        if kind == b"IHDR":
            fields["width"], fields["height"], fields["depth"], colour = struct.unpack_from(
                ">IIBB", body
            )
        elif colour is None:
            raise ValueError("it does not begin with a PNG header")
        elif kind == b"acTL" and struct.unpack_from(">I", body)[0] > 1:
            fields["frames"] = 2
        elif kind == b"eXIf":
            fields["orientation"] = exif_orientation(body)
        elif kind == b"iCCP":
            fields["icc"] = _inflate(body[body.index(b"\0") + 2 :])
        elif kind == b"tRNS" and colour == 0:
            (fields["grey_key"],) = struct.unpack_from(">H", body)
        elif kind == b"IEND":
            return fields
        at += 12 + length


def _inflate(packed: bytes) -> bytes | None:
    try:
        stream = zlib.decompressobj()
        profile = stream.decompress(packed, MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if stream.eof else None


def _jpeg(data: bytes) -> dict:
    fields: dict = {"format": "jpeg", "width": 0, "height": 0}
    profile: dict[int, bytes] = {}
    at = 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise _CutOff
        marker = data[at + 1]
        at += 2
        if marker == 0xFF:
            at -= 1
        elif marker == 0xD9:
            break
        elif marker not in (0x00, 0x01, *range(0xD0, 0xD9)):
            (length,) = struct.unpack_from(">H", data, at)
            body = data[at + 2 : at + length]
            if marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):
                depth, height, width, channels = struct.unpack_from(">BHHB", body)
                fields["depth"] = depth
                fields["width"] = max(width, fields["width"])
                fields["height"] = max(height, fields["height"])
                fields["cmyk"] = channels == 4
            elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
                fields.setdefault("orientation", exif_orientation(body[6:]))
            elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
                profile[body[12]] = body[14:]
            at += length
            if marker == 0xDA:
                end = _ENTROPY_END.search(data, at)
                if not end:
                    raise _CutOff
                at = end.start()
    if profile:
        fields["icc"] = b"".join(profile[number] for number in sorted(profile))
    return fields


def _gif(data: bytes) -> dict:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    fields = {"format": "gif", "width": width, "height": height}
    at = 13 + _gif_palette(flags)
    while at < len(data):
        kind = data[at]
        if kind == _GIF_IMAGE:
            if "first_frame_end" in fields:
                return {**fields, "frames": 2}
            at = _gif_blocks(data, at + 11 + _gif_palette(data[at + 9]))
            fields["first_frame_end"] = at
        elif kind == _GIF_EXTENSION:
            at = _gif_blocks(data, at + 2)
        else:
            break
    if "first_frame_end" not in fields:
        raise _CutOff
    return fields


def _gif_palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _webp(data: bytes) -> dict:
    fields: dict = {"format": "webp"}
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data):
        raise _CutOff
    at = 12
    while at + 8 <= size + 8:
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"VP8X":
            fields["frames"] = 2 if body[0] & 2 else 1
            fields["width"] = 1 + int.from_bytes(body[4:7], "little")
            fields["height"] = 1 + int.from_bytes(body[7:10], "little")
        elif kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 6)
            fields.setdefault("width", width & 0x3FFF)
            fields.setdefault("height", height & 0x3FFF)
        elif kind == b"VP8L":
            (bits,) = struct.unpack_from("<I", body, 1)
            fields.setdefault("width", 1 + (bits & 0x3FFF))
            fields.setdefault("height", 1 + (bits >> 14 & 0x3FFF))
        elif kind == b"ICCP":
            fields["icc"] = body
        elif kind == b"EXIF":
            fields["orientation"] = exif_orientation(body.removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    if "width" not in fields:
        raise ValueError("it holds no picture")
    return fields


def _bmp(data: bytes) -> dict:
    offset, size = struct.unpack_from("<II", data, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packed = 0
    else:
        width, height, _, bits, packed = struct.unpack_from("<iiHHI", data, 18)
    row = (abs(width) * bits + 31) // 32 * 4
    if packed in (0, 3, 6) and offset + row * abs(height) > len(data):
        raise _CutOff
    return {"format": "bmp", "width": abs(width), "height": abs(height)}


_READERS = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"BM", _bmp),
    (b"II*\0", probe_tiff),
    (b"MM\0*", probe_tiff),
    (b"II+\0", probe_tiff),
    (b"MM\0+", probe_tiff),
)
