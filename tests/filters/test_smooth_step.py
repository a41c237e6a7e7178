"""Smooth step: the textbook polynomials between two edges."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.smooth_step import smooth_step

RAMP = np.linspace(0, 1, 501, dtype=np.float32)[None]


@pytest.mark.parametrize(
    ("order", "polynomial"),
    [
        (1, lambda t: t),
        (3, lambda t: 3 * t**2 - 2 * t**3),
        (5, lambda t: 6 * t**5 - 15 * t**4 + 10 * t**3),
    ],
)
def test_is_the_polynomial_of_its_order(order, polynomial):
    t = np.clip((RAMP.astype(np.float64) - 0.2) / 0.5, 0, 1)
    result = smooth_step(RAMP, low=0.2, high=0.7, order=order)
    assert np.abs(result - polynomial(t)).max() < 1e-5


@example(low=0.02067917468233758, high=0.911297498961225, order=5)
@given(st.floats(0, 0.45), st.floats(0.55, 1), st.sampled_from([1, 3, 5]))
def test_rises_from_zero_to_one_and_never_leaves(low, high, order):
    result = smooth_step(RAMP, low=low, high=high, order=order)[0]
    assert result[0] == 0 and result[-1] == 1
    assert (np.diff(result) >= -2e-7).all()
    assert result.dtype == np.float32 and result.min() >= 0 and result.max() <= 1


def test_below_low_is_clear_and_above_high_is_solid(portrait):
    alpha = portrait[1]
    result = smooth_step(alpha, low=0.3, high=0.6)
    assert (result[alpha <= 0.3] == 0).all() and (result[alpha >= 0.601] == 1).all()


def test_soften_first_makes_a_hard_edge_soft():
    hard = np.zeros((40, 40), np.float32)
    hard[:, 20:] = 1
    assert set(np.unique(smooth_step(hard))) == {0, 1}
    soft = smooth_step(hard, soften=4)
    assert 4 < ((soft > 0.05) & (soft < 0.95))[20].sum() < 20


def test_options_out_of_range_are_refused():
    for options, word in (
        ({"low": 0.6, "high": 0.4}, "low < high"),
        ({"low": -0.1}, "low < high"),
        ({"order": 4}, "order 1, 3 or 5"),
        ({"soften": -2}, "soften"),
    ):
        with pytest.raises(PocketmatteError, match=word):
            smooth_step(RAMP, **options)
