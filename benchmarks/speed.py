"""Speed of networks in turns with a reference, on one thread of one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.store import today
from benchmarks.subjects import REFERENCE, Subject, load_subject
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.evaluation.speed.timing import Comparison, compare, one_core, opencv_threads
from pocketmatte.training.fetch import DEFAULT_CACHE

SAME = ("machine.cpu", "reference", "size")


def speed_result(
    names: Sequence[str],
    size: tuple[int, int] = (720, 1280),
    turns: int = 15,
    seconds: float = 60.0,
    cache: Path = DEFAULT_CACHE,
    tell: Callable[[str], None] = lambda name: None,
) -> dict:
    """Compare each network with MediaPipe general, which is compared with itself too.

    names: presets and peers. size: of the picture. turns, seconds: limits of each comparison, see
    `compare`. A row has `network`: the bare network, and `alpha`: from the picture to an alpha of
    its size. Both with `ms` (best turn), `median_ms`, `ratio` to the reference, its quartiles,
    `reference_ms` of the same moments and the number of `turns`.
    """
    image, _ = draw_portrait(*size)
    rows = []
    with one_core() as core, opencv_threads(1):
        reference = load_subject(REFERENCE, 1, cache)
        for name in names:
            tell(name)
            subject = load_subject(name, 1, cache)
            rows.append(speed_row(reference, subject, image, turns, seconds))
    return {
        "reference": REFERENCE,
        "size": list(size),
        "threads": 1,
        "pinned_to_core": core is not None,
        "rows": rows,
    }


def speed_row(
    reference: Subject, subject: Subject, image: np.ndarray, turns: int, seconds: float
) -> dict:
    """One network beside the reference."""
    base, _ = reference.network(image)
    work, sides = subject.network(image)
    network = compare(base, work, turns, limit_seconds=seconds)
    alpha = compare(
        lambda: reference.alpha(image),
        lambda: subject.alpha(image),
        turns,
        limit_seconds=seconds,
    )
    return {
        "name": subject.name,
        "kind": subject.kind,
        "title": subject.title,
        "parameters": subject.parameters,
        "runtime": subject.runtime,
        "input": sides,
        "date": today(),
        "network": _numbers(network),
        "alpha": _numbers(alpha),
    }


def _numbers(found: Comparison) -> dict:
    return {
        "ms": round(found.contender.best_ms, 3),
        "median_ms": round(found.contender.median_ms, 3),
        "ratio": round(found.ratio, 3),
        "quartile_low": round(found.quartiles[0], 3),
        "quartile_high": round(found.quartiles[1], 3),
        "reference_ms": round(found.reference.best_ms, 3),
        "turns": len(found.ratios),
    }
