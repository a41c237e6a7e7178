"""Far from the outline a pixel is person or not, and a doubtful island is nobody."""

import math

import cv2
import numpy as np

# of somebody really there, some part is beyond doubt (at least 0.999 on every validation picture)
_SURE = 0.8
# where the room shows through a body, some part of it is clear
_BARE = 0.3


def solidify(alpha: np.ndarray, reach: float = 6.0) -> np.ndarray:
    """Clear the veil over the background and the holes in the body of a network's alpha.

    A network that doubts gives a flag at the wall 0.2 and a helmet 0.8; true soft alpha, hair and
    blur, lies near the outline (alpha 0.5). Up to `reach` from it alpha is kept, from there to
    twice as far it fades to 0 outside and to 1 inside.

    Two thresholds say whose outline it is (hysteresis, Canny 1986): a part above 0.5 is a person if
    some of it is above 0.8, and a hole is one if some of it is below 0.3. Elsewhere alpha a counts
    as 1 - a.

    alpha: float32 HW in [0, 1], at the network's grid.
    reach: grid pixels.
    Returns float32 HW, zeros if nobody is there for sure.
    """
    parts = (alpha > 0.5).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(parts)
    # beyond twice the reach from all of the person nothing is left: no distance is needed there
    margin = math.ceil(2 * reach) + 1
    near = (
        slice(max(0, top - margin), top + height + margin),
        slice(max(0, left - margin), left + width + margin),
    )
    result = np.zeros(alpha.shape, np.float32)
    alpha, parts = alpha[near], parts[near]
    person = _filled(_holding(parts, alpha > _SURE), alpha < _BARE)
    alpha = cv2.absdiff(alpha, cv2.absdiff(person, parts).astype(np.float32))
    outside = cv2.distanceTransform(1 - person, cv2.DIST_L2, 3)
    inside = cv2.distanceTransform(person, cv2.DIST_L2, 3)
    keep = np.clip(2 - np.maximum(outside, inside) / reach, 0, 1)
    result[near] = person + (alpha - person) * keep
    return result


def _holding(parts: np.ndarray, sure: np.ndarray, connectivity: int = 8) -> np.ndarray:
    """The connected parts (uint8, 0 and 1) that hold a pixel of `sure`."""
    count, labels = cv2.connectedComponents(parts, connectivity=connectivity)
    kept = np.zeros(count, np.uint8)
    kept[labels[sure]] = 1
    kept[0] = 0
    return parts if kept.sum() == count - 1 else kept.take(labels)


def _filled(person: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """The person without the holes that hold no pixel of `bare`. Overwrites `bare`."""
    bare[[0, -1]] = True  # what reaches the border is no hole
    bare[:, [0, -1]] = True
    return 1 - _holding(1 - person, bare, connectivity=4)
