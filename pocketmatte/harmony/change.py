"""A change of colours that a harmoniser proposes, and how it is applied at full size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

STEPS = 9
"""Pieces of the tone curve."""
_POINTS = 8  # per cell of the gain map
_STRIP = 32  # rows at a time
_DECIMATE = 4  # where the person is, is read on every fourth pixel of large pictures


@dataclass(frozen=True)
class Change:
    """A colour matrix, then a tone curve, then a gain that varies over the picture.

    Everything is stored as the distance from "no change", so changes can be scaled and averaged:
    zeros change nothing, and half the numbers are half the change.

    matrix: float32 [3, 4], added to the identity; its last column is an offset in [0, 1].
    curve: float32 [9], the logarithms of how steep each ninth of the curve is.
    gain: float32 [h, w, 3], the logarithms of the gains over the picture, rows from the top.
    """

    matrix: np.ndarray
    curve: np.ndarray
    gain: np.ndarray

    def __mul__(self, factor: float) -> Change:
        return Change(self.matrix * factor, self.curve * factor, self.gain * factor)

    def toward(self, other: Change, share: float) -> Change:
        """This change, moved towards another one; 1 is the other."""
        ours, theirs = self * (1 - share), other * share
        return Change(
            ours.matrix + theirs.matrix, ours.curve + theirs.curve, ours.gain + theirs.gain
        )

    def apply(self, foreground: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """The changed foreground, RGB uint8 HWC; untouched far from the person.

        foreground: RGB uint8 HWC. alpha: float32 HW in [0, 1].
        """
        result = foreground.copy()
        strips = _strips(alpha)
        if not strips:
            return result
        rows = slice(strips[0][0].start, strips[-1][0].stop)
        columns = slice(min(c.start for _, c in strips), max(c.stop for _, c in strips))
        matrix = self.matrix + np.eye(3, 4)
        matrix[:, 3] *= 255
        table = self._table()
        gain = np.exp(_enlarge(self.gain, alpha.shape, rows, columns))
        peak = float(gain.max())
        size = (columns.stop - columns.start, rows.stop - rows.start)
        levels = np.rint(gain * (255 / peak)).astype(np.uint8)
        levels = cv2.resize(levels, size, interpolation=cv2.INTER_LINEAR)
        for down, across in strips:
            part = cv2.LUT(cv2.transform(foreground[down, across], matrix), table)
            here = (
                slice(down.start - rows.start, down.stop - rows.start),
                slice(across.start - columns.start, across.stop - columns.start),
            )
            result[down, across] = cv2.multiply(part, levels[here], scale=peak / 255)
        return result

    def _table(self) -> np.ndarray:
        """The curve as a lookup table, uint8 [256]."""
        steps = np.exp(self.curve) / STEPS
        place = np.linspace(0, STEPS, 256)
        heights = np.concatenate([[0], np.cumsum(steps)])
        curve = np.interp(place, np.arange(STEPS + 1), heights)
        return np.rint(curve.clip(0, 1) * 255).astype(np.uint8)


def no_change(cells: tuple[int, int] = (1, 1)) -> Change:
    """The change that changes nothing; cells: (height, width) of its gain map."""
    return Change(
        np.zeros((3, 4), np.float32), np.zeros(STEPS, np.float32), np.zeros((*cells, 3), np.float32)
    )


def read_proposals(proposals: np.ndarray, alpha: np.ndarray) -> Change:
    """The change that a network's output stands for.

    proposals: float32 [24, h, w]: per cell 12 numbers of the matrix (3x3, then the offset), 9 of
    the curve, 3 of the gain. alpha: float32 of any size; cells vote with their share of it.
    """
    weight = cv2.resize(alpha, proposals.shape[:0:-1], interpolation=cv2.INTER_AREA) + 1e-6
    votes = proposals[:21].reshape(21, -1) @ weight.reshape(-1) / weight.sum()
    matrix = np.column_stack([votes[:9].reshape(3, 3), votes[9:12]])
    return Change(matrix, votes[12:], np.ascontiguousarray(proposals[21:].transpose(1, 2, 0)))


def _strips(alpha: np.ndarray) -> list[tuple[slice, slice]]:
    """Rows and columns that hold the person, by strips that stay in the processor's cache."""
    height, width = alpha.shape
    step = _DECIMATE if min(alpha.shape) >= 64 * _DECIMATE else 1
    mask = alpha[::step, ::step] > 0
    lines, strips = _STRIP // step, []
    for first in range(0, len(mask), lines):
        # a line more on either side: what lies between the lines that are read
        columns = mask[max(0, first - 1) : first + lines + 1].any(0)
        left = int(columns.argmax())
        if not columns[left]:
            continue
        right = len(columns) - int(columns[::-1].argmax())
        across = slice(max(0, (left - 1) * step), min(width, (right + 1) * step))
        strips.append((slice(first * step, min(height, first * step + _STRIP)), across))
    return strips


def _enlarge(cells: np.ndarray, shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    """The part of a map (HWC) that lies at rows and columns once it is stretched to `shape`.

    Bilinear, worked out on a few points per cell only: a resize fills in the rest.
    """
    down = _weights(cells.shape[0], shape[0], rows)
    across = _weights(cells.shape[1], shape[1], columns)
    return np.moveaxis(down @ np.moveaxis(cells, 2, 0) @ across.T, 0, 2)


def _weights(cells: int, size: int, part: slice) -> np.ndarray:
    """How much each cell counts at points spread evenly over part of a side."""
    length = part.stop - part.start
    points = min(length, max(1, round(_POINTS * cells * length / size)))
    centres = part.start + (np.arange(points) + 0.5) * (length / points)
    place = (centres * (cells / size) - 0.5).clip(0, cells - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells))).astype(np.float32)
