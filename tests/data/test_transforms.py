"""Augmentation: picture and alpha move together, everything is seeded, ranges hold."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.data.transforms import random_degradation, random_tone, random_view, warp

sizes = st.tuples(st.integers(20, 200), st.integers(20, 200))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), sizes, sizes)
def test_picture_and_alpha_stay_aligned(seed, size, out):
    # given a picture whose red channel is its alpha
    rng = np.random.default_rng(seed)
    blob = cv2.resize(rng.integers(0, 256, (5, 5)).astype(np.uint8), size[::-1])
    rgba = np.dstack([blob, blob, blob, blob])
    # when a random view is taken of all four channels
    view = warp(rgba, random_view(rng, size, out, (0.8, 2.0)), out, cv2.BORDER_REFLECT_101)
    # then they are still equal, and of the asked size
    assert view.shape == (*out, 4)
    assert np.array_equal(view[..., 0], view[..., 3])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_same_seed_gives_the_same_picture(seed):
    image = np.random.default_rng(1).integers(0, 256, (40, 30, 3)).astype(np.uint8)

    def run():
        rng = np.random.default_rng(seed)
        return random_degradation(rng, random_tone(rng, image))

    first = run()
    assert first.dtype == np.uint8 and first.shape == image.shape
    assert np.array_equal(first, run())


def test_warp_with_the_identity_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    view = np.array([[1.0, 0, 0], [0, 1, 0]])
    assert np.array_equal(warp(image, view, (30, 40), cv2.BORDER_REFLECT_101), image)


def test_strong_shrinking_averages_instead_of_skipping_pixels():
    # given a fine checkerboard, whose mean is 127.5
    board = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    view = np.array([[1 / 8, 0, -7 / 16], [0, 1 / 8, -7 / 16]])
    small = warp(board, view, (32, 32), cv2.BORDER_REFLECT_101)
    assert abs(float(small[4:-4, 4:-4].mean()) - 127.5) < 2 and small[4:-4, 4:-4].std() < 4


def test_shrinking_does_not_shift_the_picture():
    # given a disc in the middle of a large picture
    disc = np.zeros((400, 400), np.uint8)
    cv2.circle(disc, (200, 200), 80, 255, -1)
    view = np.array([[0.1, 0, 20 - 0.1 * 200], [0, 0.1, 20 - 0.1 * 200]])
    small = warp(disc, view, (41, 41), cv2.BORDER_CONSTANT).astype(float)
    rows, cols = np.indices(small.shape)
    assert abs((rows * small).sum() / small.sum() - 20) < 0.05
    assert abs((cols * small).sum() / small.sum() - 20) < 0.05


def test_zoom_one_shows_the_whole_picture_within_jitter():
    # given many views at zoom 1 of a picture with the view's aspect
    rng = np.random.default_rng(3)
    corners = np.array([[0, 0, 1], [99, 0, 1], [0, 79, 1], [99, 79, 1]]).T
    spread = [random_view(rng, (80, 100), (80, 100), (1.0, 1.0)) @ corners for _ in range(200)]
    widths = [np.ptp(points[0]) for points in spread]
    assert 85 < np.median(widths) < 120


def test_tone_changes_brightness_both_ways():
    image = np.full((8, 8, 3), 120, np.uint8)
    means = [random_tone(np.random.default_rng(seed), image).mean() for seed in range(100)]
    assert min(means) < 90 and max(means) > 150
