"""A network that computes as eight bits will: rounded weights and activations, still trainable.

Weights are rounded per output channel, symmetric; activations per tensor to 256 levels between two
bounds. Rounding lets gradients pass unchanged inside the bounds (straight-through, Jacob 2018);
what is beyond a bound moves the bound (PACT, Choi 2018), so the ranges are learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.func import functional_call

from pocketmatte.models.registry import Model

USEFUL = {
    "HardSwish": (-3.0, float("inf")),
    "HardSigmoid": (-3.0, 3.0),
    "Sigmoid": (-8.0, 8.0),
}
"""By ONNX's name of the operator that reads a tensor: beyond this it tells no values apart."""

ALPHA = "alpha"
"""Name of the finished output among a network's nodes."""

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_FUSED = ("relu", "relu_", "relu6", "clamp", "hardtanh")
_MOVERS = ("pad", "dropout", "identity", "getattr", "getitem", "size", "flatten", "dim", "eq")
_GAIN = 20.0


class _Round(torch.autograd.Function):
    """To 256 levels between two bounds that include zero."""

    @staticmethod
    def forward(ctx, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
        scale = max(float(high - low), 1e-6) / 255
        zero = round(min(max(float(-low) / scale, 0), 255))
        ctx.save_for_backward(x < low, x > high)
        return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 255)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        below, above = ctx.saved_tensors
        inner = gradient.masked_fill(below | above, 0)
        return inner, (gradient * below).sum(), (gradient * above).sum()


class Quantized(nn.Module):
    """Runs `network` as its int8 file will run; gradients reach its weights and the bounds.

    Args:
        network: its batch norms folded (`fold_norms`) and in evaluation mode.
        ranges: (lowest, highest) of every node in `quantized_nodes(network)`.
    """

    def __init__(self, network: Model, ranges: Mapping[str, tuple[float, float]]):
        super().__init__()
        self.network, self.names = network, list(ranges)
        start = torch.tensor([ranges[name] for name in self.names])
        self.register_buffer("start", start)
        # relative to the start: bounds of any size move by the same share in a step
        self.moved = nn.Parameter(torch.zeros_like(start))
        self._graph = trace(network)

    def ranges(self) -> dict[str, list[float]]:
        """The bounds as they are now."""
        return dict(zip(self.names, self._bounds().tolist(), strict=True))

    def _bounds(self) -> Tensor:
        return self.start * (1 + _GAIN * self.moved)

    def train(self, mode: bool = True) -> Quantized:
        """Always in evaluation mode: statistics and dropout are no business of int8."""
        return super().train(False)

    def forward(self, src: Tensor) -> Tensor:
        bounds = dict(zip(self.names, self._bounds(), strict=True))

        def rounded(name: str, x: Tensor) -> Tensor:
            return _Round.apply(x, *bounds[name]) if name in bounds else x

        with torch.autocast(src.device.type, enabled=False):
            run = _Run(self.network, self._graph, rounded, weights=True)
            return run.run(src.float().contiguous())


class _Run(fx.Interpreter):
    """The network node by node, each result given to `see`, which returns what goes on."""

    def __init__(
        self,
        network: Model,
        graph: fx.Graph,
        see: Callable[[str, Tensor], Tensor],
        weights: bool = False,
    ):
        super().__init__(network, graph=graph)
        self.see, self.weights = see, weights

    def run_node(self, node: fx.Node):
        result = super().run_node(node)
        return self.see(node.name, result) if isinstance(result, Tensor) else result

    def call_module(self, target, args, kwargs):
        module = self.fetch_attr(target)
        if self.weights and isinstance(module, _CONVOLUTIONS):
            return functional_call(module, {"weight": rounded_weight(module)}, args)
        return super().call_module(target, args, kwargs)


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, _CONVOLUTIONS) or super().is_leaf_module(module, name)


def trace(network: Model) -> fx.Graph:
    """The network's operations in order; convolutions of any class are one each."""
    return _Tracer().trace(network)


def rounded_weight(module: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """A convolution's weight on the 255 levels of each output channel, straight-through."""
    weight = module.weight
    axis = 1 if isinstance(module, nn.ConvTranspose2d) else 0
    others = [dim for dim in range(weight.ndim) if dim != axis]
    scale = weight.detach().abs().amax(others, keepdim=True).clamp_min(1e-8) / 127
    return weight + ((weight / scale).round() * scale - weight).detach()


def quantized_nodes(network: Model) -> dict[str, str]:
    """Nodes whose results int8 rounds, each with the ONNX name of what alone reads it, or "".

    Not: a convolution whose activation is fused with it, and what only moves values.
    """
    graph, found = trace(network), {}
    for node in graph.nodes:
        readers = [_kind(network, user) for user in node.users]
        if node.op in ("output", "get_attr") or _kind(network, node) in _MOVERS:
            continue
        if len(readers) == 1 and (readers[0] in _FUSED or readers[0] == "batchnorm2d"):
            continue
        if readers == ["output"]:
            readers = ["sigmoid"]  # `finish` of every matting network
        known = {name.lower(): name for name in USEFUL}
        found[node.name] = known.get(readers[0], "") if len(readers) == 1 else ""
    return found


def _kind(network: Model, node: fx.Node) -> str:
    """Lower-case name of the operation: of the module's class, the function or the method."""
    if node.op == "call_module":
        return type(network.get_submodule(node.target)).__name__.lower()
    if node.op in ("call_function", "call_method"):
        return getattr(node.target, "__name__", str(node.target)).lower()
    return node.op


@torch.no_grad()
def node_values(network: Model, picture: np.ndarray) -> dict[str, np.ndarray]:
    """What every node of the network holds for a normalised picture `[1, C, H, W]`; and `ALPHA`."""
    values = {}

    def see(name: str, x: Tensor) -> Tensor:
        values[name] = x.numpy(force=True).copy()  # activations may work in place
        return x

    raw = _Run(network, trace(network), see).run(torch.from_numpy(picture))
    return values | {ALPHA: network.finish(raw).numpy(force=True)}


@torch.no_grad()
def fold_norms(network: Model) -> None:
    """Move the scale of every batch norm into the convolution before it, in place.

    What is left of the norm only adds: the network keeps its parameters' names and its results,
    and a convolution's weight is what an exported file will hold. Scales and statistics stop
    training.
    """
    graph = trace(network)
    for node in graph.nodes:
        before = node.args[0] if node.args else None
        if _kind(network, node) != "batchnorm2d" or before.op != "call_module":
            continue
        conv, norm = network.get_submodule(before.target), network.get_submodule(node.target)
        if not isinstance(conv, _CONVOLUTIONS):
            continue
        factor = norm.weight / (norm.running_var + norm.eps).sqrt()
        shape = [1, -1, 1, 1] if isinstance(conv, nn.ConvTranspose2d) else [-1, 1, 1, 1]
        conv.weight.mul_(factor.view(shape))
        norm.bias.sub_(norm.running_mean * factor)
        if conv.bias is not None:
            conv.bias.mul_(factor)
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1).requires_grad_(False)
