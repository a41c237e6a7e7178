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


def test_filters_change_the_composite_and_take_options(matte):
    plain = compose(matte, "red")
    steep = compose(matte, "red", "smooth_step", low=0.4, high=0.6)
    chained = compose(matte, "red", "keep_largest,smooth_step", low=0.4, high=0.6)

    left, right = matte.alpha < 0.4, matte.alpha > 0.6
    assert not np.array_equal(plain, steep)
    assert (steep[left] == (255, 0, 0)).all()
    assert np.array_equal(steep[right], matte.foreground[right])
    assert np.array_equal(chained, steep)


def test_filters_of_the_matte_work_without_a_background(matte):
    picture = compose(matte, filter="smooth_step", low=0.4, high=0.6)

    assert (picture[..., 3][matte.alpha < 0.4] == 0).all()
    assert (picture[..., 3][matte.alpha > 0.6] == 255).all()


@pytest.mark.parametrize("filter", ["color_transfer", "keep_largest,light_wrap", "blur"])
def test_filter_that_lacks_its_background_is_refused(matte, filter):
    with pytest.raises(PocketmatteError, match="needs a background"):
        compose(matte, filter=filter)
    with pytest.raises(PocketmatteError, match="needs a background"):
        compose(matte, soften=3)


def test_unknown_filter_and_background_are_refused(matte):
    with pytest.raises(PocketmatteError, match="sparkle"):
        compose(matte, "red", filter="sparkle")
    with pytest.raises(PocketmatteError, match="has no option 'colour'"):
        compose(matte, "red", colour="blue")
    with pytest.raises(PocketmatteError, match="unknown background"):
        compose(matte, "no such thing")
