"""One LiteRT file that runs at any grid.

A LiteRT file has fixed shapes, and the page needs one grid for every aspect ratio. Only a few
integers of the file depend on the grid, so the weights are written once and `grid_patches` lists
where these integers lie; the page writes the grid that it needs into them before it loads the
file.
"""

from __future__ import annotations

import numpy as np
import onnx
from to_tflite import to_tflite


def grid_patches(model: onnx.ModelProto, stride: int) -> tuple[bytes, dict[str, list]]:
    """The file at one grid, and the places to change for another.

    Returns the bytes, and for "height" and "width" triples (offset, divisor, extra): the
    little-endian int32 at `offset` is that side divided by `divisor`, plus `extra`.
    """
    height, width = 4 * stride, 7 * stride
    base = to_tflite(model, height, width)
    words = np.frombuffer(base[: len(base) // 4 * 4], "<i4")
    patches = {}
    for side, size in (("height", (5 * stride, width)), ("width", (height, 8 * stride))):
        other = to_tflite(model, *size)
        if len(other) != len(base):
            raise ValueError("the file's layout depends on the grid; it cannot be patched")
        longer = np.frombuffer(other[: len(other) // 4 * 4], "<i4")
        whole = height if side == "height" else width
        patches[side] = []
        for place in np.flatnonzero(words != longer):
            divisor = stride // int(longer[place] - words[place])
            extra = int(words[place]) - whole // divisor
            patches[side].append([int(4 * place), divisor, extra])
    check = (6 * stride, 5 * stride)
    if apply_patches(base, patches, *check) != to_tflite(model, *check):
        raise ValueError("patched and converted file differ")
    return base, patches


def apply_patches(base: bytes, patches: dict[str, list], height: int, width: int) -> bytes:
    """The file at another grid; the page does the same."""
    data = bytearray(base)
    for side, size in (("height", height), ("width", width)):
        for offset, divisor, extra in patches[side]:
            data[offset : offset + 4] = (size // divisor + extra).to_bytes(4, "little")
    return bytes(data)
