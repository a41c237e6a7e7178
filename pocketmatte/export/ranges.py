"""Which values eight bits shall tell apart, tensor by tensor: measured, or as they were trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.formats import Request
from pocketmatte.models.quantize import USEFUL, node_values
from pocketmatte.models.registry import Model

PERCENT = 99.95
"""Share of the values that each side of a range keeps; single outliers would cost all others."""
SAMPLE = 4000
"""Values of a tensor that are looked at in each picture."""

Values = Mapping[str, np.ndarray]
Ranges = dict[str, tuple[float, float]]
Watch = Callable[[np.ndarray], Values]
"""Runs a picture `[1, 3, H, W]` and tells what every tensor held, channels first."""


def find_ranges(
    network: Model, request: Request, watch: Watch, readers: Mapping[str, Sequence[str]]
) -> Ranges:
    """(lowest, highest) of the tensors of a converted network.

    Trained ranges (`request.ranges`) belong to nodes of the torch network: a tensor gets those of
    the node that held the same values for the same picture. Other tensors, such as those that only
    the converter made, are measured on `request.pictures`, or on that picture if there are none.

    Args:
        network: what was converted.
        watch: the converted network, in float32.
        readers: ONNX's names of the operators that read each tensor.
    """
    size = request.size or request.example
    picture = np.random.default_rng(0).random((1, network.channels, *size), np.float32)
    found = measure(map(watch, request.pictures or [picture]), readers)
    if request.ranges:
        found |= matched(watch(picture), node_values(network, picture), request.ranges)
    return found


def measure(runs: Iterable[Values], readers: Mapping[str, Sequence[str]]) -> Ranges:
    """Ranges from what the tensors held in several runs.

    Between the percentiles, zero always included; and no further than the operator that reads the
    tensor can tell values apart: HardSwish makes 0 of all below -3, a sigmoid is 0 or 1 beyond 8.
    """
    return bounds(collect(runs), readers)


def collect(runs: Iterable[Values]) -> Values:
    """A sample of what each tensor held in several runs."""
    kept: dict[str, list[np.ndarray]] = {}
    for values in runs:
        for name, array in values.items():
            flat = array.ravel()
            # a copy: a view would keep the whole tensor of every picture
            kept.setdefault(name, []).append(flat[:: max(1, flat.size // SAMPLE)].copy())
    return {name: np.concatenate(parts) for name, parts in kept.items()}


def bounds(
    samples: Values, readers: Mapping[str, Sequence[str]], percent: float = PERCENT
) -> Ranges:
    """Ranges from samples of the tensors' values, as `measure` says."""
    return {
        name: _useful(choose(values, percent), readers.get(name, ()))
        for name, values in samples.items()
    }


def choose(values: np.ndarray, percent: float = PERCENT) -> tuple[float, float]:
    """The range that leaves `percent` of the values in at each side, and zero."""
    low, high = np.percentile(values, (100 - percent, percent))
    return min(float(low), 0.0), max(float(high), 0.0)


def _useful(found: tuple[float, float], readers: Sequence[str]) -> tuple[float, float]:
    if len(set(readers)) != 1 or readers[0] not in USEFUL:
        return found
    low, high = USEFUL[readers[0]]
    return max(found[0], low), min(found[1], high)


def matched(tensors: Values, nodes: Values, ranges: Mapping[str, Sequence[float]]) -> Ranges:
    """The trained range of each tensor that holds what one of the torch network's nodes holds.

    Raises PocketmatteError when most tensors have none: the ranges are another network's.
    """
    trained = {name: nodes[name] for name in ranges if name in nodes}
    found = {}
    for name, array in tensors.items():
        gaps = {
            node: float(np.abs(values - array).max()) / (float(np.abs(values).max()) + 1e-9)
            for node, values in trained.items()
            if values.shape == array.shape
        }
        nearest = min(gaps, key=gaps.__getitem__, default=None)
        if nearest is not None and gaps[nearest] < 1e-3:
            found[name] = tuple(float(bound) for bound in ranges[nearest])
    if len(found) < 0.5 * len(ranges):
        raise PocketmatteError(
            f"only {len(found)} of {len(ranges)} trained ranges fit this network; "
            "train them again: pocketmatte train --quantize"
        )
    return found
