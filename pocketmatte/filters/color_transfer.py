"""Colour transfer: give the person the colour mood of the background."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_layers, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 128  # the transfer is worked out at this size


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
    statistics weighted by alpha. The transfer is computed on a small picture; the full one gets
    the affine map of RGB that fits it best (least squares). At the default strength the two
    differ by about 2 levels of 255, and the map is 25 times faster than the way through Lab.

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    strength: 0 keeps the foreground, 1 is Reinhard's transfer.
    limit: the spread changes at most by this factor either way. Before a plain colour the
    unlimited transfer would flatten the person to a silhouette.
    Returns the new foreground, RGB uint8, HWC.
    """
    check_layers(foreground, alpha, background)
    check_range("strength", strength, 0, 1)
    check_range("limit", limit, 1, 100)
    colours, weights = _samples(foreground), _samples(alpha)
    if strength == 0 or not weights.any():
        return foreground
    lab = _to_lab(colours)
    mean, spread = _statistics(lab, weights)
    goal_mean, goal_spread = _statistics(_to_lab(_samples(background)), None)
    gain = np.clip(goal_spread / np.maximum(spread, 1e-3), 1 / limit, limit)
    moved = lab + strength * ((lab - mean) * gain + goal_mean - lab)
    return cv2.transform(foreground, _affine(colours, _to_rgb(moved), weights))


def _samples(layer: np.ndarray) -> np.ndarray:
    """The pixels of a small copy, float32 in [0, 1]: (N, 3) of a picture, (N,) of an alpha."""
    scale = min(1.0, _SIDE / max(layer.shape[:2]))
    small = shrink(layer, tuple(max(1, round(side * scale)) for side in layer.shape[:2]))
    if layer.ndim == 2:
        return small.reshape(-1)
    return small.reshape(-1, 3).astype(np.float32) / 255


def _to_lab(colours: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(colours[None], cv2.COLOR_RGB2LAB)[0]


def _to_rgb(lab: np.ndarray) -> np.ndarray:
    return np.clip(cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0], 0, 1)


def _statistics(lab: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and standard deviation, each (3,)."""
    mean = np.average(lab, axis=0, weights=weights)
    return mean, np.sqrt(np.average((lab - mean) ** 2, axis=0, weights=weights))


def _affine(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The 3x4 matrix that maps source to target best, for pixels of 0 to 255.

    It is the identity plus a correction with a small ridge, so few colours do no harm.
    """
    points = np.column_stack((source, np.ones(len(source)))).astype(np.float64)
    weighted = points * weights[:, None]
    normal = points.T @ weighted + 1e-4 * weights.sum() * np.eye(4)
    matrix = np.linalg.solve(normal, weighted.T @ (target - source)).T
    matrix[:, :3] += np.eye(3)
    matrix[:, 3] *= 255
    return matrix
