"""CIEDE2000: how different two colours look."""

from __future__ import annotations

import cv2
import numpy as np

from pocketmatte.evaluation.metrics.checks import check_alpha, check_image, check_same_size


def foreground_delta_e(image: np.ndarray, truth: np.ndarray, alpha: np.ndarray) -> float:
    """Mean CIEDE2000 difference, weighted by alpha; 0 is best, about 1 can just be seen.

    `image`, `truth`: sRGB HWC, uint8 or float in [0, 1]; `alpha`: float HW in [0, 1]. An alpha of
    zeros scores 0. Raises PocketmatteError on other types, ranges or sizes.
    """
    check_image(image, "image")
    check_image(truth, "truth")
    check_alpha(alpha, "alpha")
    check_same_size(image, truth, "image", "truth")
    check_same_size(alpha, truth, "alpha", "truth")
    where = alpha > 0
    if not where.any():
        return 0.0
    difference = delta_e_2000(_lab(image)[where], _lab(truth)[where])
    return float(np.average(difference, weights=alpha[where]))


def delta_e_2000(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 difference of colours in CIE Lab, `[..., 3]` each; returns `[...]`.

    Sharma, Wu and Dalal 2005, "The CIEDE2000 Color-Difference Formula".
    """
    (l1, a1, b1), (l2, a2, b2) = (
        np.moveaxis(np.asarray(lab, np.float64), -1, 0) for lab in (first, second)
    )
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    delta_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)

    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(grey, h1 + h2, h1 + turn / 2)
    swing = (
        1
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )
    far = (light - 50) ** 2
    scaled_light = (l2 - l1) / (1 + 0.015 * far / np.sqrt(20 + far))
    scaled_chroma = (c2 - c1) / (1 + 0.045 * c)
    scaled_hue = delta_hue / (1 + 0.015 * c * swing)
    blue = 30 * np.exp(-((((hue % 360) - 275) / 25) ** 2))
    rotation = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(np.radians(2 * blue))
    total = scaled_light**2 + scaled_chroma**2 + scaled_hue**2
    return np.sqrt(np.maximum(0, total + rotation * scaled_chroma * scaled_hue))


def _cos(degrees: np.ndarray) -> np.ndarray:
    return np.cos(np.radians(degrees))


def _lab(image: np.ndarray) -> np.ndarray:
    unit = image.astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    return cv2.cvtColor(unit, cv2.COLOR_RGB2LAB)
