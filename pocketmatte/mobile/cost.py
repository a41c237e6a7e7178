"""Why a phone needs the time it needs: a few costs per network, fitted on published times.

Each device has a table of terms, and a term is a quantity read off the graph (multiply-adds, bytes
...). The time is their weighted sum. The weights, none negative, come from the seven models of the
2019 study, whose times on a phone's CPU and GPU are published; the relative error is minimised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import CONVOLUTIONS, RESHAPES, Graph, Layer
from pocketmatte.mobile.nnls import nnls

PULL = 0.01
"""Weak pull of each weight to zero, so that one which the data hardly touches stays small."""


@dataclass(frozen=True)
class Term:
    """One cause of cost. measure: graph -> quantity in `unit`."""

    name: str
    unit: str
    meaning: str
    measure: Callable[[Graph], float]


def running_layers(graph: Graph) -> list[Layer]:
    """The layers that are left when clamps are fused into what is before them."""
    return [layer for layer in graph.layers if not graph.fuses(layer)]


def padded_macs(graph: Graph, layer: Layer) -> float:
    """Multiply-adds when channels are filled up to multiples of four."""
    channels_out = graph.channels(layer.output)
    if not layer.macs or not channels_out:
        return layer.macs
    filled = _fill(channels_out) / channels_out
    channels_in = graph.channels(layer.inputs[0])
    if layer.options.get("groups", 1) == 1 and channels_in:
        filled *= _fill(channels_in) / channels_in
    return layer.macs * filled


def window_bytes(graph: Graph, layer: Layer) -> float:
    """Bytes of a convolution's windows, laid out one after another (im2col)."""
    if layer.op not in CONVOLUTIONS or not layer.macs:
        return 0
    if layer.op == "ConvTranspose":
        return 4 * layer.inputs[0].elements
    return 4 * layer.macs * layer.options.get("groups", 1) / (graph.channels(layer.output) or 1)


def _fill(channels: int) -> int:
    return -(-channels // 4) * 4


def _edges(graph: Graph):
    return (*graph.inputs, *graph.outputs)


_CPU = (
    Term("start", "runs", "fixed cost of a run", lambda g: 1),
    Term("arithmetic", "MMAC", "multiply-adds", lambda g: g.macs / 1e6),
    Term(
        "windows",
        "MB",
        "windows of the convolutions, gathered",
        lambda g: sum(window_bytes(g, layer) for layer in running_layers(g)) / 1e6,
    ),
    Term(
        "tensors",
        "MB",
        "input and results of the layers, written once",
        lambda g: (
            (
                sum(tensor.bytes for tensor in g.inputs)
                + sum(layer.output.bytes for layer in running_layers(g))
            )
            / 1e6
        ),
    ),
)

_GPU = (
    Term("start", "runs", "fixed cost of a run", lambda g: 1),
    Term("operators", "layers", "layers after fusion", lambda g: len(running_layers(g))),
    Term(
        "arithmetic",
        "MMAC",
        "multiply-adds, channels filled to fours",
        lambda g: sum(padded_macs(g, layer) for layer in running_layers(g)) / 1e6,
    ),
    Term(
        "read back",
        "MB",
        "copy of the outputs out of the GPU's memory, channels filled to fours",
        lambda g: sum(g.padded_bytes(tensor) for tensor in g.outputs) / 1e6,
    ),
    Term(
        "padding",
        "MB",
        "zeros that fill the channels of inputs and outputs to fours",
        lambda g: sum(g.padded_bytes(tensor) - 4 * tensor.elements for tensor in _edges(g)) / 1e6,
    ),
    Term(
        "reshapes",
        "MB",
        "tensors that are laid out anew",
        lambda g: sum(layer.output.bytes for layer in g.layers if layer.op in RESHAPES) / 1e6,
    ),
)

TERMS = {"cpu": _CPU, "gpu": _GPU}


@dataclass(frozen=True)
class CostModel:
    """Terms with fitted weights, in ms per unit."""

    device: str
    terms: tuple[Term, ...]
    weights: tuple[float, ...]

    def breakdown(self, graph: Graph) -> dict[str, float]:
        """Milliseconds by term. Raises PocketmatteError when the graph has free sizes."""
        quantities = measure(graph, self.terms)
        return {
            term.name: float(weight * quantity)
            for term, weight, quantity in zip(self.terms, self.weights, quantities, strict=True)
        }

    def predict(self, graph: Graph) -> float:
        """Milliseconds for one run."""
        return sum(self.breakdown(graph).values())


def measure(graph: Graph, terms: Sequence[Term]) -> np.ndarray:
    """The quantity of each term. Raises PocketmatteError when the graph has free sizes."""
    if not all(tensor.fixed for tensor in _edges(graph)):
        raise PocketmatteError(f"{graph.name}: its input size is free; give one, as 192x160")
    return np.array([term.measure(graph) for term in terms], float)


def fit(
    graphs: Sequence[Graph], times: Sequence[float], device: str, pull: float = PULL
) -> CostModel:
    """Find the weights that explain the times, by non-negative least squares.

    graphs: the networks. times: in ms, one for each. device: "cpu" or "gpu", for its terms.
    pull: of weights to zero, relative to a term's largest share.
    """
    terms = TERMS[device]
    shares = np.stack([measure(graph, terms) for graph in graphs])
    shares /= np.asarray(times, float)[:, None]
    return CostModel(device, terms, tuple(_solve(shares, shares.max(axis=0), pull)))


def leave_one_out(
    graphs: Sequence[Graph], times: Sequence[float], device: str, pull: float = PULL
) -> np.ndarray:
    """Each network's time in ms, as predicted by a fit on all the others."""
    quantities = np.stack([measure(graph, TERMS[device]) for graph in graphs])
    times = np.asarray(times, float)
    shares = quantities / times[:, None]
    others = ~np.eye(len(times), dtype=bool)
    scale = shares.max(axis=0)
    weights = np.stack([_solve(shares[rest], scale, pull) for rest in others])
    return (weights * quantities).sum(axis=1)


def _solve(shares: np.ndarray, scale: np.ndarray, pull: float) -> np.ndarray:
    damping = np.sqrt(pull) * np.diag(scale)
    target = np.concatenate((np.ones(len(shares)), np.zeros(len(scale))))
    return nnls(np.concatenate((shares, damping)), target)


def relative_error(predicted: Sequence[float], measured: Sequence[float]) -> float:
    """Mean of |predicted - measured| / measured."""
    measured = np.asarray(measured, float)
    return float(np.mean(np.abs(np.asarray(predicted) - measured) / measured))


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's, in [-1, 1]: 1 when both put the networks in the same order."""
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks from 0; equal values share the mean of theirs."""
    values = np.asarray(values, float)
    below = (values[None] < values[:, None]).sum(axis=1)
    equal = (values[None] == values[:, None]).sum(axis=1)
    return below + (equal - 1) / 2
