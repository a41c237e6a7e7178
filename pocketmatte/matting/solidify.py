"""Far from the outline a pixel is person or not: doubts there are cleared."""

import math

import cv2
import numpy as np


def solidify(alpha: np.ndarray, reach: float = 6.0) -> np.ndarray:
    """Clear the veil over the background and the holes in the body of a network's alpha.

    A network that doubts gives a flag at the wall 0.2 and a helmet 0.8; true soft alpha, hair and
    blur, lies near the outline (alpha 0.5). Up to `reach` from it alpha is kept, from there to
    twice as far it fades to 0 outside and to 1 inside.

    alpha: float32 HW in [0, 1], at the network's grid.
    reach: grid pixels.
    Returns float32 HW. Which pixels are above 0.5 does not change.
    """
    person = (alpha > 0.5).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(person)
    # beyond twice the reach from all of the person nothing is left: no distance is needed there
    margin = math.ceil(2 * reach) + 1
    near = (
        slice(max(0, top - margin), top + height + margin),
        slice(max(0, left - margin), left + width + margin),
    )
    result = np.zeros(alpha.shape, np.float32)
    alpha, person = alpha[near], person[near]
    outside = cv2.distanceTransform(1 - person, cv2.DIST_L2, 3)
    inside = cv2.distanceTransform(person, cv2.DIST_L2, 3)
    keep = np.clip(2 - np.maximum(outside, inside) / reach, 0, 1)
    result[near] = person + (alpha - person) * keep
    return result
