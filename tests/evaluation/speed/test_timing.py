import os

import cv2
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed import timing
from pocketmatte.evaluation.speed.timing import Timing, compare, measure, one_core, opencv_threads


class Clock:
    """Time passes only when somebody works."""

    def __init__(self):
        self.now = 0.0

    def work(self, milliseconds):
        calls = []

        def work():
            calls.append(self.now)
            self.now += (milliseconds(len(calls)) if callable(milliseconds) else milliseconds) / 1e3

        work.calls = calls
        return work


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "perf_counter", lambda: clock.now)
    return clock


def test_best_and_median():
    timing = Timing((0.003, 0.001, 0.002))
    assert timing.best_ms == pytest.approx(1)
    assert timing.median_ms == pytest.approx(2)


def test_measure_does_not_count_the_warm_up(clock):
    work = clock.work(lambda call: 100 if call <= 2 else 1)
    assert measure(work, runs=5, warm_up=2).seconds == pytest.approx([0.001] * 5)
    assert len(work.calls) == 7


def test_the_ratio_is_of_the_two_sides(clock):
    found = compare(clock.work(2), clock.work(5), turns=7)
    assert found.ratio == pytest.approx(2.5)
    assert len(found.ratios) == 7
    assert found.reference.best_ms == pytest.approx(2)
    assert found.contender.median_ms == pytest.approx(5)


def test_a_machine_that_slows_down_does_not_move_the_ratio(clock):
    # given: everything takes ever longer
    def slower(base):
        return clock.work(lambda call: base * (1 + clock.now))

    # when
    found = compare(slower(2), slower(4), turns=20)
    # then: the times differ much, the ratios do not
    assert max(found.reference.seconds) > 2 * min(found.reference.seconds)
    assert found.ratio == pytest.approx(2, rel=0.1)


def test_a_call_that_finds_cold_caches_does_not_count(clock):
    # given: whoever works right after the other needs ten times as long
    last = []

    def work(name, base):
        def run():
            clock.now += base * (10 if last[-1:] != [name] else 1) / 1e3
            last.append(name)

        return run

    # when, then
    found = compare(work("a", 1), work("b", 3), turns=5)
    assert found.reference.best_ms == pytest.approx(1)
    assert found.ratio == pytest.approx(3)


def test_slow_work_stops_at_the_limit_but_not_before_three_turns(clock):
    assert len(compare(clock.work(1), clock.work(9000), limit_seconds=10).ratios) == 3
    assert len(compare(clock.work(1), clock.work(900), limit_seconds=20).ratios) in range(4, 9)


def test_quartiles_hold_the_ratio(clock):
    found = compare(clock.work(1), clock.work(lambda call: 2 + call % 3), turns=12)
    low, high = found.quartiles
    assert low <= found.ratio <= high


@pytest.mark.parametrize("function", [lambda: measure(int, 0), lambda: compare(int, int, 0)])
def test_no_runs_are_refused(function):
    with pytest.raises(PocketmatteError, match="at least one"):
        function()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot pin")
def test_one_core_and_back_even_after_a_failure():
    before = os.sched_getaffinity(0)
    with pytest.raises(ZeroDivisionError), one_core() as core:
        assert os.sched_getaffinity(0) == {core}
        1 / 0
    assert os.sched_getaffinity(0) == before


def test_systems_that_cannot_pin_say_so(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with one_core() as core:
        assert core is None


def test_threads_of_opencv_come_back():
    before = cv2.getNumThreads()
    with opencv_threads(1):
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == before
    with opencv_threads(None):
        assert cv2.getNumThreads() == before
