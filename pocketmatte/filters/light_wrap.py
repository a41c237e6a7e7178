"""Light wrap: the background's light spills over the person's edge."""

import cv2
import numpy as np

from pocketmatte.filters.checks import auto_radius, check_layers, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 320  # the light is blurred at this size


def light_wrap(
    foreground: np.ndarray,
    alpha: np.ndarray,
    background: np.ndarray,
    *,
    radius: float = 0.0,
    strength: float = 0.5,
) -> np.ndarray:
    """Add blurred light of the background to the foreground near its edge (screen blending).

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    radius: how far the light reaches in, in pixels; 0 takes 3 % of the picture's mean side.
    strength: 0 (none) to 1.
    Returns the new foreground, RGB uint8, HWC; never darker than the one given.
    """
    check_layers(foreground, alpha, background)
    check_range("strength", strength, 0, 1)
    radius = auto_radius(radius, alpha.shape, 0.03)
    if strength == 0:
        return foreground
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    clear = 1 - shrink(alpha, size)
    light = shrink(background, size).astype(np.float32)
    light *= (strength * clear)[..., None]
    light = cv2.GaussianBlur(light, (0, 0), max(0.3, radius * scale / 2))
    light = np.rint(np.clip(light, 0, 255)).astype(np.uint8)
    light = cv2.resize(light, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    # screen: 1 - (1 - foreground)(1 - light)
    gap = cv2.bitwise_not(foreground)
    return cv2.bitwise_not(cv2.multiply(gap, cv2.bitwise_not(light), scale=1 / 255))
