"""Blending in planes equals blending in RGB."""

import cv2
import numpy as np
import pytest

from pocketmatte.matting.edge_model import edge_model
from pocketmatte.matting.plane_alpha import PlaneAlpha
from pocketmatte.matting.planes import Planes
from pocketmatte.matting.refine import refine
from pocketmatte.media.live_blend import layer_difference, live_blend
from pocketmatte.media.plane_blend import plane_blend

SHAPE, GRID = (240, 362), (80, 120)


@pytest.fixture(scope="module")
def layers():
    """A disc before a plain room, in planes; and a background of slow changes."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    true = np.clip((90 - np.hypot(rows - 130, cols - 180)) / 12 + 0.5, 0, 1).astype(np.float32)
    mixed = true[..., None] * np.float32((200, 120, 70)) + (1 - true[..., None]) * (30, 160, 90)
    few = np.random.default_rng(0).integers(40, 200, (4, 6, 3), dtype=np.uint8)
    behind = cv2.resize(few, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    coarse = cv2.resize(true, GRID[::-1], interpolation=cv2.INTER_AREA)
    return Planes.of_rgb(np.rint(mixed).astype(np.uint8)), Planes.of_rgb(behind), coarse


def test_it_equals_the_way_in_rgb(layers):
    picture, behind, coarse = layers
    small = picture.shrunk(GRID)
    alpha = PlaneAlpha(SHAPE)
    alpha.update(edge_model(coarse.copy(), small), picture, None)
    difference = layer_difference(small, coarse)

    quick = plane_blend(picture, alpha, behind, difference)

    full, soft = refine(coarse, picture.rgb(), small=small)
    slow = Planes.of_rgb(live_blend(picture.rgb(), full, behind.rgb(), difference, soft))
    for one, other in zip(quick, slow, strict=True):
        gap = cv2.absdiff(one, other)
        assert gap.mean() < 0.5 and gap.max() <= 8


def test_solid_and_clear_pixels_are_copied(layers):
    picture, behind, coarse = layers
    alpha = PlaneAlpha(SHAPE)
    alpha.update(edge_model(coarse.copy(), picture.shrunk(GRID)), picture, None)
    before = [plane.copy() for plane in (*picture, *behind)]

    out = plane_blend(picture, alpha, behind, np.zeros((20, 30, 3), np.float32))

    solid, soft = alpha.solid[0] > 0, np.zeros(SHAPE, bool)
    for blocks, _ in alpha.soft:
        blocks.write(soft, True)
    for area, source in ((solid & ~soft, picture), (~solid & ~soft, behind)):
        assert area.any() and np.array_equal(out.y[area], source.y[area])
    assert all(map(np.array_equal, before, (*picture, *behind)))
