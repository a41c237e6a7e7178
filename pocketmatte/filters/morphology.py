"""Morphological opening and closing against specks and pinholes; hair at the body stays."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_alpha, check_range

_STEPS = 8  # of two radii each


def morphology(alpha: np.ndarray, *, open: int = 3, close: int = 3) -> np.ndarray:
    """Remove bright specks (opening) and dark pinholes (closing) from the matte.

    alpha: float32 [0, 1], HW.
    open, close: radius of the disc in pixels, 0 to 100; what is thinner goes. 0 is none.
    A plain opening would also cut hair, so what survives is grown again within the matte (by
    reconstruction, Vincent 1993): strands that hang on the body stay, up to 16 radii long.
    Returns alpha, float32 [0, 1], HW.
    """
    check_alpha(alpha)
    check_range("open", open, 0, 100)
    check_range("close", close, 0, 100)
    levels = cv2.convertScaleAbs(alpha, alpha=255)
    if open:
        alpha, levels = _capped(alpha, levels, open)
    if close:
        gap, levels = 1 - alpha, cv2.bitwise_not(levels)
        alpha = 1 - _capped(gap, levels, close)[0]
    return alpha


def _capped(alpha: np.ndarray, levels: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and its 8-bit copy, without the specks that are thinner than the disc."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    # outside the frame counts as more of the same, so that the frame's edge is not eaten
    padded = cv2.copyMakeBorder(levels, *(radius,) * 4, cv2.BORDER_REPLICATE)
    core = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)
    height, width = alpha.shape
    core = core[radius : radius + height, radius : radius + width]
    step = np.ones((4 * radius + 1, 4 * radius + 1), np.uint8)
    for _ in range(_STEPS):
        grown = cv2.min(cv2.dilate(core, step), levels)
        if not cv2.countNonZero(cv2.absdiff(grown, core)):
            break
        core = grown
    lower = core < levels
    if lower.any():
        alpha = alpha.copy()
        alpha[lower] = core[lower] * np.float32(1 / 255)
    return alpha, core
