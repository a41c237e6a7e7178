"""Put a colour profile into an encoded PNG, JPEG or WebP file.

OpenCV writes profiles only in its newest versions; each format needs a few lines.
"""

import struct
import zlib

_JPEG_PART = 65519


def embed_profile(data: bytes, profile: bytes, format: str) -> bytes:
    """Return the encoded picture `data` with the ICC `profile` inside.

    format: "png", "jpg" or "webp".
    """
    return {"png": _into_png, "jpg": _into_jpeg, "webp": _into_webp}[format](data, profile)


def is_rgb(profile: bytes) -> bool:
    """Tell whether an ICC profile describes RGB pixels (not grey, not ink)."""
    return profile[16:20] == b"RGB " and profile[36:40] == b"acsp"


def _into_png(data: bytes, profile: bytes) -> bytes:
    body = b"iCCPICC profile\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 33
    return data[:after_header] + chunk + data[after_header:]


def _into_jpeg(data: bytes, profile: bytes) -> bytes:
    at = 2
    if data[2:4] == b"\xff\xe0":
        at += 2 + struct.unpack_from(">H", data, 4)[0]
    parts = [profile[i : i + _JPEG_PART] for i in range(0, len(profile), _JPEG_PART)]
    segments = b"".join(
        b"\xff\xe2"
        + struct.pack(">H", 16 + len(part))
        + b"ICC_PROFILE\0"
        + bytes((number, len(parts)))
        + part
        for number, part in enumerate(parts, start=1)
    )
    return data[:at] + segments + data[at:]


def _into_webp(data: bytes, profile: bytes) -> bytes:
    if data[12:16] == b"VP8X":
        head, rest = bytearray(data[20:30]), data[30:]
    else:
        head, rest = _webp_head(data), data[12:]
    head[0] |= 0x20
    body = b"WEBP" + _riff(b"VP8X", bytes(head)) + _riff(b"ICCP", profile) + rest
    return _riff(b"RIFF", body)


def _webp_head(data: bytes) -> bytearray:
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height, has_alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        width, height, has_alpha = width - 1, height - 1, 0
    flags = 0x10 if has_alpha else 0
    return bytearray(
        struct.pack("<I", flags) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
    )


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
