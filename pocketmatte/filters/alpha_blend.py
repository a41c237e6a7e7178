"""Alpha blending, with an optional Gaussian-softened matte."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_layers, check_range

_STRIP = 32  # rows looked at together


def alpha_blend(
    foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray, *, soften: float = 0.0
) -> np.ndarray:
    """Composite: alpha * foreground + (1 - alpha) * background.

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    soften: standard deviation, in pixels, of a Gaussian blur of the matte; 0 is none.
    Returns RGB uint8, HWC, rounded; within one level of the formula in floats. Clear and solid
    pixels are copied bit for bit.
    """
    check_layers(foreground, alpha, background)
    check_range("soften", soften, 0, 1000)
    if soften:
        alpha = cv2.GaussianBlur(alpha, (0, 0), soften)
    image = background.copy()
    for top in range(0, alpha.shape[0], _STRIP):
        rows = slice(top, top + _STRIP)
        for cols, solid in _runs(alpha[rows]):
            area = rows, cols
            if solid:
                image[area] = foreground[area]
            else:
                weight = alpha[area]
                image[area] = cv2.blendLinear(
                    foreground[area], background[area], weight, 1 - weight
                )
    return image


def _runs(strip: np.ndarray):
    """Yield (columns, solid) for the runs of columns that the foreground touches."""
    largest = strip.max(axis=0)
    state = (largest > 0).view(np.uint8) + (strip.min(axis=0) >= 1).view(np.uint8)
    starts = np.flatnonzero(np.diff(state, prepend=255))
    for start, stop in zip(starts, [*starts[1:], state.size], strict=True):
        if state[start]:
            yield slice(int(start), int(stop)), state[start] == 2
