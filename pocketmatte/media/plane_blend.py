"""Compositing in planes: most of the picture is copied, only the soft edge is computed.

See `live_blend` for the formula.
"""

from __future__ import annotations

import cv2
import numpy as np

from pocketmatte.matting.blocks import doubled
from pocketmatte.matting.plane_alpha import PlaneAlpha
from pocketmatte.matting.planes import FROM_RGB, Planes
from pocketmatte.matting.preprocess import split

# the fourth channel is empty: four are sampled in half the time that three take
_CHANGES = np.vstack((FROM_RGB, np.zeros(3)))


def plane_blend(
    picture: Planes, alpha: PlaneAlpha, behind: Planes, difference: np.ndarray
) -> Planes:
    """Put the person of `picture` before `behind`.

    picture, behind: of alpha's size. difference: from `layer_difference`.
    Returns new planes; solid and clear pixels are copied bit for bit.
    """
    result = Planes(*(plane.copy() for plane in behind))
    full, half = alpha.solid
    for mask, source, target in zip((full, half, half), picture, result, strict=True):
        cv2.copyTo(source, mask, target)
    difference = cv2.transform(difference, _CHANGES)
    for blocks, weight in alpha.soft:
        half = blocks.half
        few = cv2.resize(weight, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        bright, *colours, _ = split(half.sample(difference))
        parts = (blocks, half, half), (weight, few, few), (doubled(bright), *colours)
        for part, share, change, *layers, plane in zip(
            *parts, picture, behind, result, strict=True
        ):
            part.write(plane, _mix(*map(part.read, layers), share, change))
    return result


def _mix(person: np.ndarray, room: np.ndarray, weight: np.ndarray, change: np.ndarray):
    """Blend packed pixels. Overwrites `change`."""
    room = room.astype(np.float32)
    change *= 1 - weight
    change += person
    change -= room
    change *= weight
    return cv2.add(change, room, dtype=cv2.CV_8U)
