"""Alpha from planes: what `refine` and `Polish` give from RGB, at a part of the work."""

import cv2
import numpy as np
import pytest

from pocketmatte.matting.edge_model import edge_model
from pocketmatte.matting.plane_alpha import PlaneAlpha
from pocketmatte.matting.planes import Planes
from pocketmatte.matting.polish import Past, Polish
from pocketmatte.matting.refine import refine

SHAPE, GRID = (238, 362), (60, 90)


def portrait(x=180, seed=0):
    """A disc before a busy room that went through planes: RGB, planes, its alpha at the grid."""
    rng = np.random.default_rng(seed)
    room = cv2.resize(rng.integers(0, 100, (9, 14, 3), dtype=np.uint8), SHAPE[::-1])
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    alpha = np.clip((100 - np.hypot(rows - 130, cols - x)) / 8 + 0.5, 0, 1).astype(np.float32)
    person = np.float32((230, 170, 140))
    mixed = alpha[..., None] * person + (1 - alpha[..., None]) * room
    planes = Planes.of_rgb(np.rint(mixed).astype(np.uint8))
    return planes.rgb(), planes, cv2.resize(alpha, GRID[::-1], interpolation=cv2.INTER_AREA)


def updated(alpha, image, planes, coarse, past=None):
    small = cv2.resize(image, GRID[::-1], interpolation=cv2.INTER_AREA)
    alpha.update(edge_model(coarse.copy(), small, trust=0.5), planes, past)
    return refine(coarse.copy(), image, trust=0.5, small=small)


def test_it_equals_refinement_in_rgb():
    image, planes, coarse = portrait()
    alpha = PlaneAlpha(SHAPE)

    long, _ = updated(alpha, image, planes, coarse)

    difference = np.abs(alpha.map - long)
    assert difference.max() < 0.03 and difference.mean() < 5e-4  # RGB was cut to 0..255


def test_every_pixel_is_soft_solid_or_clear():
    image, planes, coarse = portrait()
    alpha = PlaneAlpha(SHAPE)
    updated(alpha, image, planes, coarse)

    solid, soft = alpha.solid[0] > 0, np.zeros(SHAPE, bool)
    for blocks, packed in alpha.soft:
        blocks.write(soft, True)
        assert np.array_equal(blocks.read(alpha.map), packed)
    assert (alpha.map[solid & ~soft] == 1).all() and (alpha.map[~solid & ~soft] == 0).all()
    assert solid.mean() > 0.1 and 0.1 < soft.mean() < 0.6


def test_the_map_holds_nothing_of_frames_gone_by():
    alpha = PlaneAlpha(SHAPE)
    for index in range(4):
        image, planes, coarse = portrait(90 + 60 * index)
        updated(alpha, image, planes, coarse)

    fresh = PlaneAlpha(SHAPE)
    updated(fresh, image, planes, coarse)
    assert np.array_equal(alpha.map, fresh.map)


@pytest.mark.parametrize("moved", [False, True])
def test_the_past_counts_as_in_polish(moved):
    alpha, polish = PlaneAlpha(SHAPE), Polish()
    flow = np.zeros((*GRID, 2), np.float32)
    flow[..., 0] = -1.5 if moved else 0
    past = Past(np.full(GRID, 0.7, np.float32), flow)
    for index in range(3):
        image, planes, coarse = portrait(180 + 6 * index * moved, seed=index)
        kept = past if index else None
        long, soft = updated(alpha, image, planes, coarse, kept)
        long = polish(long, kept, soft)

    difference = np.abs(alpha.map - long)
    assert difference.max() < 0.03 and difference.mean() < 5e-4


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_or_full_frame_needs_no_tile(value):
    image, planes, _ = portrait()
    alpha = PlaneAlpha(SHAPE)

    updated(alpha, image, planes, np.full(GRID, value, np.float32))

    assert not sum(blocks.tops.size for blocks, _ in alpha.soft) and (alpha.map == value).all()
