"""Full-size pictures in tiles: only those that hold a soft edge need much work."""

from collections.abc import Iterator

import cv2
import numpy as np

Rectangle = tuple[slice, slice]

_STRIP = 96  # rows at a time: fewer would take more calls, more would leave the cache


def band_rectangles(band: np.ndarray, shape: tuple[int, int]) -> Iterator[Rectangle]:
    """Yield (rows, columns) slices of the full-size picture that cover the grid's `band`."""
    height, width = shape
    scale_y, scale_x = band.shape[0] / height, band.shape[1] / width
    reach = 1  # of the bilinear interpolation
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        first, last = int(top * scale_y) - reach, int(bottom * scale_y) + reach + 1
        busy = band[max(first, 0) : last].any(axis=0)
        padded = np.concatenate(([False], busy, [False]))
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        end = 0
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            left = max(end, int((start - reach) / scale_x))
            right = min(width, int(np.ceil((stop + reach) / scale_x)))
            if left < right:
                yield slice(top, bottom), slice(left, right)
                end = right


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
