from types import SimpleNamespace

import numpy as np
import pytest

import pocketmatte
from pocketmatte.errors import PocketmatteError
from pocketmatte.media.compose import compose


@pytest.fixture
def matte(pixels, ramp):
    alpha = ramp.astype(np.float32) / 255
    return SimpleNamespace(image=pixels, alpha=alpha, foreground=255 - pixels)


def test_compose_is_public():
    assert pocketmatte.compose is compose


def test_without_background_the_result_is_transparent(matte, ramp):
    picture = compose(matte)

    assert picture.dtype == np.uint8
    assert np.array_equal(picture[..., :3], matte.foreground)
    assert np.array_equal(picture[..., 3], ramp)


@pytest.mark.parametrize("background", ["#102030", np.full((9, 9, 3), (16, 32, 48), np.uint8)])
def test_foreground_is_blended_on_the_background(matte, background):
    picture = compose(matte, background)

    weight = matte.alpha[..., None]
    expected = matte.foreground * weight + np.array([16, 32, 48]) * (1 - weight)
    assert picture.shape == matte.image.shape
    assert picture.dtype == np.uint8
    assert np.abs(picture - expected).max() <= 1


def test_blur_keeps_the_person_and_changes_the_rest(matte):
    matte.alpha = (matte.alpha > 0.5).astype(np.float32)
    matte.foreground = matte.image

    picture = compose(matte, "blur:4")

    inside = matte.alpha == 1
    assert np.abs(picture[inside].astype(int) - matte.image[inside]).max() <= 1
    assert np.abs(picture[~inside].astype(int) - matte.image[~inside]).mean() > 1


def test_float_image_gives_the_same_composite(matte):
    expected = compose(matte, "blur:4")
    matte.image = matte.image.astype(np.float32) / 255

    assert np.array_equal(compose(matte, "blur:4"), expected)


def test_filter_without_background_is_refused(matte):
    with pytest.raises(PocketmatteError, match="'smooth_step' needs a background"):
        compose(matte, filter="smooth_step")


def test_unknown_filter_and_background_are_refused(matte):
    with pytest.raises(PocketmatteError, match="sparkle"):
        compose(matte, "red", filter="sparkle")
    with pytest.raises(PocketmatteError, match="unknown background"):
        compose(matte, "no such thing")
