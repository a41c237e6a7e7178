"""Foreground colours: none of the old background, exact where solid."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.foreground import estimate_foreground


def smooth_colours(rng, height, width, low, high):
    seeds = rng.uniform(low, high, (4, 5, 3)).astype(np.float32)
    return np.clip(cv2.resize(seeds, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255)


def scene(height=300, width=400, seed=0):
    """A dark foreground with a wide soft edge and strands, before a strong bright colour."""
    rng = np.random.default_rng(seed)
    alpha = np.zeros((height, width), np.float32)
    centre = (width // 2, height // 2)
    cv2.ellipse(alpha, centre, (width // 4, height // 4), 0, 0, 360, 1, -1)
    for angle in rng.uniform(0, 2 * np.pi, 150):
        direction = np.array([np.cos(angle) * width, np.sin(angle) * height])
        ends = [np.int32(centre + direction * k) for k in (0.2, rng.uniform(0.28, 0.4))]
        cv2.line(alpha, ends[0].tolist(), ends[1].tolist(), 1, 1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.5)
    alpha[alpha > 0.99] = 1
    alpha[alpha < 0.01] = 0
    foreground = smooth_colours(rng, height, width, (10, 20, 20), (110, 80, 60))
    background = smooth_colours(rng, height, width, (120, 160, 0), (180, 255, 60))
    mixed = foreground * alpha[..., None] + background * (1 - alpha[..., None])
    return np.rint(mixed).astype(np.uint8), alpha, foreground, background


def colour_error(estimate, truth, alpha):
    soft = (alpha > 0.05) & (alpha < 0.95)
    weight = alpha[soft][:, None]
    return float((np.abs(estimate[soft] - truth[soft]) * weight).sum() / weight.sum() / 3)


@pytest.mark.parametrize("seed", range(4))
def test_the_old_background_is_gone_from_soft_pixels(seed):
    image, alpha, foreground, _ = scene(seed=seed)
    before = colour_error(image.astype(np.float32), foreground, alpha)

    after = colour_error(estimate_foreground(image, alpha).astype(np.float32), foreground, alpha)

    assert before > 20  # the strong colour really shows in the picture
    assert after < 0.2 * before


def test_better_than_the_papers_two_blurs():
    """Forte and Pitie's own scheme, radii 90 and 6, written out."""
    image, alpha, foreground, _ = scene(600, 800, seed=1)
    a, picture = alpha[..., None], image.astype(np.float32)

    def fuse(fore, back, radius):
        size = (2 * radius + 1, 2 * radius + 1)
        weight = cv2.blur(alpha, size)[..., None]
        fore = cv2.blur(fore * a, size) / (weight + 1e-5)
        back = cv2.blur(back * (1 - a), size) / (1 - weight + 1e-5)
        return np.clip(fore + a * (picture - a * fore - (1 - a) * back), 0, 255), back

    published, _ = fuse(*fuse(picture, picture, 90), 6)
    ours = estimate_foreground(image, alpha).astype(np.float32)

    assert colour_error(ours, foreground, alpha) < colour_error(published, foreground, alpha)


def test_over_the_same_background_the_picture_comes_back():
    image, alpha, _, background = scene()
    a = alpha[..., None]
    again = estimate_foreground(image, alpha) * a + background * (1 - a)
    difference = np.abs(again - image)
    assert difference.mean() < 0.5
    assert np.percentile(difference, 99.5) < 12


def test_solid_pixels_are_the_picture_s_own_bit_for_bit():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (317, 423, 3), dtype=np.uint8)
    alpha = cv2.GaussianBlur((rng.random((317, 423)) > 0.5).astype(np.float32), (0, 0), 2)
    alpha = np.clip((alpha - 0.4) * 6, 0, 1)
    assert (alpha == 1).sum() > 1000

    result = estimate_foreground(image, alpha)

    assert (result[alpha == 1] == image[alpha == 1]).all()


def test_clear_pixels_hold_nothing_of_the_old_background():
    image, alpha, _, _ = scene()
    result = estimate_foreground(image, alpha)
    clear = alpha == 0
    assert image[clear][:, 1].min() > 140  # the old wall is bright green
    assert result[clear][:, 1].max() < 125  # the foreground never is


def test_full_and_empty_alpha():
    image, *_ = scene()
    assert (estimate_foreground(image, np.ones(image.shape[:2], np.float32)) == image).all()
    assert (estimate_foreground(image, np.zeros(image.shape[:2], np.float32)) == 0).all()


def test_deterministic_and_leaves_its_input_alone():
    image, alpha, *_ = scene()
    kept, kept_alpha = image.copy(), alpha.copy()
    first, second = estimate_foreground(image, alpha), estimate_foreground(image, alpha)
    assert (first == second).all()
    assert (image == kept).all() and (alpha == kept_alpha).all()


def test_float_picture_and_double_alpha_give_uint8():
    image, alpha, *_ = scene()
    result = estimate_foreground(image.astype(np.float32) / 255, alpha.astype(np.float64))
    assert result.dtype == np.uint8
    assert np.abs(result.astype(int) - estimate_foreground(image, alpha)).max() <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 999))
def test_any_size_and_any_alpha(height, width, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.clip(rng.normal(0.5, 0.6, (height, width)), 0, 1).astype(np.float32)
    result = estimate_foreground(image, alpha, work_pixels=2000)
    assert result.shape == image.shape and result.dtype == np.uint8
    assert (result[alpha == 1] == image[alpha == 1]).all()


def test_one_colour_before_one_colour_is_solved_almost_exactly():
    alpha = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (200, 1))
    alpha[:, :20], alpha[:, -20:] = 0, 1
    red, blue = np.array([200, 30, 20]), np.array([10, 60, 220])
    image = np.rint(red * alpha[..., None] + blue * (1 - alpha[..., None])).astype(np.uint8)
    result = estimate_foreground(image, alpha)
    assert np.abs(result[alpha > 0.15].astype(int) - red).max() <= 12


@pytest.mark.parametrize(
    ("image", "alpha", "word"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), "image"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32), "alpha"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), "alpha"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((0, 4), np.float32), "no pixels"),
    ],
)
def test_wrong_arrays_are_refused_with_a_reason(image, alpha, word):
    with pytest.raises(PocketmatteError, match=word):
        estimate_foreground(image, alpha)
