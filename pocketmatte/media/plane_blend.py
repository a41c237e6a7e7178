"""Compositing in planes: most of the picture is copied, only the soft edge is computed.

See `live_blend` for the formula.
"""

from __future__ import annotations

import cv2
import numpy as np

from pocketmatte.matting.plane_alpha import PlaneAlpha
from pocketmatte.matting.planes import FROM_RGB, Planes
from pocketmatte.matting.tiles import Tile


def plane_blend(
    picture: Planes, alpha: PlaneAlpha, behind: Planes, difference: np.ndarray
) -> Planes:
    """Put the person of `picture` before `behind`.

    picture, behind: of alpha's size. difference: from `layer_difference`.
    Returns new planes; solid and clear pixels are copied bit for bit.
    """
    result = Planes.empty(*picture.shape)
    for source, areas in ((picture, alpha.solid), (behind, alpha.clear)):
        for area in areas:
            half = Tile(area, picture.shape).half
            result.y[area] = source.y[area]
            result.u[half] = source.u[half]
            result.v[half] = source.v[half]
    difference = cv2.transform(difference, FROM_RGB)
    for tile in alpha.soft:
        change = cv2.split(tile.sample(difference))
        weight = alpha.map[tile.area]
        few = cv2.resize(weight, _size(tile.half), interpolation=cv2.INTER_AREA)
        place = tile.area
        result.y[place] = _mix(picture.y[place], behind.y[place], weight, tile.full(change[0]))
        place = tile.half
        result.u[place] = _mix(picture.u[place], behind.u[place], few, tile.inner(change[1]))
        result.v[place] = _mix(picture.v[place], behind.v[place], few, tile.inner(change[2]))
    return result


def _mix(person: np.ndarray, room: np.ndarray, weight: np.ndarray, change: np.ndarray):
    rest = 1 - weight
    mixed = cv2.blendLinear(person, room, weight, rest)
    rest *= weight
    rest *= change
    return cv2.add(mixed, rest, dtype=cv2.CV_8U)


def _size(area) -> tuple[int, int]:
    """(width, height)"""
    rows, cols = area
    return cols.stop - cols.start, rows.stop - rows.start
