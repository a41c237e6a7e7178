import cv2
import numpy as np
import pytest

from pocketmatte.filters.alpha_blend import alpha_blend
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.refine import refine
from pocketmatte.media.live_blend import layer_difference, live_blend, live_foreground

SHAPE, GRID = (240, 360), (80, 120)
PERSON, ROOM = (200, 120, 70), (30, 160, 90)


@pytest.fixture(scope="module")
def layers():
    """A disc before a plain room, mixed as light mixes: image, alpha, soft rectangles, F - B."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    true = np.clip((80 - np.hypot(rows - 130, cols - 180)) / 12 + 0.5, 0, 1).astype(np.float32)
    mixed = true[..., None] * np.float32(PERSON) + (1 - true[..., None]) * np.float32(ROOM)
    image = np.rint(mixed).astype(np.uint8)
    coarse, small = shrink(true, GRID), shrink(image, GRID)
    alpha, soft = refine(coarse, image, small=small)
    return image, alpha, soft, layer_difference(small, coarse)


def test_the_room_s_colour_leaves_the_soft_edge(layers):
    image, alpha, soft, difference = layers

    foreground = live_foreground(image, alpha, difference, soft)

    edge = (alpha > 0.1) & (alpha < 0.9)
    wrong = np.abs(image[edge].astype(int) - PERSON).mean()
    assert np.abs(foreground[edge].astype(int) - PERSON).mean() < 0.15 * wrong
    assert np.array_equal(foreground[alpha == 1], image[alpha == 1])


def test_the_short_way_equals_foreground_then_blending(layers):
    image, alpha, soft, difference = layers
    behind = np.random.default_rng(0).integers(0, 256, image.shape, dtype=np.uint8)

    short = live_blend(image, alpha, behind, difference, soft)

    foreground = live_foreground(image, alpha, difference, soft)
    long = alpha_blend(foreground, alpha, behind)
    # the long way rounds the foreground, and cuts it to 0..255, before it blends
    assert np.abs(short.astype(int) - long).max() <= 3
    assert np.abs(short.astype(int) - long).mean() < 0.1
    assert np.array_equal(short[alpha == 0], behind[alpha == 0])
    assert np.array_equal(short[alpha == 1], image[alpha == 1])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_without_a_soft_edge_a_layer_is_copied(value):
    image = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    alpha = np.full(SHAPE, value, np.float32)
    behind = cv2.flip(image, 1)

    out = live_blend(image, alpha, behind, np.zeros((40, 60, 3), np.float32), [])

    assert np.array_equal(out, image if value else behind)


def test_the_layers_are_not_written_into(layers):
    image, alpha, soft, difference = layers
    behind = np.full_like(image, 90)
    before = image.copy(), alpha.copy(), behind.copy(), difference.copy()

    live_blend(image, alpha, behind, difference, soft)
    live_foreground(image, alpha, difference, soft)

    after = (image, alpha, behind, difference)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
