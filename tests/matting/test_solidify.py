"""Doubts far from the outline are cleared, the outline is not touched."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pocketmatte.matting.solidify import solidify


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
    assert not solidify(np.full((20, 30), 0.4, np.float32)).any()
    assert (solidify(np.full((20, 30), 0.7, np.float32)) == 1).all()


@given(st.integers(0, 1000), st.floats(1, 20))
def test_the_mask_stays_and_the_range_holds(seed, reach):
    small = np.random.default_rng(seed).random((6, 8)).astype(np.float32)
    alpha = cv2.resize(small, (32, 24), interpolation=cv2.INTER_LINEAR)
    solid = solidify(alpha, reach)
    assert np.array_equal(solid > 0.5, alpha > 0.5)
    assert solid.min() >= 0 and solid.max() <= 1
    assert (np.abs(solid - (alpha > 0.5)) <= np.abs(alpha - (alpha > 0.5)) + 1e-6).all()
