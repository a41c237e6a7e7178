"""Compositing of live video: the full-size picture is touched as little as can be.

With image = alpha F + (1 - alpha) B, the foreground's colour is F = image + (1 - alpha)(F - B). The
difference F - B is smooth, so it is solved at a quarter of the grid, and only applied where
alpha is soft. The other pixels stay the picture's own.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from pocketmatte.matting.foreground import solve_layers
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.tiles import Rectangle, sample


def layer_difference(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """F - B at a quarter of the grid, float32 HW3 in levels.

    image: RGB uint8 HWC. alpha: float32 HW in [0, 1]. Both at the network's grid.
    """
    size = (max(1, alpha.shape[0] // 4), max(1, alpha.shape[1] // 4))
    image, alpha = shrink(image, size), np.clip(shrink(alpha, size), 0, 1)
    fore, back = solve_layers(image, alpha)
    return fore.astype(np.float32) - back


def live_foreground(
    image: np.ndarray, alpha: np.ndarray, difference: np.ndarray, soft: Iterable[Rectangle]
) -> np.ndarray:
    """The foreground's colours, for compositing on another background.

    image: RGB uint8 HWC. alpha: float32 HW in [0, 1]. difference: from `layer_difference`.
    soft: (rows, columns) where alpha is neither 0 nor 1, from `refine`.
    Returns RGB uint8 HWC. Pixels where alpha is 0 keep the old background: blend, do not store.
    """
    result = image.copy()
    for area in soft:
        change = sample(difference, area, alpha.shape)
        change *= cv2.cvtColor(1 - alpha[area], cv2.COLOR_GRAY2RGB)
        result[area] = cv2.add(image[area], change, dtype=cv2.CV_8U)
    return result


def live_blend(
    image: np.ndarray,
    alpha: np.ndarray,
    background: np.ndarray,
    difference: np.ndarray,
    soft: Iterable[Rectangle],
) -> np.ndarray:
    """`live_foreground` and `alpha_blend` in one, without a full-size layer between them.

    background: RGB uint8 HWC; the rest as in `live_foreground`. Outside `soft`, alpha counts as
    0 or 1. Returns RGB uint8 HWC.
    """
    result = background.copy()
    cv2.copyTo(image, cv2.compare(alpha, 0.5, cv2.CMP_GT), result)
    for area in soft:
        weight = alpha[area]
        rest = 1 - weight
        change = sample(difference, area, alpha.shape)
        change *= cv2.cvtColor(weight * rest, cv2.COLOR_GRAY2RGB)
        mixed = cv2.blendLinear(image[area], background[area], weight, rest)
        result[area] = cv2.add(mixed, change, dtype=cv2.CV_8U)
    return result
