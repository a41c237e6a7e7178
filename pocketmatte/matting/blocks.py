"""The squares of a full-size picture that hold the soft edge, packed side by side.

A soft edge is a thin line: cut into small squares, it is a tenth of the picture. Packed into one
array, all of them take one call per step of the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided

_SIDE = 32
_MOST = 128  # squares in one array: more would leave the cache, and `cv2.remap` has a limit


@dataclass(frozen=True, eq=False)
class Blocks:
    """Squares of a picture; packed, they are an array of (size, count * size).

    tops, lefts: of each square, int, even. side: pixels, even.
    shape: the full picture's (height, width), even. rim: pixels that are read around a square,
    beyond the picture its border again; size is then side + 2 * rim.
    """

    tops: np.ndarray
    lefts: np.ndarray
    side: int
    shape: tuple[int, int]
    rim: int = 0

    @property
    def size(self) -> int:
        """Rows and columns of one packed square."""
        return self.side + 2 * self.rim

    @property
    def half(self) -> Blocks:
        """The same squares in a picture of half the size."""
        shape = self.shape[0] // 2, self.shape[1] // 2
        return Blocks(self.tops // 2, self.lefts // 2, self.side // 2, shape)

    @property
    def around(self) -> Blocks:
        """`half`, and what enlarging that needs around."""
        return replace(self.half, rim=1)

    def packs(self) -> Iterator[Blocks]:
        """The same squares, a few at a time."""
        for at in range(0, self.tops.size, _MOST):
            part = slice(at, at + _MOST)
            yield Blocks(self.tops[part], self.lefts[part], self.side, self.shape)

    def read(self, plane: np.ndarray) -> np.ndarray:
        """Pack pixels of a full-size plane, HW, its rows without gaps."""
        if self.rim:
            plane = cv2.copyMakeBorder(plane, *(self.rim,) * 4, cv2.BORDER_REPLICATE)
        packed = self._rows(plane)[:, self.tops, self.lefts]
        return np.ascontiguousarray(packed).view(plane.dtype)

    def write(self, plane: np.ndarray, pixels: np.ndarray | float) -> None:
        """Put packed pixels, or one value, into a full-size plane, HW."""
        if not isinstance(pixels, np.ndarray):
            pixels = np.full((self.side, self.side * self.tops.size), pixels)
        rows = self._rows(plane)
        rows[:, self.tops, self.lefts] = np.ascontiguousarray(pixels, plane.dtype).view(rows.dtype)

    def enlarged(self, around: np.ndarray) -> np.ndarray:
        """Enlarge what `around` packed to the pixels of these squares, bilinearly."""
        large = cv2.resize(around, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        inner = slice(2, 2 + self.side)
        squares = large.reshape(self.side + 4, -1, self.side + 4)[inner, :, inner]
        rows = np.ascontiguousarray(squares.view(_row_type(self.side, large.itemsize)))
        return rows.view(large.dtype).reshape(self.side, -1)

    def sample(
        self,
        small: np.ndarray,
        corner: tuple[int, int] = (0, 0),
        grid: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """Pack what bilinear enlargement of a small picture to `shape` gives.

        small: float32 HW or HWC. corner, grid: where in a grid of which (height, width) `small`
        begins, when it is a part of one.
        """
        grid = grid or small.shape[:2]
        y, x = (
            (((at + 0.5) * (cells / full) - 0.5) - start).astype(np.float32)
            for at, cells, full, start in zip(self._places(), grid, self.shape, corner, strict=True)
        )
        x = np.repeat(x.reshape(1, -1), self.size, axis=0)
        return cv2.remap(
            small, x, self._along(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def moved(self, plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Pack a full-size plane's pixels from where a flow points to.

        x, y: offsets packed by `half`, float32, each for two by two pixels, in the plane's pixels.
        Both are overwritten.
        """
        half = self.half
        rows, cols = (2 * at.astype(np.float32) for at in half._places())
        y += half._along(rows)
        x += cols.reshape(-1)
        x, y = np.repeat(_side_by_side(x, x + 1), 2, axis=0), doubled(y)
        y[1::2] += 1
        return cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the columns of each square's pixels: int, (count, size)."""
        steps = np.arange(-self.rim, self.side + self.rim)
        return self.tops[:, None] + steps, self.lefts[:, None] + steps

    def _along(self, rows: np.ndarray) -> np.ndarray:
        """Pack what is the same along each square's rows, (count, size)."""
        return np.repeat(rows.T, self.size, axis=1)

    def _rows(self, plane: np.ndarray) -> np.ndarray:
        """A view whose elements are whole rows of squares: which row, its top, its left."""
        row = _row_type(self.size, plane.itemsize)
        shape = self.size, *(side - self.size + 1 for side in plane.shape)
        down, right = plane.strides
        return as_strided(plane[:1, : self.size].view(row), shape, (down, down, right))


def _row_type(pixels: int, size: int) -> np.dtype:
    """A row of pixels as one element: NumPy moves it at once, in half the time of its pixels."""
    return np.dtype((np.void, pixels * size))


class BlockGrid:
    """A full-size picture cut into squares: those with a soft edge, and the two kinds without.

    shape: (height, width), even. The last squares overlap their neighbours if the sides do not fit.
    """

    def __init__(self, shape: tuple[int, int]):
        self.shape = shape
        self.side = min(_SIDE, *shape)
        self._starts = [
            np.minimum(np.arange(0, full, self.side), full - self.side) for full in shape
        ]

    def blocks(self, chosen: np.ndarray) -> Blocks:
        """chosen: bool, one for each square."""
        tops, lefts = (
            starts[at] for starts, at in zip(self._starts, np.nonzero(chosen), strict=True)
        )
        return Blocks(tops, lefts, self.side, self.shape)

    def masks(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the chosen squares are: uint8 HW of the picture's size, and of half of it.

        Where the last squares overlap their neighbours, the neighbours count.
        """
        masks = []
        for part in (1, 2):
            rows = np.repeat(chosen.view(np.uint8), self.side // part, axis=1)
            height, width = (full // part for full in self.shape)
            masks.append(np.repeat(rows[:, :width], self.side // part, axis=0)[:height])
        return tuple(masks)

    def holds(self, band: np.ndarray) -> np.ndarray:
        """Whether squares need a pixel of the grid's bool `band` when it is enlarged."""
        reach = 1  # of the bilinear interpolation
        ends = []
        for starts, cells, full in zip(self._starts, band.shape, self.shape, strict=True):
            first = (starts * cells // full - reach).clip(0)
            last = ((starts + self.side) * cells // full + reach + 1).clip(None, cells)
            ends.append((first, last))
        (top, bottom), (left, right) = ends
        sums = cv2.integral(band.view(np.uint8))
        rows = sums[bottom] - sums[top]
        return rows[:, right] > rows[:, left]

    def middles(self, grid: np.ndarray) -> np.ndarray:
        """The grid's value in the middle of each square."""
        rows, cols = (
            (starts + self.side // 2) * cells // full
            for starts, cells, full in zip(self._starts, grid.shape, self.shape, strict=True)
        )
        return grid[rows[:, None], cols]


def doubled(packed: np.ndarray) -> np.ndarray:
    """From squares of a half-size picture to those of the full one: each pixel four times."""
    return np.repeat(_side_by_side(packed, packed), 2, axis=0)


def _side_by_side(even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """Columns of two arrays, HW, in turn."""
    return cv2.merge((even, odd)).reshape(even.shape[0], -1)
