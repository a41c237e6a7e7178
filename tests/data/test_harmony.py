"""Pairs: the person changes, the room stays, the answer is the photo."""

import cv2
import numpy as np
import pytest

from pocketmatte.data.harmony import (
    draw_world,
    photo_pair,
    recolour,
    split_layers,
    training_pair,
    world_pair,
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


def test_a_world_lights_the_room_but_not_yet_the_person(rgba):
    moved = []
    for seed in range(20):
        pair = world_pair(np.random.default_rng(seed), rgba)
        assert (pair.foreground == rgba[..., :3]).all()  # nothing is wrong with the person
        assert (pair.background == pair.target).all()  # the answer has the scene's light
        moved.append(float(np.abs(pair.foreground.astype(int) - pair.target).mean()))
    assert np.median(moved) > 15  # strong lights


def test_a_world_is_the_same_for_both_layers(rgba):
    grey = np.full((*rgba.shape[:2], 3), 128, np.uint8)
    lamps = 0
    for seed in range(20):
        world = draw_world(np.random.default_rng(seed), grey.shape[:2], mood=1)
        assert (world(grey) == world(grey.copy())).all()
        lamps += world.lamp is not None
        flat = np.ptp(world(grey).reshape(-1, 3), axis=0).max() <= 1
        assert flat == (world.lamp is None)
    assert 2 <= lamps <= 14


def test_composites_share_one_light(rgba):
    walls = [np.full((40, 50, 3), 128, np.uint8)]
    layers, moved = split_layers(rgba), []
    for seed in range(24):
        pair = training_pair(
            np.random.default_rng(seed), layers, walls, [layers], composites=1, untouched=0
        )
        assert pair.background.shape == pair.target.shape
        assert not (pair.background == layers[1]).all()
        moved.append((pair.foreground == layers[0][..., :3]).all())
    # some are as the camera saw them and must follow the wall, the others were changed too
    assert 4 <= sum(moved) <= 18


def test_some_pairs_match_already(rgba):
    layers, casts = split_layers(rgba), 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        pair = training_pair(rng, layers, [], [layers], composites=0, untouched=1)
        assert (pair.foreground == pair.target).all()
        casts += not (pair.background == layers[1]).all()
    assert 3 <= casts <= 11  # a cast is right where the room has it too
