"""Doubts far from the outline are cleared, doubtful islands and holes go, the outline stays."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketmatte.matting.solidify import solidify

BESIDE = ((-1, 0), (0, -1), (0, 1), (1, 0))
AROUND = (*BESIDE, (-1, -1), (-1, 1), (1, -1), (1, 1))


def body(veil=0.2, hole=0.7):
    """A disc with a soft rim; a veil in a far corner, a doubt in the middle."""
    alpha = np.zeros((96, 96), np.float32)
    cv2.circle(alpha, (40, 40), 28, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2)
    alpha[85:, 85:] = veil
    alpha[38:42, 38:42] = hole
    return alpha


def test_veil_and_hole_are_cleared_and_the_rim_is_kept():
    alpha = body()
    solid = solidify(alpha, reach=6)
    assert solid.dtype == np.float32
    assert not solid[85:, 85:].any() and (solid[38:42, 38:42] == 1).all()
    rows, cols = np.indices(alpha.shape)
    rim = np.abs(np.hypot(rows - 40, cols - 40) - 28) < 4
    assert np.array_equal(solid[rim], alpha[rim])


def test_how_much_room_is_around_the_person_changes_nothing():
    alpha = body()
    room = cv2.copyMakeBorder(alpha, 50, 50, 30, 70, cv2.BORDER_CONSTANT)
    assert np.array_equal(solidify(room)[50:146, 30:126], solidify(alpha))


def test_nobody_and_everybody():
    for doubt in (0.4, 0.7):
        assert not solidify(np.full((20, 30), doubt, np.float32)).any()
    assert (solidify(np.full((20, 30), 0.9, np.float32)) == 1).all()


@pytest.mark.parametrize(("level", "kept"), [(0.6, False), (0.75, False), (0.85, True)])
def test_an_island_is_somebody_if_some_of_it_is_beyond_doubt(level, kept):
    alpha = body()
    alpha[60:90, 75:90] = 0.6
    alpha[75, 80] = level
    solid = solidify(alpha)
    assert (solid[60:90, 75:90] > 0.5).all() == kept
    assert kept or not solid[70:85, 80:90].any()
    assert np.array_equal(solid[:50, :50], solidify(body())[:50, :50])


@pytest.mark.parametrize(("level", "kept"), [(0.4, False), (0.2, True)])
def test_a_hole_is_one_if_some_of_it_is_bare(level, kept):
    alpha = body()
    alpha[25:33, 36:44] = 0.45
    alpha[29, 40] = level
    solid = solidify(alpha)
    assert (solid[25:33, 36:44] <= 0.5).all() == kept
    if kept:
        assert np.array_equal(solid[25:33, 36:44], alpha[25:33, 36:44])


def test_what_reaches_the_border_is_no_hole():
    alpha = np.ones((40, 40), np.float32)
    alpha[:8, 15:25] = 0.45
    assert np.array_equal(solidify(alpha) > 0.5, alpha > 0.5)


def settled(alpha):
    """Which pixels are person, one part after the other."""
    person = alpha > 0.5
    for kind, steps in ((True, AROUND), (False, BESIDE)):
        seen = np.zeros_like(person)
        start = person.copy()
        for pixel in zip(*np.nonzero(start == kind), strict=True):
            if seen[pixel]:
                continue
            part, sure, seen[pixel] = [pixel], False, True
            for y, x in part:
                bare = alpha[y, x] < 0.3 or y in (0, len(alpha) - 1) or x in (0, len(alpha[0]) - 1)
                sure |= alpha[y, x] > 0.8 if kind else bare
                for v, u in ((y + dy, x + dx) for dy, dx in steps):
                    inside = 0 <= v < len(alpha) and 0 <= u < len(alpha[0])
                    if inside and not seen[v, u] and start[v, u] == kind:
                        seen[v, u] = True
                        part.append((v, u))
            if not sure:
                person[tuple(np.transpose(part))] = not kind
    return person


@given(st.integers(0, 1000), st.floats(1, 20))
def test_who_is_there_is_settled_part_by_part_and_the_range_holds(seed, reach):
    small = np.random.default_rng(seed).random((6, 8)).astype(np.float32)
    alpha = cv2.resize(small, (32, 24), interpolation=cv2.INTER_LINEAR)
    solid, person = solidify(alpha, reach), settled(alpha)
    assert np.array_equal(solid > 0.5, person)
    assert solid.min() >= 0 and solid.max() <= 1
    before = np.where(person == (alpha > 0.5), alpha, 1 - alpha)
    assert (np.abs(solid - person) <= np.abs(before - person) + 1e-6).all()
