"""Guided upsampling: sharper than interpolation, never a ghost, any size."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.refine import guided_upsample, refine


def drawn_portrait(height=480, width=640, seed=0):
    """A rendered head with strands of hair before a two-colour wall, and its true alpha."""
    rng = np.random.default_rng(seed)
    big = np.zeros((height * 2, width * 2), np.uint8)
    centre = (width, int(height * 1.1))
    cv2.ellipse(big, centre, (width // 2, int(height * 0.7)), 0, 0, 360, 255, -1)
    for angle in rng.uniform(0, 2 * np.pi, 220):
        reach = rng.uniform(1.0, 1.35)
        start = np.array([np.cos(angle) * width * 0.48, np.sin(angle) * height * 0.66])
        bend = rng.normal(0, 20, 2)
        points = [centre + start, centre + start * (1 + reach) / 2 + bend, centre + start * reach]
        cv2.polylines(big, [np.int32(points)], False, 255, 3, cv2.LINE_AA)
    alpha = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA) / np.float32(255)
    wall = np.full((height, width, 3), (200, 215, 225), np.float32)
    wall[:, width // 2 :] = (70, 130, 90)
    wall += rng.normal(0, 3, wall.shape)
    hair = np.full_like(wall, (60, 40, 30)) + rng.normal(0, 3, wall.shape)
    image = hair * alpha[..., None] + wall * (1 - alpha[..., None])
    return np.clip(image, 0, 255).astype(np.uint8), alpha


def shrunk(alpha, height=120, width=160):
    return cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)


def error(result, alpha):
    return float(np.abs(result - alpha).mean()), float(((result - alpha) ** 2).mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_follows_hair_better_than_interpolation(seed):
    image, alpha = drawn_portrait(seed=seed)
    small = shrunk(alpha)
    size = alpha.shape[::-1]
    linear = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    cubic = np.clip(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), 0, 1)

    result = guided_upsample(small, image)

    mad, mse = error(result, alpha)
    assert mad < 0.6 * error(cubic, alpha)[0] < 0.6 * error(linear, alpha)[0]
    assert mse < 0.5 * error(cubic, alpha)[1]


def test_the_tiled_evaluation_equals_the_formula_over_the_whole_picture():
    """One dense pass with numpy, no band, no tiles; the same numbers."""
    image, alpha = drawn_portrait(241, 333)
    small = shrunk(alpha, 60, 84)
    colour = cv2.resize(image, (84, 60), interpolation=cv2.INTER_AREA) / np.float64(255)

    padded = np.pad(colour, ((1, 1), (1, 1), (0, 0)), mode="reflect")
    padded_alpha = np.pad(small, 1, mode="reflect")
    slopes = np.zeros((60, 84, 3))
    for y in range(60):
        for x in range(84):
            c = padded[y : y + 3, x : x + 3].reshape(9, 3)
            a = padded_alpha[y : y + 3, x : x + 3].reshape(9).astype(np.float64)
            covariance = np.cov(c.T, bias=True) + 3e-4 * np.eye(3)
            slopes[y, x] = np.linalg.solve(
                covariance, (c * a[:, None]).mean(0) - c.mean(0) * a.mean()
            )
    slopes = cv2.blur(slopes, (3, 3), borderType=cv2.BORDER_REFLECT_101)
    offset = small - (slopes * colour).sum(-1)
    up = cv2.resize(np.dstack((slopes, offset)), (333, 241), interpolation=cv2.INTER_LINEAR)
    expected = np.clip((up[..., :3] * image / 255).sum(-1) + up[..., 3], 0, 1)

    result = guided_upsample(small, image, snap=0)

    # where only the 2 % tolerance of "solid" tells them apart the difference may be that large
    assert np.abs(result - expected).max() < 0.03
    assert np.abs(result - expected).mean() < 2e-4


def test_solid_areas_stay_exactly_solid_over_a_busy_picture():
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (400, 600, 3), dtype=np.uint8)
    small = np.zeros((40, 60), np.float32)
    small[10:30, 20:40] = 1

    result = guided_upsample(small, image)

    assert (result[130:270, 230:370] == 1).all()
    outside = result.copy()
    outside[70:330, 170:430] = 0
    assert (outside == 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_or_full_alpha_stays_exactly_so(value):
    image, _ = drawn_portrait()
    result = guided_upsample(np.full((60, 80), value, np.float32), image)
    assert (result == value).all()


def test_a_faint_veil_is_snapped_to_zero_and_one():
    image, _ = drawn_portrait()
    assert (guided_upsample(np.full((60, 80), 0.009, np.float32), image) == 0).all()
    assert (guided_upsample(np.full((60, 80), 0.991, np.float32), image) == 1).all()
    grey = guided_upsample(np.full((60, 80), 0.03, np.float32), image)
    assert np.allclose(grey, 0.03, atol=1e-6)  # more than twice as far: left alone


def test_on_a_flat_picture_it_is_plain_interpolation():
    small = shrunk(drawn_portrait()[1])
    image = np.full((480, 640, 3), 128, np.uint8)
    result = guided_upsample(small, image, snap=0)
    assert np.abs(result - cv2.resize(small, (640, 480))).max() < 2e-4


def test_keeps_what_the_small_alpha_says_on_average():
    image, alpha = drawn_portrait()
    small = shrunk(alpha)
    result = guided_upsample(small, image, snap=0)
    assert np.abs(shrunk(result) - small).mean() < 0.004


def test_less_trust_moves_a_displaced_edge_to_the_colour_edge():
    image, alpha = drawn_portrait()
    displaced = cv2.GaussianBlur(np.roll(shrunk(alpha), 2, axis=1), (0, 0), 1.5)
    errors = [
        error(guided_upsample(displaced, image, trust=trust), alpha)[1] for trust in (1, 0.5, 0)
    ]
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.7 * errors[0]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_no_person_is_invented_without_trust_either(value):
    image, _ = drawn_portrait()
    result = guided_upsample(np.full((60, 80), value, np.float32), image, trust=0)
    assert (result == value).all()


def test_same_size_returns_the_alpha():
    image, alpha = drawn_portrait(120, 160)
    assert np.allclose(guided_upsample(alpha, image, snap=0), alpha, atol=1e-6)


def test_float_pictures_and_a_given_small_picture_agree_with_uint8():
    image, alpha = drawn_portrait()
    small = shrunk(alpha)
    result = guided_upsample(small, image)
    as_float = guided_upsample(small, image.astype(np.float32) / 255)
    given = guided_upsample(small, image, small=cv2.resize(image, (160, 120), interpolation=3))
    assert np.abs(result - as_float).mean() < 2e-3
    assert np.abs(result - given).mean() < 2e-3


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    grid_height=st.integers(1, 40),
    grid_width=st.integers(1, 40),
    trust=st.sampled_from([0, 0.5, 1]),
    seed=st.integers(0, 999),
)
def test_any_size_gives_a_finite_alpha_of_the_picture_s_size(
    height, width, grid_height, grid_width, trust, seed
):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = rng.random((grid_height, grid_width), dtype=np.float32)
    result = guided_upsample(small, image, trust=trust)
    assert result.shape == (height, width) and result.dtype == np.float32
    assert np.isfinite(result).all() and result.min() >= 0 and result.max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 6000), (6000, 1), (2, 9000)])
def test_extreme_shapes(shape):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    result = guided_upsample(rng.random((96, 96), dtype=np.float32), image)
    assert result.shape == shape and np.isfinite(result).all()


@pytest.mark.parametrize(
    ("alpha", "image", "word"),
    [
        (np.zeros((4, 4, 1), np.float32), np.zeros((8, 8, 3), np.uint8), "alpha"),
        (np.zeros((4, 4), np.uint8), np.zeros((8, 8, 3), np.uint8), "alpha"),
        (np.zeros((4, 4), np.float32), np.zeros((8, 8), np.uint8), "image"),
        (np.zeros((4, 4), np.float32), np.zeros((8, 8, 4), np.uint8), "image"),
        (np.zeros((4, 4), np.float32), np.zeros((0, 8, 3), np.uint8), "no pixels"),
    ],
)
def test_wrong_arrays_are_refused_with_a_reason(alpha, image, word):
    with pytest.raises(PocketmatteError, match=word):
        guided_upsample(alpha, image)


@pytest.mark.parametrize("trust", [1.0, 0.5])
def test_outside_the_rectangles_alpha_is_almost_solid(trust):
    image, alpha = drawn_portrait()

    full, soft = refine(shrunk(alpha), image, trust=trust)

    outside = np.ones(alpha.shape, bool)
    for area in soft:
        assert outside[area].all()  # they do not overlap
        outside[area] = False
    assert 0.2 < outside.mean() < 0.95
    assert np.minimum(full, 1 - full)[outside].max() <= 0.02
    assert np.array_equal(full, guided_upsample(shrunk(alpha), image, trust=trust))
