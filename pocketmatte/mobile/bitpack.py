"""Sixteen mask bits in one float: what a phone's GPU hands over gets sixteen times smaller.

A convolution of size and stride 1x16 with the weights 2^-8 ... 2^7 adds up sixteen neighbours of a
mask of zeros and ones. Every sum is a different multiple of 2^-8 below 2^8, so it is exact in
float32 and can be taken apart again. (The special filter of "The Paradoxical GPU",
Portrait-Segmentation, 2019.)

Half precision holds 11 bits only. A GPU delegate that computes in fp16 needs `bits=8`.
"""

from __future__ import annotations

import math

import numpy as np

from pocketmatte.errors import PocketmatteError

BITS = 16


def packing_kernel(bits: int = BITS) -> np.ndarray:
    """The weights of the packing convolution, float32 `[1, 1, 1, bits]`: 2^-(bits/2) upwards.

    Raises PocketmatteError unless bits is 8 or 16.
    """
    _check_bits(bits)
    return np.ldexp(np.float32(1), np.arange(bits) - bits // 2).reshape(1, 1, 1, bits)


def step_factors(threshold: float) -> tuple[np.float32, tuple[float, float]]:
    """The step `alpha > threshold` as a steep line: subtract the first, multiply by both factors,
    clamp to [0, 1].

    Exact for every float32 alpha in [0, 1]: two neighbouring floats differ by at least one unit in
    the last place, and the slope makes that 1. In two factors, so that neither overflows in half
    precision.
    """
    level = np.float32(threshold)
    slope = -math.frexp(np.spacing(level))[1] + 1
    return level, (2.0 ** (slope // 2), 2.0 ** (slope - slope // 2))


def pack_mask(mask: np.ndarray, bits: int = BITS) -> np.ndarray:
    """Pack a mask as the network's last layer does.

    mask: bool HW (or 0 and 1 of any type).
    bits: 16 for float32 outputs, 8 for float16 ones.

    Returns float32 `[H, ceil(W / bits)]`; a last group that is too short is filled with zeros.
    Raises PocketmatteError for an array that is not HW.
    """
    _check_bits(bits)
    mask = np.asarray(mask)
    if mask.ndim != 2:
        raise PocketmatteError(f"mask has shape {mask.shape}; give a bool array HW")
    fill = -mask.shape[1] % bits
    if fill:
        mask = np.pad(mask, ((0, 0), (0, fill)))
    octets = np.packbits(mask.astype(bool, copy=False), axis=1, bitorder="little")
    words = octets.view("<u2") if bits == 16 else octets
    return words.astype(np.float32) * np.float32(2.0 ** -(bits // 2))


def unpack_mask(packed: np.ndarray, width: int | None = None, bits: int = BITS) -> np.ndarray:
    """Take packed sums apart again.

    packed: float32 or float16 `[H, N]`, or with leading axes of size 1, as a network returns it.
    width: of the mask in pixels; N * bits when left out.

    Returns the mask, bool `[H, width]`.
    Raises PocketmatteError for values that no mask packs to (such as sums rounded by fp16), or a
    width that does not fit.
    """
    _check_bits(bits)
    packed = np.asarray(packed)
    if packed.ndim < 2 or packed.size != packed.shape[-1] * packed.shape[-2]:
        raise PocketmatteError(f"packed mask has shape {packed.shape}; give one mask, [H, N]")
    rows, groups = packed.shape[-2:]
    width = groups * bits if width is None else width
    if not max(0, (groups - 1) * bits) < width <= groups * bits:
        raise PocketmatteError(f"{groups} groups of {bits} bits cannot hold a width of {width}")
    scaled = packed.reshape(rows, groups) * np.float32(2.0 ** (bits // 2))
    with np.errstate(invalid="ignore"):
        words = scaled.astype("<u2")
    if not np.array_equal(words, scaled) or (bits == 8 and words.max(initial=0) > 255):
        raise PocketmatteError(
            f"these are no sums of {bits} mask bits; a network that runs in fp16 rounds sums of "
            "16: forbid that for the last layer, or pack with 8 bits"
        )
    octets = words.view(np.uint8) if bits == 16 else words.astype(np.uint8)
    return np.unpackbits(octets, axis=1, count=width, bitorder="little").view(bool)


def _check_bits(bits: int) -> None:
    if bits not in (8, 16):
        raise PocketmatteError(f"cannot pack {bits} bits into one value; take 8 or 16")
