"""Colour transfer: Reinhard's statistics in Lab, weighted by alpha, and never a silhouette."""

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.color_transfer import color_transfer


def lab_statistics(image, weight):
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    weight = weight.reshape(-1)
    mean = np.average(lab, axis=0, weights=weight)
    return mean, np.sqrt(np.average((lab - mean) ** 2, axis=0, weights=weight))


def test_full_strength_meets_the_background_s_statistics(layers):
    foreground, alpha, background = layers
    everywhere = np.ones_like(alpha)
    goal_mean, goal_spread = lab_statistics(background, everywhere)
    mean, spread = lab_statistics(foreground, alpha)
    assert np.abs(mean - goal_mean).max() > 10  # there is something to do

    result = color_transfer(*layers, strength=1, limit=100)

    mean, spread = lab_statistics(result, alpha)
    assert np.abs(mean - goal_mean).max() < 5  # colours outside the gamut are clipped
    assert np.abs(spread / goal_spread - 1).max() < 0.3


def test_matches_reinhard_written_in_floats(layers):
    foreground, alpha, background = layers
    mean, spread = lab_statistics(foreground, alpha)
    goal_mean, goal_spread = lab_statistics(background, np.ones_like(alpha))
    lab = cv2.cvtColor(foreground.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    moved = (lab - mean) * np.clip(goal_spread / spread, 1 / 1.5, 1.5) + goal_mean
    mixed = (lab + 0.5 * (moved - lab)).astype(np.float32)
    expected = np.clip(cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB), 0, 1) * 255

    result = color_transfer(*layers, strength=0.5, limit=1.5)

    difference = np.abs(result - expected)[alpha > 0]
    assert difference.mean() < 2  # 8-bit Lab, and statistics from a small picture
    assert np.percentile(difference, 99) < 9


def test_strength_zero_and_an_empty_matte_change_nothing(layers):
    foreground, alpha, background = layers
    assert (color_transfer(*layers, strength=0) == foreground).all()
    assert (color_transfer(foreground, alpha * 0, background, strength=1) == foreground).all()


def test_a_foreground_that_matches_already_hardly_changes(portrait):
    image, _ = portrait
    everywhere = np.ones(image.shape[:2], np.float32)
    difference = np.abs(color_transfer(image, everywhere, image, strength=1).astype(int) - image)
    assert difference.mean() < 1.5  # the way to 8-bit Lab and back


def test_what_alpha_hides_has_no_say(layers):
    foreground, alpha, background = layers
    painted = foreground.copy()
    painted[alpha == 0] = (255, 0, 255)
    seen = alpha > 0
    first = color_transfer(foreground, alpha, background)
    second = color_transfer(painted, alpha, background)
    assert np.abs(first[seen].astype(int) - second[seen]).max() <= 8
    assert np.abs(first[alpha == 1].astype(int) - second[alpha == 1]).mean() < 1


def test_before_a_plain_colour_the_person_keeps_contrast(layers):
    foreground, alpha, background = layers
    plain = np.full_like(background, (20, 120, 60))
    result = color_transfer(foreground, alpha, plain, strength=1)
    solid = alpha == 1
    assert result[solid].std() > 0.5 * foreground[solid].std()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 2)])
def test_tiny_sizes(noise_layers, size):
    result = color_transfer(*noise_layers(*size))
    assert result.shape == (*size, 3) and result.dtype == np.uint8


def test_options_out_of_range_are_refused(layers):
    with pytest.raises(PocketmatteError, match="strength=2"):
        color_transfer(*layers, strength=2)
    with pytest.raises(PocketmatteError, match="limit=0"):
        color_transfer(*layers, limit=0)
