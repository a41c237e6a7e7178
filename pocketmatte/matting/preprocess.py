"""The network's input: a small grid with the picture's own aspect ratio, normalised."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np


@lru_cache(maxsize=256)
def grid_size(height: float, width: float, area: int, stride: int) -> tuple[int, int]:
    """The (height, width) at which to run a network.

    Among the sizes that are multiples of `stride` and hold about `area` pixels, the one whose
    aspect ratio is nearest to the picture's; a larger grid wins where aspects are much alike.

    Args:
        height, width: the picture's size in pixels; ratios beyond 3 count as 3.
        area: pixels that the network should see; 10 % more are allowed.
        stride: what both sides must be multiples of.
    """
    aspect = min(max(height / width, 1 / 3), 3.0)
    cells = area / stride**2

    def cost(size: tuple[int, int]) -> float:
        squeeze = abs(math.log(size[0] / size[1] / aspect))
        return squeeze + 0.5 * max(0.0, 1 - size[0] * size[1] / cells)

    limit = max(1, int(1.1 * cells))
    sizes = [(rows, cols) for rows in range(1, limit + 1) for cols in range(1, limit // rows + 1)]
    rows, columns = min(sizes, key=cost)
    return rows * stride, columns * stride


def to_batch(
    image: np.ndarray, size: tuple[int, int], mean: np.ndarray, std: np.ndarray
) -> np.ndarray:
    """Shrink and normalise a picture for the network.

    Args:
        image: RGB uint8 or float32 [0, 1], HWC.
        size: (height, width) of the grid.
        mean, std: per channel, for pixels in [0, 1].

    Returns:
        float32 [1, 3, H, W], contiguous.
    """
    shrinking = size[0] < image.shape[0] or size[1] < image.shape[1]
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    small = cv2.resize(image, size[::-1], interpolation=interpolation)
    scale = 255.0 if image.dtype == np.uint8 else 1.0
    small = (small.astype(np.float32) - mean * scale) * (1 / (std * scale))
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], np.float32)
