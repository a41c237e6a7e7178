"""Colour transfer: give the person the colour mood of the background."""

import cv2
import numpy as np

from pocketmatte.filters.base import check_layers, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 128  # statistics are taken at this size
_STRIP = 64  # rows recoloured together: in each, only where the person is


def color_transfer(
    foreground: np.ndarray,
    alpha: np.ndarray,
    background: np.ndarray,
    *,
    strength: float = 0.5,
    limit: float = 1.5,
) -> np.ndarray:
    """Match mean and spread of the foreground's colours to the background's.

    Reinhard et al. 2001, "Color Transfer between Images", in CIE Lab, with the foreground's
    statistics weighted by alpha.

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    strength: 0 keeps the foreground, 1 is Reinhard's transfer.
    limit: the spread changes at most by this factor either way. Before a plain colour the
    unlimited transfer would flatten the person to a silhouette.
    Returns the new foreground, RGB uint8, HWC, unchanged where alpha is 0 around the person.
    """
    check_layers(foreground, alpha, background)
    check_range("strength", strength, 0, 1)
    check_range("limit", limit, 1, 100)
    box = cv2.boundingRect((alpha > 0).view(np.uint8))
    if strength == 0 or 0 in box[2:]:
        return foreground
    left, top, width, height = box
    area = slice(top, top + height), slice(left, left + width)
    mean, spread = _statistics(foreground[area], alpha[area])
    goal_mean, goal_spread = _statistics(background, None)
    gain = np.clip(goal_spread / np.maximum(spread, 1e-3), 1 / limit, limit)

    levels = np.arange(256, dtype=np.float32)[:, None]
    moved = (levels - mean) * gain + goal_mean
    table = np.rint(np.clip(levels + strength * (moved - levels), 0, 255)).astype(np.uint8)
    result = foreground.copy()
    for start in range(top, top + height, _STRIP):
        rows = slice(start, min(start + _STRIP, top + height))
        used = np.flatnonzero(alpha[rows].max(axis=0))
        if used.size:
            strip = rows, slice(int(used[0]), int(used[-1]) + 1)
            lab = cv2.cvtColor(foreground[strip], cv2.COLOR_RGB2LAB)
            lab = cv2.LUT(lab, table[:, None, :])
            result[strip] = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return result


def _statistics(image: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of Lab (8-bit scale), each float (3,)."""
    scale = min(1.0, _SIDE / max(image.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in image.shape[:2])
    lab = cv2.cvtColor(shrink(image, size), cv2.COLOR_RGB2LAB)
    lab = lab.reshape(-1, 3).astype(np.float64)
    weights = None if weight is None else shrink(weight, size).reshape(-1) + 1e-9
    mean = np.average(lab, axis=0, weights=weights)
    return mean, np.sqrt(np.average((lab - mean) ** 2, axis=0, weights=weights))
