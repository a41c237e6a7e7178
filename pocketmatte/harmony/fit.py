"""From two pictures of one person to the colour matrix and gain map between them."""

from __future__ import annotations

import cv2
import numpy as np

_CELLS = 12  # of the gain map, along the longer side
_RIDGE = 1e-4
_MOST = 1.5  # logarithm of the largest gain, either way
_LEVEL = 4 / 255  # darker than this, ratios say nothing


def fit_change(
    before: np.ndarray, after: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The affine map of RGB, and then the smooth gain, that lead from one picture to the other.

    before, after: RGB float32 HWC in [0, 1]. alpha: float32 HW in [0, 1], what counts.
    Returns the matrix less the identity, float32 [3, 4], by least squares with a small ridge
    toward no change; and the logarithms of the gains, float32 [h, w, 3].
    """
    points = before.reshape(-1, 3).astype(np.float64)
    points = np.column_stack([points, np.ones(len(points))])
    weighted = points * alpha.reshape(-1, 1)
    normal = points.T @ weighted + _RIDGE * float(alpha.sum()) * np.eye(4)
    change = np.linalg.solve(normal, weighted.T @ (after - before).reshape(-1, 3)).T
    moved = (points @ (change + np.eye(3, 4)).T).reshape(before.shape).clip(0, 1)
    return change.astype(np.float32), _gain(moved.astype(np.float32), after, alpha)


def _gain(moved: np.ndarray, after: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Ratio of blurred colours over the person, carried on where nobody is."""
    height, width = alpha.shape
    scale = _CELLS / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))

    def mean(layer: np.ndarray) -> np.ndarray:
        cells = cv2.resize(layer * alpha[..., None], size, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(cells, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)

    weight = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    weight = cv2.GaussianBlur(weight, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE)[..., None]
    floor = _LEVEL * weight + 1e-6
    gain = np.log((mean(after) + floor) / (mean(moved) + floor)).clip(-_MOST, _MOST)
    # cells with little of the person follow their neighbours
    near = cv2.GaussianBlur(gain * weight, (0, 0), 2) / cv2.GaussianBlur(
        weight + 1e-6, (0, 0), 2
    ).reshape(weight.shape)
    trust = np.clip(weight / 0.2, 0, 1)
    return (gain * trust + near * (1 - trust)).astype(np.float32)
