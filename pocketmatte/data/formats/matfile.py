"""One array out of a MATLAB level 5 file, without scipy.

MathWorks, "MAT-File Format": a 128-byte header, then elements of a tag (type, bytes) and data;
type 15 is a zlib-compressed element, type 14 a matrix made of flags, dimensions, name and values.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError

_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
_TYPES |= {12: "i8", 13: "u8"}


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """The numeric arrays of a file by name. Raises PocketmatteError when it is not such a file."""
    data = path.read_bytes()
    try:
        order = {b"IM": "<", b"MI": ">"}[data[126:128]]
        return dict(_arrays(data[128:], order))
    except (KeyError, struct.error, zlib.error, ValueError, IndexError) as error:
        raise PocketmatteError(
            f"{path}: cannot be read as a MATLAB 5 file ({type(error).__name__}); "
            "save it with -v6 or -v7"
        ) from error


def _arrays(data: bytes, order: str):
    position = 0
    while position + 8 <= len(data):
        kind, body, position = _element(data, position, order)
        if kind == _COMPRESSED:
            yield from _arrays(zlib.decompress(body), order)
        elif kind == _MATRIX:
            named = _matrix(body, order)
            if named:
                yield named


def _matrix(body: bytes, order: str):
    _, _, position = _element(body, 0, order)
    _, shape, position = _element(body, position, order)
    _, name, position = _element(body, position, order)
    kind, values, _ = _element(body, position, order)
    if kind not in _TYPES:
        return None
    dimensions = np.frombuffer(shape, f"{order}i4")
    array = np.frombuffer(values, order + _TYPES[kind])
    return name.decode("ascii"), array.reshape(dimensions, order="F")


def _element(data: bytes, position: int, order: str) -> tuple[int, bytes, int]:
    """Type and data of the element at a position, and where the next one begins."""
    first, size = struct.unpack_from(f"{order}II", data, position)
    if first >> 16:  # up to four bytes of data are packed into the tag itself
        size, kind = first >> 16, first & 0xFFFF
        return kind, data[position + 4 : position + 4 + size], position + 8
    start = position + 8
    if start + size > len(data):
        raise ValueError("cut off")
    padding = 0 if first == _COMPRESSED else -size % 8
    return first, data[start : start + size], start + size + padding
