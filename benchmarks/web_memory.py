"""Whether the page's memory grows while its camera runs."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.processes import chromium_memory
from benchmarks.web_page import figures, live_page

WARM_UP = 2
"""Minutes before the first sample: compiled code, caches and pools of memory fill up."""
INTERVAL = 6
"""Seconds from sample to sample."""
GROUP = 5
"""Samples, of which the least counts: garbage comes and goes, what is held stays."""
FLAGS = ("--js-flags=--expose-gc", "--enable-blink-features=ForceEagerMeasureMemory")
# what scripts hold, in page and workers, WebAssembly's memory included; after a collection
SCRIPTS = "performance.measureUserAgentSpecificMemory().then((found) => found.bytes)"


def measure_memory(minutes: float, size: tuple[int, int], warm_up: float = WARM_UP) -> dict:
    """Memory of Chromium's processes and of the page's scripts, and how fast each grows.

    Garbage is collected before every sample, in the page and in its workers. Processes that
    Chromium starts later for purposes of its own are listed apart.
    """
    times: list[float] = []
    samples: dict[str, list[float]] = {}
    with live_page(size, "auto", FLAGS) as page:
        page.wait_for_timeout(60_000 * warm_up)
        first, began = page.evaluate("frames"), time.monotonic()
        ours, due, now = set(chromium_memory()), began, {}
        while due <= began + 60 * minutes:
            page.wait_for_timeout(max(1, 1000 * (due - time.monotonic())))
            for place in (page, *page.workers):
                place.evaluate("gc()")
            sums = {"scripts": page.evaluate(SCRIPTS) / 1e6}
            now = chromium_memory()
            for process in ours & set(now):
                kind, used = now[process]
                sums[kind] = sums.get(kind, 0) + used
            sums["all processes"] = sum(used for kind, used in sums.items() if kind != "scripts")
            for kind, used in sums.items():
                samples.setdefault(kind, []).append(used)
            times.append((time.monotonic() - began) / 60)
            due += INTERVAL
        frames, device = page.evaluate("frames") - first, figures(page)["runs on"]
    later = [used for process, (_, used) in now.items() if process not in ours]
    return {
        "size": list(size),
        "runs_on": device,
        "warm_up_minutes": warm_up,
        "minutes": round(times[-1], 2),
        "frames": frames,
        "fps": round(frames / (60 * times[-1]), 2),
        "started_later_mb": [round(used, 1) for used in later],
        "rows": [row(kind, times, values, frames) for kind, values in samples.items()],
    }


def row(kind: str, times: list[float], values: list[float], frames: int) -> dict:
    groups = range(0, len(values) - GROUP + 1, GROUP)
    least = [min(values[at : at + GROUP]) for at in groups]
    middle = [times[at + GROUP // 2] for at in groups]
    low, growth, high = growth_per_minute(middle, least)
    return {
        "of": kind,
        "start_mb": round(least[0], 2),
        "end_mb": round(least[-1], 2),
        "growth_mb_per_minute": round(growth, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "growth_kb_per_frame": round(1000 * growth * times[-1] / max(frames, 1), 2),
        "mb": [round(value, 2) for value in values],
    }


def growth_per_minute(times: list[float], values: list[float]) -> tuple[float, float, float]:
    """Slope of the line through the samples, between the bounds that hold it with 95 %.

    Samples that follow each other are alike, so fewer count than there are: n (1 - r) / (1 + r)
    with r from each residual to the next (Santer et al. 2000).
    """
    x, y = np.array(times), np.array(values)
    slope, offset = np.polyfit(x, y, 1)
    rest = y - slope * x - offset
    power = float(rest @ rest)
    if power < 1e-12:
        return float(slope), float(slope), float(slope)
    alike = min(max(float(rest[1:] @ rest[:-1]) / power, 0.0), 0.95)
    count = max(len(x) * (1 - alike) / (1 + alike), 3.0)
    error = np.sqrt(power / (count - 2) / ((x - x.mean()) ** 2).sum())
    return float(slope - 2 * error), float(slope), float(slope + 2 * error)
