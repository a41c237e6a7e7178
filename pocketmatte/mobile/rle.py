"""Run-length coding of masks, to compare with packed bits.

A GPU delegate has no operator for it, so it can only make a mask smaller after the copy from the
GPU: for storage and the network, not against the copy itself.
"""

from __future__ import annotations

import numpy as np

from pocketmatte.errors import PocketmatteError


def encode_runs(mask: np.ndarray) -> np.ndarray:
    """Lengths of the runs of equal pixels, row after row, the first of False.

    mask: bool HW. Returns uint32; the first length is 0 when the mask starts with True.
    """
    flat = np.asarray(mask, bool).reshape(-1)
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    start = [0, 0] if flat.size and flat[0] else [0]
    return np.diff(np.concatenate((start, edges, [flat.size]))).astype(np.uint32)


def decode_runs(runs: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The mask, bool HW, of `encode_runs`.

    Raises PocketmatteError when the runs do not add up to the shape.
    """
    runs = np.asarray(runs)
    if runs.sum() != shape[0] * shape[1]:
        raise PocketmatteError(
            f"the runs hold {runs.sum()} pixels, not the {shape[0] * shape[1]} of {shape}"
        )
    values = np.zeros(runs.size, bool)
    values[1::2] = True
    return np.repeat(values, runs).reshape(shape)
