"""Seamless clone: meets the background at the edge, keeps detail, survives every border."""

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.alpha_blend import alpha_blend
from pocketmatte.filters.seamless_clone import seamless_clone


def disc(height=200, width=260, centre=(130, 100), radius=60):
    alpha = np.zeros((height, width), np.float32)
    cv2.circle(alpha, centre, radius, 1, -1, cv2.LINE_AA)
    return alpha


def plain(colour, height=200, width=260):
    return np.full((height, width, 3), colour, np.uint8)


def test_a_flat_colour_takes_the_background_s_flat_colour():
    """The membrane over a disc between two constants is their constant difference."""
    result = seamless_clone(plain((200, 60, 40)), disc(), plain((50, 90, 160)), strength=1)
    assert np.abs(result.astype(int) - (50, 90, 160)).max() <= 6


def test_half_strength_goes_half_way():
    result = seamless_clone(plain((200, 60, 40)), disc(), plain((100, 60, 140)), strength=0.5)
    inside = cv2.erode(disc(), np.ones((9, 9))) == 1
    assert np.abs(result[inside].astype(int) - (150, 60, 90)).max() <= 5


def test_detail_inside_survives_at_full_size():
    rng = np.random.default_rng(0)
    foreground = np.clip(plain((120, 120, 120)) + rng.normal(0, 25, (200, 260, 3)), 0, 255)
    foreground = foreground.astype(np.uint8)
    result = seamless_clone(foreground, disc(), plain((90, 130, 150)), strength=1)
    inside = cv2.erode(disc(), np.ones((15, 15))) == 1
    detail = foreground[inside].astype(float) - foreground[inside].mean(axis=0)
    kept = result[inside].astype(float) - result[inside].mean(axis=0)
    assert np.corrcoef(detail.ravel(), kept.ravel())[0, 1] > 0.97


def test_agrees_with_opencv_run_at_full_size():
    rng = np.random.default_rng(1)
    seeds = rng.integers(40, 216, (2, 5, 6, 3), dtype=np.uint8)
    foreground, background = (
        cv2.resize(s, (180, 150), interpolation=cv2.INTER_CUBIC) for s in seeds
    )
    alpha = disc(150, 180, (85, 80), 45)
    mask = (alpha > 0.5).astype(np.uint8) * 255
    x, y, w, h = cv2.boundingRect(mask)
    expected = cv2.seamlessClone(
        foreground, background, mask, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE
    )
    result = seamless_clone(foreground, alpha, background, strength=1)
    inside = cv2.erode(alpha, np.ones((7, 7))) == 1
    difference = np.abs(result[inside].astype(int) - expected[inside])
    untouched = np.abs(foreground[inside].astype(int) - expected[inside])
    assert difference.mean() < 3 < untouched.mean()


def test_the_person_stays_in_place(layers):
    """Against its own picture as background, the clone changes nothing anywhere."""
    image, alpha, _ = layers
    difference = np.abs(seamless_clone(image, alpha, image, strength=1).astype(int) - image)
    assert difference.mean() < 1.5 and np.percentile(difference, 99) < 12


@pytest.mark.parametrize(
    "centre", [(130, 199), (0, 100), (259, 100), (130, 0), (0, 0), (259, 199), (130, 190)]
)
def test_a_person_cut_by_the_frame_has_no_seam_there(centre):
    """Two flat colours again: also at the frame's edge the change is the whole difference."""
    alpha = disc(centre=centre, radius=90)
    result = seamless_clone(plain((180, 70, 50)), alpha, plain((70, 110, 150)), strength=1)
    assert np.abs(result.astype(int) - (70, 110, 150)).max() <= 8


def test_a_person_from_side_to_side():
    alpha = np.zeros((200, 260), np.float32)
    alpha[80:] = 1
    result = seamless_clone(plain((180, 70, 50)), alpha, plain((70, 110, 150)), strength=1)
    assert np.abs(result.astype(int) - (70, 110, 150)).max() <= 8


@pytest.mark.parametrize("value", [0, 1])
def test_an_empty_or_full_matte_is_plain_blending(layers, value):
    foreground, alpha, background = layers
    even = np.full_like(alpha, value)
    result = seamless_clone(foreground, even, background)
    assert (result == (foreground if value else background)).all()


def test_strength_zero_is_alpha_blending(layers):
    assert (seamless_clone(*layers, strength=0) == alpha_blend(*layers)).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (1, 90), (90, 2), (5, 4), (700, 3)])
def test_tiny_sizes(noise_layers, size):
    for seed in range(5):
        result = seamless_clone(*noise_layers(*size, seed))
        assert result.shape == (*size, 3) and result.dtype == np.uint8


def test_specks_and_pixels_alone(noise_layers):
    foreground, _, background = noise_layers(60, 80)
    for y, x in ((0, 0), (59, 79), (30, 40), (0, 40)):
        alpha = np.zeros((60, 80), np.float32)
        alpha[y, x] = 1
        assert seamless_clone(foreground, alpha, background).shape == (60, 80, 3)


def test_clear_pixels_are_the_background_s(layers):
    _, alpha, background = layers
    assert (seamless_clone(*layers)[alpha == 0] == background[alpha == 0]).all()


def test_strength_out_of_range_is_refused(layers):
    with pytest.raises(PocketmatteError, match="strength"):
        seamless_clone(*layers, strength=1.5)
