"""Close small holes inside the person."""

import cv2
import numpy as np

from pocketmatte.filters.checks import check_alpha, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 320  # the holes are found at this size


def fill_holes(alpha: np.ndarray, *, share: float = 0.02) -> np.ndarray:
    """Make small holes solid: clear or soft areas that the person encloses completely.

    alpha: float32 [0, 1], HW.
    share: fill holes up to this share of the person's area. Larger ones are taken for real
    (the room seen between arm and body) and stay.
    Returns alpha, float32 [0, 1], HW; never smaller than the alpha given.
    """
    check_alpha(alpha)
    check_range("share", share, 0, 1)
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    small = shrink(alpha, size)
    # "enclosed" is judged on nearly solid pixels, so that the soft rim goes with its hole
    open_area = (small < 0.95).astype(np.uint8)
    framed = cv2.copyMakeBorder(open_area, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    framed[0], framed[-1], framed[:, 0], framed[:, -1] = 1, 1, 1, 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(framed, connectivity=4)
    largest = share * float((small > 0.5).sum())
    small_hole = stats[:, cv2.CC_STAT_AREA] <= largest
    small_hole[[0, labels[0, 0]]] = False
    if count <= 2 or not small_hole.any():
        return alpha
    holes = small_hole[labels][1:-1, 1:-1].astype(np.float32)
    filled = cv2.dilate(holes, np.ones((3, 3), np.uint8))
    return np.maximum(alpha, cv2.resize(filled, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR))
