"""Keep the largest person; drop bystanders and islands."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_alpha, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 320  # the components are found at this size


def keep_largest(alpha: np.ndarray, *, share: float = 1.0) -> np.ndarray:
    """Clear everything that does not belong to the largest connected person.

    alpha: float32 [0, 1], HW.
    share: keep every component that is at least this share of the largest; 1 keeps one.
    Soft pixels belong to the nearest solid component, so the kept one loses none of its hair,
    wisps a little way off included.
    Returns alpha, float32 [0, 1], HW; unchanged where kept, 0 elsewhere.
    """
    check_alpha(alpha)
    check_range("share", share, 0, 1)
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    small = shrink(alpha, size)
    solid = (small > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count <= 2 and not ((small > 0) & (solid == 0)).any():
        return alpha
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = areas >= max(1, share * areas.max())
    if not kept.any():
        return alpha
    keep = _nearest(labels, solid, kept) & _attached(small, kept[labels])
    if keep.all():
        return alpha
    mask = cv2.resize(keep.view(np.uint8) * 255, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.copyTo(alpha, mask, np.zeros_like(alpha))


def _nearest(labels: np.ndarray, solid: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """True where the nearest solid component is a kept one."""
    _, zones = cv2.distanceTransformWithLabels(
        1 - solid, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    component_of_zone = np.zeros(zones.max() + 1, labels.dtype)
    component_of_zone[zones[solid > 0]] = labels[solid > 0]
    return kept[component_of_zone[zones]]


def _attached(small: np.ndarray, core: np.ndarray) -> np.ndarray:
    """True in the faint regions that hang together (gaps of 1 % bridged) with the core."""
    bridge = np.ones((2 * max(1, _SIDE // 100) + 1,) * 2, np.uint8)
    faint = cv2.dilate((small > 0.002).astype(np.uint8), bridge)
    _, regions = cv2.connectedComponents(faint)
    return np.isin(regions, np.unique(regions[core]))
