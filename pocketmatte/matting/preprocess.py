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


def nearest_size(height: float, width: float, sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """The one of some fixed (height, width) whose aspect ratio is nearest to the picture's."""
    return tuple(min(sizes, key=lambda size: abs(math.log(size[0] * width / size[1] / height))))


def shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Area-average an image or alpha to (height, width); enlarge it where it is smaller.

    Exact halvings come first, because they are ten times faster, but not for the last factor
    of one and a half to three: two averages in a row would blur.
    """
    image = halved(image, size)
    if image.shape[:2] == size:
        return image
    shrinking = size[0] < image.shape[0] or size[1] < image.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return cv2.resize(image, size[::-1], interpolation=method)


def halved(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Halve an image exactly while it has three times (height, width) and even sides."""
    while image.shape[0] >= 3 * size[0] and image.shape[1] >= 3 * size[1]:
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            break
        image = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return image


def split(picture: np.ndarray) -> tuple[np.ndarray, ...]:
    """The channels of a picture, HWC; several times faster than `cv2.split` without memory."""
    height, width, channels = picture.shape
    return cv2.split(picture, list(np.empty((channels, height, width), picture.dtype)))


def to_batch(small: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Normalise a picture of the grid's size for the network.

    Args:
        small: RGB uint8 or float32 [0, 1], HWC.
        mean, std: float32, per channel, for pixels in [0, 1].

    Returns:
        float32 [1, 3, H, W], contiguous.
    """
    scale = np.float32(255 if small.dtype == np.uint8 else 1)
    batch = np.empty((1, 3, *small.shape[:2]), np.float32)
    # plane by plane: several times faster than one broadcast over interleaved channels
    for plane, source, centre, spread in zip(batch[0], split(small), mean, std, strict=True):
        np.subtract(source, centre * scale, out=plane)
        plane *= 1 / (spread * scale)
    return batch
