"""The boxes of an AVIF file (ISO 14496-12 and 23008-12)."""

import struct

_TURNS = {0: 1, 1: 8, 2: 3, 3: 6}
_TURNS_THEN_MIRROR = {
    (0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5,
}  # fmt: skip


def probe_avif(data: bytes) -> dict:
    """Header fields of an AVIF file: its largest declared size, depth, rotation and profile.

    Raises IndexError or struct.error when the file ends too early, ValueError when it holds no
    picture.
    """
    width = height = turns = 0
    depth, mirror, profile = 8, None, None
    for kind, body in _properties(data):
        if kind == b"ispe":
            size = struct.unpack_from(">II", body, 4)
            width, height = max((width, height), size, key=lambda wh: wh[0] * wh[1])
        elif kind == b"pixi":
            depth = max(depth, body[5])
        elif kind == b"irot":
            turns = body[0] & 3
        elif kind == b"imir":
            mirror = body[0] & 1
        elif kind == b"colr" and body[:4] in (b"prof", b"rICC"):
            profile = profile or body[4:]
    if not width:
        raise ValueError("it holds no picture")
    return {
        "format": "avif",
        "width": width,
        "height": height,
        "depth": depth,
        "frames": 2 if data[8:12] == b"avis" else 1,
        "orientation": _TURNS[turns] if mirror is None else _TURNS_THEN_MIRROR[turns, mirror],
        "icc": profile,
    }


def _properties(data: bytes):
    for kind, meta in _boxes(data):
        if kind == b"meta":
            for kind, item in _boxes(meta[4:]):
                if kind == b"iprp":
                    for kind, properties in _boxes(item):
                        if kind == b"ipco":
                            yield from _boxes(properties)


def _boxes(data: bytes):
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif length == 0:
            length = len(data) - at
        if length < head or at + length > len(data):
            raise IndexError("a box ends beyond the file")
        yield kind, data[at + head : at + length]
        at += length
