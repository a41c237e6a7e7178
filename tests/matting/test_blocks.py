"""Blocks: every pixel that a soft edge needs, and the same pixels as in the whole picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.matting.blocks import BlockGrid, doubled

SHAPE = 150, 214


@pytest.fixture(scope="module")
def some():
    """Squares here and there, the overlapping last ones too."""
    grid = BlockGrid(SHAPE)
    chosen = np.random.default_rng(0).random((5, 7)) > 0.4
    chosen[-1, -1] = True
    return grid.blocks(chosen)


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(1).random(SHAPE).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 250), st.integers(1, 250), st.integers(0, 999))
def test_squares_cover_the_band(height, width, seed):
    shape = 2 * height, 2 * width
    grid = BlockGrid(shape)
    band = np.random.default_rng(seed).random((13, 17)) > 0.95

    covered = np.zeros(shape, bool)
    grid.blocks(grid.holds(band)).write(covered, True)

    assert covered[cv2.resize(band.astype(np.float32), shape[::-1]) > 0].all()


def test_what_is_read_can_be_written_back(some, picture):
    copy = np.zeros_like(picture)
    some.write(copy, some.read(picture))

    covered = np.zeros(SHAPE, bool)
    some.write(covered, True)
    assert np.array_equal(copy, np.where(covered, picture, 0))


def test_masks_are_where_the_squares_are():
    grid = BlockGrid((320, 320))
    chosen = np.random.default_rng(0).random((10, 10)) > 0.4
    full, half = np.zeros((320, 320), np.uint8), np.zeros((160, 160), np.uint8)
    grid.blocks(chosen).write(full, 1)
    grid.blocks(chosen).half.write(half, 1)

    assert all(map(np.array_equal, grid.masks(chosen), (full, half)))
    assert [mask.shape for mask in BlockGrid(SHAPE).masks(chosen[:5, :7])] == [SHAPE, (75, 107)]


def test_packs_hold_every_square_once(picture):
    grid = BlockGrid((320, 3200))
    everything = grid.blocks(np.ones((10, 100), bool))
    sums = np.zeros((320, 3200))
    packs = list(everything.packs())
    for pack in packs:
        pack.write(sums, pack.read(sums) + 1)
    assert len(packs) > 1 and (sums == 1).all()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_sample_is_a_part_of_the_whole_enlarged(some, channels):
    small = np.random.default_rng(2).random((24, 32, channels)).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), 1.5).reshape(24, 32, channels)
    whole = cv2.resize(small, SHAPE[::-1]).reshape(*SHAPE, channels)

    packed = some.sample(small).reshape(some.side, -1, channels)
    part = some.sample(small[3:, 5:], (3, 5), (24, 32)).reshape(packed.shape)
    coarse = doubled(some.half.sample(small)).reshape(packed.shape)

    inside = np.tile(some.tops > 60, (some.side, 1)).repeat(some.side, 1)
    inside &= np.tile(some.lefts > 60, (some.side, 1)).repeat(some.side, 1)
    for channel in range(channels):
        want = some.read(whole[..., channel].copy())
        assert np.abs(packed[..., channel] - want).max() < 0.02  # OpenCV rounds to 1/32 pixel
        assert np.abs(coarse[..., channel] - want).max() < 0.05
        assert np.abs(part[..., channel] - want)[inside].max() < 0.02


def test_enlarging_gives_a_part_of_the_whole_enlarged(some):
    plane = np.random.default_rng(3).random((SHAPE[0] // 2, SHAPE[1] // 2)).astype(np.float32)
    whole = cv2.resize(plane, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)

    assert np.abs(some.enlarged(some.around.read(plane)) - some.read(whole)).max() < 1e-5

    small = cv2.GaussianBlur(plane[:24, :32], (0, 0), 1.5)
    whole = cv2.resize(small, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.abs(some.enlarged(some.around.sample(small)) - some.read(whole)).max() < 0.02


def test_doubling_repeats_each_pixel_four_times(picture):
    assert np.array_equal(doubled(picture), picture.repeat(2, 0).repeat(2, 1))


def test_pixels_come_from_where_the_flow_points(some, picture):
    half = some.half.side, some.tops.size * some.half.side

    packed = some.moved(picture, np.full(half, 3, np.float32), np.full(half, -2, np.float32))

    rows = np.arange(SHAPE[0])[:, None] - 2
    cols = np.arange(SHAPE[1]) + 3
    want = picture[rows.clip(0, SHAPE[0] - 1), cols.clip(0, SHAPE[1] - 1)]
    assert np.abs(packed - some.read(want)).max() < 1e-5


def test_middles_are_the_grid_there(picture):
    grid = BlockGrid((64, 96))
    assert np.array_equal(grid.middles(picture[:64, :96]), picture[16:64:32, 16:96:32])
