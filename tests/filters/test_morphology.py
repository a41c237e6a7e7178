"""Opening and closing: specks and pinholes go, the body and its hair stay."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.morphology import morphology


def body():
    alpha = np.zeros((200, 300), np.float32)
    cv2.ellipse(alpha, (120, 130), (60, 90), 0, 0, 360, 1, -1)
    return cv2.GaussianBlur(alpha, (0, 0), 1.5)


def test_specks_away_from_the_body_go():
    alpha = body()
    clean = alpha.copy()
    for y, x in ((20, 260), (100, 250), (180, 280)):
        cv2.circle(alpha, (x, y), 2, 1, -1)
    assert np.abs(morphology(alpha) - clean).max() < 0.005


def test_pinholes_in_the_body_are_closed():
    alpha = body()
    clean = alpha.copy()
    for y, x in ((130, 120), (100, 100), (160, 140)):
        cv2.circle(alpha, (x, y), 2, 0, -1)
    assert np.abs(morphology(alpha) - clean).max() < 0.005


def test_one_pixel_hair_at_the_body_stays():
    alpha = body()
    for x in range(80, 160, 8):
        cv2.line(alpha, (x, 60), (x - 3, 36), 0.8, 1, cv2.LINE_AA)
    kept = morphology(alpha)
    assert np.abs(kept - alpha)[33:].max() < 0.005


def test_a_clean_matte_is_left_alone(portrait):
    alpha = body()
    assert (morphology(alpha, close=0) == alpha).all()
    assert np.abs(morphology(alpha) - alpha).max() < 1e-6
    assert np.abs(morphology(portrait[1]) - portrait[1]).mean() < 0.004


def test_radius_zero_does_nothing():
    noise = np.random.default_rng(0).random((50, 60), dtype=np.float32)
    assert (morphology(noise, open=0, close=0) == noise).all()


def test_a_person_at_the_frame_is_not_eaten():
    alpha = np.zeros((100, 100), np.float32)
    alpha[60:, 30:70] = 1
    assert np.abs(morphology(alpha, open=5, close=5) - alpha).max() < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 6), st.integers(0, 99))
def test_opening_only_lowers_and_closing_only_raises(height, width, radius, seed):
    alpha = np.random.default_rng(seed).random((height, width), dtype=np.float32)
    opened = morphology(alpha, open=radius, close=0)
    closed = morphology(alpha, open=0, close=radius)
    assert (opened <= alpha + 1e-6).all() and (closed >= alpha - 1e-6).all()
    assert opened.min() >= 0 and closed.max() <= 1


def test_options_out_of_range_are_refused():
    with pytest.raises(PocketmatteError, match="open=-1"):
        morphology(body(), open=-1)
    with pytest.raises(PocketmatteError, match="alpha is uint8"):
        morphology(np.zeros((4, 4), np.uint8))
