"""Background blur: a disc, in light, without a trace of the person."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.blur import blur, blur_background


def empty(image):
    return np.zeros(image.shape[:2], np.float32)


def disc_mean(image, radius):
    """The disc's mean in light (squares), written plainly at full size."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    light = cv2.filter2D(image.astype(np.float64) ** 2, -1, kernel / kernel.sum())
    return np.sqrt(np.maximum(light, 0))


@pytest.mark.parametrize("radius", [1, 2.5, 5, 8, 16])
def test_without_a_person_it_is_the_disc_s_mean(scenery, radius):
    result = blur_background(scenery, empty(scenery), radius)
    inner = (slice(40, -40), slice(40, -40))
    difference = np.abs(result - disc_mean(scenery, radius))[inner]
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) < 12


def test_a_light_becomes_a_disc_of_that_radius():
    image = np.zeros((301, 301, 3), np.uint8)
    image[145:156, 145:156] = 255
    result = blur_background(image, empty(image), 30)[..., 0].astype(float)
    y, x = np.mgrid[-150:151, -150:151]
    distance = np.hypot(x, y)
    centre = result[distance < 18]
    assert centre.min() > 0.75 * centre.max() > 20  # flat, where a Gaussian has a peak
    assert result[distance > 44].max() < 4
    rings = [result[(distance > 18) & (abs(np.arctan2(y, x) - a) < 0.2)].sum() for a in (0, 0.8, 2)]
    assert max(rings) < 1.15 * min(rings)  # round


def test_no_halo_of_the_person():
    """A glaring red person before grey: the blurred background is grey everywhere."""
    image = np.full((240, 320, 3), 128, np.uint8)
    alpha = np.zeros((240, 320), np.float32)
    cv2.circle(alpha, (160, 120), 70, 1, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2)
    red = np.array([255, 0, 0])
    image = np.rint(image * (1 - alpha[..., None]) + red * alpha[..., None]).astype(np.uint8)
    for radius in (3, 10, 30):
        result = blur_background(image, alpha, radius)
        assert np.abs(result.astype(int) - 128).max() <= 4


def test_each_side_of_the_person_is_filled_from_its_own_side():
    image = np.zeros((200, 300, 3), np.uint8)
    image[:, :150], image[:, 150:] = (200, 40, 40), (40, 40, 200)
    alpha = np.zeros((200, 300), np.float32)
    alpha[60:, 100:200] = 1
    result = blur_background(image, alpha, 8)
    assert result[150, 105, 0] > result[150, 105, 2] + 60
    assert result[150, 195, 2] > result[150, 195, 0] + 60


def test_a_full_matte_gives_one_colour_and_no_nan(scenery):
    result = blur_background(scenery, np.ones(scenery.shape[:2], np.float32), 10)
    assert result.std(axis=(0, 1)).max() < 1


def test_radius_zero_only_removes_the_person(scenery):
    alpha = empty(scenery)
    alpha[100:200, 100:200] = 1
    result = blur_background(scenery, alpha, 0)
    far = cv2.dilate(alpha, np.ones((9, 9))) == 0
    assert np.abs(result[far].astype(int) - scenery[far]).max() <= 1
    assert np.abs(result[120:180, 120:180].astype(int) - scenery[120:180, 120:180]).mean() > 3


def test_the_filter_takes_a_share_of_the_picture_as_its_radius(scenery):
    alpha = empty(scenery)
    expected = blur_background(scenery, alpha, 0.02 * (alpha.size**0.5))
    assert (blur(scenery, alpha) == expected).all()
    assert (blur(scenery, alpha, radius=4) == blur_background(scenery, alpha, 4)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 80), st.integers(1, 80), st.floats(0, 200), st.integers(0, 99))
def test_any_size_stays_within_the_picture_s_range(height, width, radius, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(50, 200, (height, width, 3), dtype=np.uint8)
    alpha = np.clip(rng.normal(0.3, 0.7, (height, width)), 0, 1).astype(np.float32)
    result = blur_background(image, alpha, radius)
    assert result.shape == image.shape and result.dtype == np.uint8
    assert result.min() >= 49 and result.max() <= 200


def test_wrong_arguments_are_refused(scenery):
    with pytest.raises(PocketmatteError, match="radius=-1"):
        blur_background(scenery, empty(scenery), -1)
    with pytest.raises(PocketmatteError, match="radius=nan"):
        blur_background(scenery, empty(scenery), float("nan"))
    with pytest.raises(PocketmatteError, match="alpha's size"):
        blur_background(scenery[1:], empty(scenery), 3)
