"""Smooth step: a clamped polynomial curve over the soft edge."""

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.checks import check_alpha, check_range


def smooth_step(
    alpha: np.ndarray,
    *,
    low: float = 0.1,
    high: float = 0.9,
    order: int = 3,
    soften: float = 0.0,
) -> np.ndarray:
    """Clamp alpha to [low, high], stretch it to [0, 1] and bend it into an S.

    alpha: float32 [0, 1], HW.
    low, high: alphas that become 0 and 1.
    order: of the polynomial: 1 (straight), 3 (Hermite) or 5 (Perlin 2002, "Improving Noise").
    soften: standard deviation, in pixels, of a Gaussian blur before; 0 is none.
    Returns alpha, float32 [0, 1], HW. Raises PocketmatteError for edges that cross.
    """
    check_alpha(alpha)
    check_range("soften", soften, 0, 1000)
    if not 0 <= low < high <= 1:
        raise PocketmatteError(f"smooth_step needs 0 <= low < high <= 1, not {low} and {high}")
    if order not in (1, 3, 5):
        raise PocketmatteError(f"smooth_step has order 1, 3 or 5, not {order}")
    if soften:
        alpha = cv2.GaussianBlur(alpha, (0, 0), soften)
    low, high = np.float32(low), np.float32(high)
    step = (alpha - low) / (high - low)
    np.clip(step, 0, 1, out=step)
    if order == 3:
        return step * step * (3 - 2 * step)
    if order == 5:
        # the upper half is the lower one turned: near 1 the polynomial itself loses digits
        near = np.minimum(step, 1 - step)
        low_half = near * near * near * (near * (6 * near - 15) + 10)
        return np.where(step > 0.5, 1 - low_half, low_half)
    return step
