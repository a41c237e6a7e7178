"""Grades and lamps: what they mean, and that strength 0 is none."""

import numpy as np

from pocketmatte.data.grades import draw_grade, draw_lamp, draw_mood, lit, relight


def test_strength_zero_changes_nothing(astronaut):
    image = astronaut[::8, ::8].copy()
    for seed in range(5):
        same = draw_grade(np.random.default_rng(seed), 0.0)(image)
        assert np.abs(same.astype(int) - image).max() <= 1


def test_a_lamp_is_brighter_on_one_side():
    grey = np.full((60, 80, 3), 120, np.uint8)
    lit = relight(np.random.default_rng(1), grey, 1.5).astype(int)
    assert lit.max() - lit.min() > 30 and abs(lit.mean() - 120) < 40


def test_a_mood_is_coloured_or_dark_and_keeps_black():
    grey, casts, levels = np.full((1, 1, 3), 128, np.uint8), [], []
    for seed in range(60):
        mood = draw_mood(np.random.default_rng(seed))
        assert mood(np.zeros((1, 1, 3), np.uint8)).max() == 0
        made = mood(grey)[0, 0].astype(int)
        casts.append(np.ptp(made))
        levels.append(made.mean())
    assert np.median(casts) > 15 and min(levels) < 75 and max(levels) > 120


def test_a_lamp_lights_every_layer_alike():
    gains = draw_lamp(np.random.default_rng(2), (30, 40), 1.0, 0.5)
    assert gains.shape == (30, 40, 3) and gains.dtype == np.float32
    dark, bright = (lit(np.full((30, 40, 3), v, np.uint8), gains).astype(int) for v in (50, 100))
    assert np.abs(2 * dark - bright)[bright < 250].max() <= 2
