"""Alpha blending: the formula within one level, clear and solid pixels bit for bit."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.alpha_blend import alpha_blend


def formula(foreground, alpha, background):
    a = alpha.astype(np.float64)[..., None]
    return a * foreground + (1 - a) * background


def test_equals_the_formula_on_a_real_portrait(layers):
    result = alpha_blend(*layers)
    assert result.dtype == np.uint8
    assert np.abs(result - formula(*layers)).max() <= 0.51


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 999))
def test_equals_the_formula_at_any_size(height, width, seed):
    rng = np.random.default_rng(seed)
    foreground, background = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    alpha = np.clip(rng.normal(0.5, rng.choice([0.2, 2]), (height, width)), 0, 1)
    alpha = alpha.astype(np.float32)
    result = alpha_blend(foreground, alpha, background)
    assert np.abs(result - formula(foreground, alpha, background)).max() <= 1
    assert (result[alpha == 1] == foreground[alpha == 1]).all()
    assert (result[alpha == 0] == background[alpha == 0]).all()


def test_all_256_levels_of_alpha_between_all_extremes():
    alpha = np.tile(np.arange(256, dtype=np.float32) / 255, (4, 1))
    foreground = np.zeros((4, 256, 3), np.uint8)
    background = np.zeros((4, 256, 3), np.uint8)
    foreground[1::2], background[2:] = 255, 255
    result = alpha_blend(foreground, alpha, background)
    assert np.abs(result - formula(foreground, alpha, background)).max() <= 0.51
    assert (result[3] == 255).all() and (result[0] == 0).all()


def test_soften_blurs_the_matte_by_a_gaussian(layers):
    foreground, alpha, background = layers
    expected = formula(foreground, cv2.GaussianBlur(alpha, (0, 0), 3), background)
    assert np.abs(alpha_blend(*layers, soften=3) - expected).max() <= 1
    assert np.abs(alpha_blend(*layers, soften=3).astype(int) - alpha_blend(*layers)).max() > 30


def test_does_not_write_into_its_layers(layers):
    before = [layer.copy() for layer in layers]
    alpha_blend(*layers)
    assert all((old == new).all() for old, new in zip(before, layers, strict=True))


def test_layers_cut_out_of_larger_arrays_work(layers):
    part = tuple(layer[5:200:2, 7:300:3] for layer in layers)
    assert (alpha_blend(*part) == alpha_blend(*(layer.copy() for layer in part))).all()


def test_wrong_layers_are_refused_with_a_reason(layers):
    foreground, alpha, background = layers
    with pytest.raises(PocketmatteError, match="differ in size"):
        alpha_blend(foreground, alpha, background[1:])
    with pytest.raises(PocketmatteError, match="foreground is float32"):
        alpha_blend(foreground.astype(np.float32), alpha, background)
    with pytest.raises(PocketmatteError, match="alpha is uint8"):
        alpha_blend(foreground, foreground[..., 0], background)
    with pytest.raises(PocketmatteError, match="soften=-1"):
        alpha_blend(*layers, soften=-1)
