"""Measure time so that another run, or a busy machine, tells the same story."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError

Work = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """Seconds of each run; at least one."""

    seconds: tuple[float, ...]

    @property
    def best_ms(self) -> float:
        """Of the fastest run: what the machine can do when nothing disturbs it."""
        return 1000 * min(self.seconds)

    @property
    def median_ms(self) -> float:
        """Of the run in the middle: what to expect."""
        return 1000 * median(self.seconds)


@dataclass(frozen=True)
class Comparison:
    """A contender beside a reference, measured in turns.

    ratios: contender / reference of each turn. Both sides of a turn ran within a moment of each
    other, so what slowed the machine slowed both.
    """

    reference: Timing
    contender: Timing
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median over turns; 2.0 is twice the reference's time."""
        return median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Half of the turns lie between these."""
        low, high = np.quantile(self.ratios, (0.25, 0.75))
        return float(low), float(high)


def measure(work: Work, runs: int = 20, warm_up: int = 2) -> Timing:
    """Time `runs` calls, after `warm_up` calls that do not count."""
    _check(runs)
    for _ in range(warm_up):
        work()
    return Timing(tuple(_once(work) for _ in range(runs)))


def compare(
    reference: Work,
    contender: Work,
    turns: int = 15,
    block_seconds: float = 0.05,
    limit_seconds: float = 60.0,
) -> Comparison:
    """Time two pieces of work in turns: A B A B ...

    Each side of a turn is a block: one call that does not count, because it finds the caches full
    of the other's data, then calls until `block_seconds` have passed, at least three. The block's
    time is the median call. Stops early after `limit_seconds`, but not before three turns.
    """
    _check(turns)
    reference(), contender()
    sides: tuple[list, list] = ([], [])
    start = perf_counter()
    for turn in range(turns):
        for side, work in zip(sides, (reference, contender), strict=True):
            side.append(_block(work, block_seconds))
        if turn >= 2 and perf_counter() - start > limit_seconds:
            break
    ratios = tuple(b / a for a, b in zip(*sides, strict=True))
    return Comparison(Timing(tuple(sides[0])), Timing(tuple(sides[1])), ratios)


@contextmanager
def one_core() -> Iterator[int | None]:
    """Pin this process to one core while the block runs; gives its number.

    None where the system cannot pin (macOS, Windows). The last allowed core is taken: the first
    ones serve most interrupts.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def opencv_threads(count: int | None) -> Iterator[None]:
    """Let OpenCV use `count` threads while the block runs; None leaves it as it is."""
    before = cv2.getNumThreads()
    if count is not None:
        cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _once(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _block(work: Work, seconds: float) -> float:
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        times.append(_once(work))
    return median(times)


def _check(count: int) -> None:
    if count < 1:
        raise PocketmatteError(f"{count} runs cannot be timed; ask for at least one")
