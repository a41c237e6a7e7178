"""Foreground colours for live video: the old background is taken out of the soft edge only."""

import cv2
import numpy as np

from pocketmatte.matting.foreground import solve_layers
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.refine import band_rectangles

_SOFT = 0.01


def live_foreground(
    image: np.ndarray, alpha: np.ndarray, small_alpha: np.ndarray, small_image: np.ndarray
) -> np.ndarray:
    """Estimate the foreground's colours, for compositing on another background.

    With image = alpha F + (1 - alpha) B, the colour is F = image + (1 - alpha)(F - B). The
    difference F - B is smooth, so it is solved at half the network's grid (`solve_layers`)
    and only applied where alpha is soft; the other pixels stay the picture's own.

    image: RGB uint8 HWC. alpha: float32 HW in [0, 1]. small_alpha, small_image: both at the grid.
    Returns RGB uint8 HWC. Pixels where alpha is 0 keep the old background: blend, do not store.
    """
    soft = (small_alpha > _SOFT) & (small_alpha < 1 - _SOFT)
    result = image.copy()
    if not soft.any():
        return result
    soft = cv2.dilate(soft.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    difference = _difference(small_image, small_alpha)
    scale_y = difference.shape[0] / alpha.shape[0]
    scale_x = difference.shape[1] / alpha.shape[1]
    for rows, cols in band_rectangles(soft, alpha.shape):
        to_grid = np.array(
            [
                [scale_x, 0, (cols.start + 0.5) * scale_x - 0.5],
                [0, scale_y, (rows.start + 0.5) * scale_y - 0.5],
            ]
        )
        size = (cols.stop - cols.start, rows.stop - rows.start)
        local = cv2.warpAffine(
            difference,
            to_grid,
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        local *= cv2.cvtColor(1 - alpha[rows, cols], cv2.COLOR_GRAY2RGB)
        result[rows, cols] = cv2.add(image[rows, cols], local, dtype=cv2.CV_8U)
    return result


def _difference(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """F - B at half the grid's size, float32 HW3 in levels."""
    size = (max(1, alpha.shape[0] // 2), max(1, alpha.shape[1] // 2))
    image, alpha = shrink(image, size), np.clip(shrink(alpha, size), 0, 1)
    fore, back = solve_layers(image, alpha)
    return fore.astype(np.float32) - back
