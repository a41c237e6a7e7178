"""Fill holes: small enclosed ones become solid, real openings stay."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.fill_holes import fill_holes


def body(height=300, width=400):
    alpha = np.zeros((height, width), np.float32)
    cv2.ellipse(alpha, (200, 200), (110, 160), 0, 0, 360, 1, -1)
    return cv2.GaussianBlur(alpha, (0, 0), 1.5)


@pytest.mark.parametrize("depth", [0.0, 0.4, 0.7])
def test_a_small_hole_becomes_solid_rim_included(depth):
    hole = np.ones((300, 400), np.float32)
    cv2.circle(hole, (180, 180), 9, depth, -1)
    alpha = body() * cv2.GaussianBlur(hole, (0, 0), 2)
    result = fill_holes(alpha)
    assert result[150:210, 150:210].min() > 0.94
    assert np.abs(result - body()).max() < 0.08


def test_the_gap_between_arm_and_body_stays():
    alpha = body()
    cv2.circle(alpha, (200, 200), 40, 0, -1)
    assert (fill_holes(alpha) == alpha).all()
    assert fill_holes(alpha, share=0.2)[200, 200] == 1


def test_a_hole_open_to_the_room_stays():
    alpha = body()
    cv2.line(alpha, (60, 200), (200, 200), 0, 5)
    assert (fill_holes(alpha) == alpha).all()


def test_a_notch_at_the_frame_stays():
    alpha = np.ones((300, 400), np.float32)
    alpha[290:, 200:206] = 0
    assert (fill_holes(alpha) == alpha).all()


def test_no_hole_an_empty_and_a_full_matte_stay():
    for alpha in (body(), body() * 0, body() * 0 + 1):
        assert (fill_holes(alpha) == alpha).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.integers(0, 99))
def test_never_lowers_and_never_leaves_the_range(height, width, share, seed):
    rng = np.random.default_rng(seed)
    alpha = np.clip(rng.normal(0.8, 0.5, (height, width)), 0, 1).astype(np.float32)
    result = fill_holes(alpha, share=share)
    assert (result >= alpha).all() and result.max() <= 1


def test_share_out_of_range_is_refused():
    with pytest.raises(PocketmatteError, match="share"):
        fill_holes(body(), share=-0.1)
