"""Tiles: the soft edge once; and the same pixels as without tiles."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.matting.tiles import band_rectangles, sample


@settings(max_examples=50, deadline=None)
@given(st.integers(20, 500), st.integers(20, 500), st.integers(0, 999))
def test_rectangles_cover_the_band_once(height, width, seed):
    band = np.random.default_rng(seed).random((13, 17)) > 0.9
    count = np.zeros((height, width), int)
    for area in band_rectangles(band, (height, width)):
        count[area] += 1
    needed = cv2.resize(band.astype(np.float32), (width, height)) > 0
    assert count.max() <= 1 and (count[needed] == 1).all()


def test_a_sample_is_a_part_of_the_whole_enlarged():
    small = np.random.default_rng(0).random((24, 32)).astype(np.float32)
    whole = cv2.resize(small, (200, 150), interpolation=cv2.INTER_LINEAR)

    part = sample(small, (slice(40, 90), slice(110, 200)), (150, 200))

    assert np.abs(part - whole[40:90, 110:200]).max() < 0.03  # OpenCV rounds to 1/32 pixel
