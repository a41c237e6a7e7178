"""Pairs: the person changes, the room stays, the answer is the photo."""

import cv2
import numpy as np
import pytest

from pocketmatte.data.harmony import (
    draw_grade,
    photo_pair,
    recolour,
    relight,
    split_layers,
    training_pair,
)


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


def test_split_layers_hold_nothing_of_each_other():
    red, blue = np.uint8([200, 30, 30]), np.uint8([20, 40, 180])
    alpha = cv2.GaussianBlur(np.pad(np.full((40, 40), 255, np.uint8), 30), (0, 0), 4)
    share = alpha[..., None] / 255
    photo = np.rint(red * share + blue * (1 - share)).astype(np.uint8)
    person, room = split_layers(np.dstack([photo, alpha]))
    assert (person[..., 3] == alpha).all() and person.shape[2] == 4
    soft = (alpha > 25) & (alpha < 230)
    assert np.abs(person[..., :3].astype(int) - red)[soft].mean() < 6
    assert np.abs(room.astype(int) - blue)[soft].mean() < 6
    assert np.abs(room.astype(int) - blue)[alpha > 230].mean() < 12  # nobody behind the person


def test_a_recoloured_person_has_the_others_colours(rgba):
    alpha = rgba[..., 3].astype(np.float32) / 255
    other = np.random.default_rng(0).normal((60, 90, 160), 12, (500, 3)).clip(0, 255)
    before, goal = rgba[..., :3][alpha > 0].mean(0), other.mean(0)
    for seed in range(5):
        made = recolour(
            np.random.default_rng(seed), rgba[..., :3].copy(), alpha, other.astype(np.uint8)
        )
        way = np.abs(made[alpha > 0].mean(0) - goal) / np.abs(before - goal)
        assert way.max() < 0.75  # at least half of the way, less the limit


def test_composites_share_one_grade(rgba):
    walls = [np.full((40, 50, 3), 128, np.uint8)]
    layers, moved = split_layers(rgba), []
    for seed in range(12):
        pair = training_pair(
            np.random.default_rng(seed), layers, walls, [layers], composites=1, untouched=1
        )
        assert pair.background.shape == pair.target.shape
        moved.append(float(np.abs(pair.foreground.astype(int) - pair.target).mean()))
    # half are as the camera saw them and must follow the wall, half are there already
    assert 2 <= sum(m > 3 for m in moved) <= 10 and min(moved) == 0


def test_some_pairs_match_already(rgba):
    layers = split_layers(rgba)
    pair = training_pair(np.random.default_rng(0), layers, [], [layers], composites=0, untouched=1)
    assert (pair.foreground == pair.target).all()
