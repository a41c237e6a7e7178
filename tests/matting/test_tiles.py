"""Tiles: the soft edge once, the rest once; and the same pixels as without tiles."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.matting.tiles import Tile, band_rectangles, between, sample


@settings(max_examples=50, deadline=None)
@given(st.integers(20, 500), st.integers(20, 500), st.integers(0, 999))
def test_rectangles_cover_the_band_once(height, width, seed):
    band = np.random.default_rng(seed).random((13, 17)) > 0.9
    count, rest = np.zeros((2, height, width), int)
    for rows, cols in band_rectangles(band, (height, width)):
        assert rows.start % 2 == cols.start % 2 == 0
        count[rows, cols] += 1
    for area in between(band, (height, width)):
        rest[area] += 1
    needed = cv2.resize(band.astype(np.float32), (width, height)) > 0
    assert (count + rest == 1).all()
    assert (count[needed] == 1).all()


def test_a_sample_is_a_part_of_the_whole_enlarged():
    small = np.random.default_rng(0).random((24, 32)).astype(np.float32)
    whole = cv2.resize(small, (200, 150), interpolation=cv2.INTER_LINEAR)

    part = sample(small, (slice(40, 90), slice(110, 200)), (150, 200))

    assert np.abs(part - whole[40:90, 110:200]).max() < 0.03  # OpenCV rounds to 1/32 pixel


@pytest.mark.parametrize("shape", [(150, 200), (151, 199)])
@pytest.mark.parametrize(
    "corner", [(0, 0), (40, 110), (96, 120)], ids=["first", "inside", "at the far border"]
)
def test_a_tile_enlarges_as_the_whole_picture_does(shape, corner):
    small = np.random.default_rng(0).random((24, 32)).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), 1.5)  # as slopes are, which are means
    half = tuple((side + 1) // 2 for side in shape)
    area = tuple(slice(at, min(at + 60, side)) for at, side in zip(corner, shape, strict=True))
    tile = Tile(area, shape)

    whole = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.abs(tile.full(tile.sample(small)) - whole[area]).max() < 0.02

    plane = np.random.default_rng(1).random(half).astype(np.float32)
    whole = cv2.resize(plane, (2 * half[1], 2 * half[0]), interpolation=cv2.INTER_LINEAR)
    assert np.abs(tile.full(plane[tile.around]) - whole[area]).max() < 1e-5
    assert np.array_equal(tile.inner(plane[tile.around]), plane[tile.half])
