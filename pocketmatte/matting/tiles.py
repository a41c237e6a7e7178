"""Full-size pictures in tiles: only those that hold a soft edge need much work."""

from collections.abc import Iterator

import cv2
import numpy as np

Rectangle = tuple[slice, slice]

_STRIP = 96  # rows at a time: fewer would take more calls, more would leave the cache


def band_rectangles(band: np.ndarray, shape: tuple[int, int]) -> Iterator[Rectangle]:
    """Yield (rows, columns) slices of the full-size picture that cover the grid's `band`."""
    for strip in _strips(band, shape):
        yield from (area for area, busy in strip if busy)


def between(band: np.ndarray, shape: tuple[int, int]) -> Iterator[Rectangle]:
    """Yield the slices that `band_rectangles` leaves."""
    for strip in _strips(band, shape):
        yield from (area for area, busy in strip if not busy)


def _strips(band: np.ndarray, shape: tuple[int, int]):
    """For each strip of rows: (slices of even start, whether the band is there), left to right."""
    height, width = shape
    scale_y, scale_x = band.shape[0] / height, band.shape[1] / width
    reach = 1  # of the bilinear interpolation
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        first, last = int(top * scale_y) - reach, int(bottom * scale_y) + reach + 1
        busy = band[max(first, 0) : last].any(axis=0)
        padded = np.concatenate(([False], busy, [False]))
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        rows, end, strip = slice(top, bottom), 0, []
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            left = max(end, int((start - reach) / scale_x) // 2 * 2)
            right = min(width, int(np.ceil((stop + reach) / scale_x / 2)) * 2)
            if left > end:
                strip.append(((rows, slice(end, left)), False))
            if left < right:
                strip.append(((rows, slice(left, right)), True))
                end = right
        if end < width:
            strip.append(((rows, slice(end, width)), False))
        yield strip


def sample(
    small: np.ndarray,
    area: Rectangle,
    shape: tuple[int, int],
    corner: tuple[int, int] = (0, 0),
    grid: tuple[int, int] | None = None,
) -> np.ndarray:
    """What bilinear enlargement of `small` to `shape` gives in one rectangle.

    small: float32 HW or HWC. area: (rows, columns). shape: the full picture's (height, width).
    corner, grid: where in a grid of which size `small` begins, when it is a part of one.
    """
    rows, cols = area
    grid = grid or small.shape[:2]
    scale_y, scale_x = grid[0] / shape[0], grid[1] / shape[1]
    to_grid = np.array(
        [
            [scale_x, 0, (cols.start + 0.5) * scale_x - 0.5 - corner[1]],
            [0, scale_y, (rows.start + 0.5) * scale_y - 0.5 - corner[0]],
        ]
    )
    return cv2.warpAffine(
        small,
        to_grid,
        (cols.stop - cols.start, rows.stop - rows.start),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


class Tile:
    """One rectangle of a picture whose colours are stored at half size.

    area: (rows, columns) at full size, of even start. half: the same at half size, rounded up.
    shape: the full picture's (height, width).
    """

    def __init__(self, area: Rectangle, shape: tuple[int, int]):
        self.area = area
        self.half = tuple(slice(side.start // 2, (side.stop + 1) // 2) for side in area)
        self._centre = shape[0] / 2, shape[1] / 2
        # enlarging needs one pixel more around
        self.around = tuple(
            slice(max(side.start - 1, 0), min(side.stop + 1, (full + 1) // 2))
            for side, full in zip(self.half, shape, strict=True)
        )

    def sample(self, small: np.ndarray, corner=(0, 0), grid=None) -> np.ndarray:
        """`sample` at half size, in `around`."""
        return sample(small, self.around, self._centre, corner, grid)

    def full(self, around: np.ndarray) -> np.ndarray:
        """Enlarge what is given for `around` to full size, and cut it to `area`."""
        height, width = around.shape[:2]
        large = cv2.resize(around, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
        rows, cols = (
            slice(full.start - 2 * part.start, full.stop - 2 * part.start)
            for full, part in zip(self.area, self.around, strict=True)
        )
        return large[rows, cols]

    def inner(self, around: np.ndarray) -> np.ndarray:
        """Cut what is given for `around` to `half`."""
        rows, cols = (
            slice(side.start - part.start, side.stop - part.start)
            for side, part in zip(self.half, self.around, strict=True)
        )
        return around[rows, cols]
