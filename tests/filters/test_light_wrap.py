"""Light wrap: light at the edge, in the background's colour, never darker."""

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.light_wrap import light_wrap


def before(colour):
    foreground = np.full((200, 200, 3), 60, np.uint8)
    alpha = np.zeros((200, 200), np.float32)
    cv2.circle(alpha, (100, 100), 70, 1, -1)
    return foreground, alpha, np.full((200, 200, 3), colour, np.uint8)


def test_the_edge_is_lit_and_the_middle_is_not():
    result = light_wrap(*before((255, 255, 255)), radius=10)[100].astype(int)
    assert (result[95:105] == 60).all()
    assert result[33, 0] > 80 > result[38, 0] > 60


def test_the_light_has_the_background_s_colour():
    result = light_wrap(*before((0, 200, 0)), radius=10)
    assert result[100, 33, 1] > 80
    assert (result[..., [0, 2]] == 60).all()


def test_equals_screen_blending_of_blurred_light_in_floats(layers):
    foreground, alpha, background = layers
    light = background.astype(np.float64) * (0.5 * (1 - alpha[..., None]))
    light = cv2.GaussianBlur(light, (0, 0), 20 / 2)
    expected = 255 - (255 - foreground.astype(float)) * (255 - light) / 255
    result = light_wrap(*layers, radius=20, strength=0.5)
    assert np.abs(result - expected).mean() < 1
    assert np.abs(result - expected).max() < 12


def test_black_background_or_no_strength_changes_nothing(layers):
    foreground, alpha, background = layers
    assert (light_wrap(foreground, alpha, background * 0) == foreground).all()
    assert (light_wrap(*layers, strength=0) == foreground).all()


def test_never_darker(layers):
    assert (light_wrap(*layers, strength=1) >= layers[0]).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (70, 1)])
def test_tiny_sizes(noise_layers, size):
    assert light_wrap(*noise_layers(*size)).shape == (*size, 3)


def test_options_out_of_range_are_refused(layers):
    with pytest.raises(PocketmatteError, match="strength"):
        light_wrap(*layers, strength=-1)
    with pytest.raises(PocketmatteError, match="radius"):
        light_wrap(*layers, radius=-1)
