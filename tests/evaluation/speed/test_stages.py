import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed import stages
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.evaluation.speed.stages import STAGES, time_stages


def test_every_stage_is_timed_as_often_as_asked(model):
    image, alpha = draw_portrait(96, 128)
    found = time_stages(model, image, alpha, runs=4, warm_up=1)
    assert tuple(found) == STAGES
    assert all(len(timing.seconds) == 4 for timing in found.values())
    assert all(second >= 0 for timing in found.values() for second in timing.seconds)
    assert len(model.runtime.batches) == 5


def test_the_stages_are_those_of_the_model(model, monkeypatch):
    # given
    image, _ = draw_portrait(96, 128)
    wanted = model.alpha(image)
    (batch,) = model.runtime.batches
    seen = []
    real = stages.estimate_foreground
    monkeypatch.setattr(
        stages, "estimate_foreground", lambda image, alpha: seen.append(alpha) or real(image, alpha)
    )
    # when
    time_stages(model, image, runs=1, warm_up=0)
    # then: same input of the network, same alpha after the refinement, and the model is as it was
    assert type(model.runtime).__name__ == "Threshold"
    assert np.array_equal(model.runtime.batches[-1], batch)
    assert np.array_equal(seen[0], wanted)


def test_a_given_alpha_takes_the_place_of_the_networks(model, monkeypatch):
    image, alpha = draw_portrait(96, 128)
    seen = []
    real = stages.estimate_foreground
    monkeypatch.setattr(
        stages, "estimate_foreground", lambda image, alpha: seen.append(alpha) or real(image, alpha)
    )
    time_stages(model, image, alpha, runs=1, warm_up=0)
    assert np.abs(seen[0] - alpha).mean() < 0.05


def test_each_stage_gets_its_own_time(model, monkeypatch):
    # given: time passes in the network (4 s) and in the colours (2 s) only
    now = [0.0]
    image, alpha = draw_portrait(96, 128)
    runtime, colours = model.runtime, stages.estimate_foreground

    def slow(seconds, work):
        def run(*given):
            now[0] += seconds
            return work(*given)

        return run

    monkeypatch.setattr(stages, "perf_counter", lambda: now[0])
    monkeypatch.setattr(stages, "estimate_foreground", slow(2, colours))
    model.runtime = slow(4, runtime)
    # when
    found = time_stages(model, image, alpha, runs=2)
    # then
    medians = [timing.median_ms for timing in found.values()]
    assert medians == [0, 4000, 0, 2000, 0]


def test_no_runs_are_refused(model):
    with pytest.raises(PocketmatteError, match="at least one"):
        time_stages(model, *draw_portrait(96, 128), runs=0)
