"""Where the time goes."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


class Stopwatch:
    """Sums the time of named stages.

    >>> watch = Stopwatch()
    >>> with watch("blend"):
    ...     work()

    clock: gives seconds. seconds: the sums so far, by name.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter):
        self._clock = clock
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Time the block under this name."""
        start = self._clock()
        yield
        self.seconds[name] += self._clock() - start
