"""Learning rates and resolutions over time."""

import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.schedule import Schedule, side_at


def test_cosine_warms_up_peaks_and_falls_to_a_hundredth():
    schedule = Schedule(Recipe(epochs=10, warmup=1, learning_rate=1e-2), steps_per_epoch=20)
    rates = [schedule.rate(step) for step in range(200)]
    assert rates[0] == pytest.approx(1e-2 / 20)
    assert max(rates) == pytest.approx(1e-2) and rates.index(max(rates)) in (19, 20)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[-1] == pytest.approx(1e-4, rel=0.1)


def test_plateau_halves_after_patience_epochs_without_progress():
    schedule = Schedule(Recipe(schedule="plateau", warmup=0, learning_rate=1.0), 10)
    schedule.epoch_ended(0.5)
    for _ in range(Schedule.patience - 1):
        schedule.epoch_ended(0.6)
    assert schedule.rate(100) == 1.0
    schedule.epoch_ended(0.6)
    assert schedule.rate(100) == 0.5
    # progress resets the waiting
    schedule.epoch_ended(0.4)
    schedule.epoch_ended(0.6)
    assert schedule.rate(100) == 0.5


def test_plateau_state_survives_a_restart():
    recipe = Recipe(schedule="plateau", warmup=0, learning_rate=1.0)
    first, second = Schedule(recipe, 10), Schedule(recipe, 10)
    for loss in (0.5, 0.6, 0.6, 0.6):
        first.epoch_ended(loss)
    second.restore(first.state())
    second.epoch_ended(0.6)
    assert second.rate(0) == 0.5


def test_resolution_steps():
    steps = [(0.0, 128), (0.5, 160), (0.8, 192)]
    assert [side_at(steps, share) for share in (0, 0.49, 0.5, 0.79, 0.8, 1)] == [
        128,
        128,
        160,
        160,
        192,
        192,
    ]


def test_unknown_schedule_is_refused():
    with pytest.raises(PocketmatteError, match="cosine or plateau"):
        Schedule(Recipe(schedule="step"), 10)
