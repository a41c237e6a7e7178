"""Pairs: the person changes, the room stays, the answer is the photo."""

import numpy as np
import pytest

from pocketmatte.data.harmony import draw_grade, photo_pair, relight, training_pair


@pytest.fixture
def rgba(astronaut):
    alpha = np.zeros(astronaut.shape[:2], np.uint8)
    alpha[120:, 60:420] = 255
    return np.dstack([astronaut, alpha])[::4, ::4]


def test_a_photo_pair_changes_the_person_and_answers_with_the_photo(rgba):
    changes = []
    for seed in range(20):
        pair = photo_pair(np.random.default_rng(seed), rgba)
        assert (pair.target == rgba[..., :3]).all() and (pair.background == pair.target).all()
        assert pair.alpha.dtype == np.float32 and pair.alpha.max() == 1
        changes.append(np.abs(pair.foreground.astype(int) - pair.target).mean())
    assert min(changes) < 15 and max(changes) > 30  # from hardly visible to glaring


def test_the_same_state_gives_the_same_pair(rgba):
    first, second = (photo_pair(np.random.default_rng(5), rgba) for _ in range(2))
    assert (first.foreground == second.foreground).all()


def test_strength_zero_changes_nothing(rgba):
    image = rgba[..., :3].copy()
    for seed in range(5):
        same = draw_grade(np.random.default_rng(seed), 0.0)(image)
        assert np.abs(same.astype(int) - image).max() <= 1


def test_a_lamp_is_brighter_on_one_side():
    grey = np.full((60, 80, 3), 120, np.uint8)
    lit = relight(np.random.default_rng(1), grey, 1.5).astype(int)
    assert lit.max() - lit.min() > 30 and abs(lit.mean() - 120) < 40


def test_composites_share_one_grade(rgba, data_folder):
    walls = [np.full((40, 50, 3), 128, np.uint8)]
    pair = training_pair(np.random.default_rng(2), rgba, walls, composites=1.0)
    assert pair.background.shape == pair.target.shape
    assert np.abs(pair.background.astype(int) - rgba[..., :3]).mean() > 10


def test_some_pairs_match_already(rgba):
    pair = training_pair(np.random.default_rng(0), rgba, [], composites=0, untouched=1)
    assert (pair.foreground == pair.target).all()
