"""A network as a list of layers with shapes, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path

from pocketmatte.errors import PocketmatteError

_ELEMENTWISE = """
Abs Add Celu Clip Cos Div Elu Exp Gelu HardSigmoid HardSwish LeakyRelu Log Max Min Mish Mul Neg
PRelu Pow Relu Selu Sigmoid Sin Softplus Sqrt Sub Swish Tanh
"""
_RESHAPES = "Reshape Flatten Squeeze Unsqueeze Transpose DepthToSpace SpaceToDepth Expand Tile"

ELEMENTWISE = frozenset(_ELEMENTWISE.split())
CONVOLUTIONS = frozenset(("Conv", "ConvTranspose"))
RESHAPES = frozenset(_RESHAPES.split())


@dataclass(frozen=True)
class Tensor:
    """A tensor that exists while the network runs. Unknown sizes are None."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"

    @property
    def fixed(self) -> bool:
        return None not in self.shape

    @property
    def elements(self) -> int:
        """How many values; 0 when a size is unknown."""
        return prod(self.shape) if self.fixed else 0

    @property
    def bytes(self) -> int:
        return self.elements * _SIZES.get(self.dtype, 4)


_SIZES = {"float16": 2, "int8": 1, "uint8": 1, "bool": 1, "int64": 8, "float64": 8}


@dataclass(frozen=True)
class Layer:
    """One operator, named as ONNX names it.

    inputs: tensors computed at run time; weights are left out.
    options: kernel, strides (pairs), groups, and whatever a rule needs (low, high, mode ...).
    """

    name: str
    op: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    macs: int = 0
    parameters: int = 0
    options: dict = field(default_factory=dict)

    @property
    def output(self) -> Tensor:
        return self.outputs[0]

    @property
    def bytes(self) -> int:
        """Bytes read and written: activations and weights."""
        tensors = (*self.inputs, *self.outputs)
        return sum(tensor.bytes for tensor in tensors) + 4 * self.parameters


@dataclass(frozen=True)
class Graph:
    """A network: its layers in running order. layout: "NCHW" (ONNX) or "NHWC" (LiteRT)."""

    name: str
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    layout: str = "NCHW"

    def channels(self, tensor: Tensor) -> int | None:
        """What a GPU packs in fours: the channel axis, or the last one below rank 4."""
        if len(tensor.shape) == 4 and self.layout == "NCHW":
            return tensor.shape[1]
        return tensor.shape[-1] if tensor.shape else 1

    def padded_bytes(self, tensor: Tensor) -> int:
        """Bytes of a tensor as float32 with its channels filled up to a multiple of four."""
        channels = self.channels(tensor)
        if not channels or not tensor.fixed:
            return 0
        return 4 * tensor.elements // channels * (-(-channels // 4) * 4)

    @cached_property
    def consumers(self) -> dict[str, tuple[Layer, ...]]:
        """The layers that read each tensor, by its name."""
        readers: dict[str, tuple[Layer, ...]] = {}
        for layer in self.layers:
            for tensor in layer.inputs:
                readers[tensor.name] = (*readers.get(tensor.name, ()), layer)
        return readers

    @cached_property
    def producers(self) -> dict[str, Layer]:
        return {tensor.name: layer for layer in self.layers for tensor in layer.outputs}

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    def fuses(self, layer: Layer) -> bool:
        """Whether an inference engine merges this layer into the one before it.

        A clamp right after the convolution or addition that only it reads (LiteRT's fused
        RELU, RELU6 and RELU_N1_TO_1).
        """
        if not is_plain_clamp(layer) or len(layer.inputs) != 1:
            return False
        before = self.producers.get(layer.inputs[0].name)
        if before is None or len(self.consumers[layer.inputs[0].name]) > 1:
            return False
        return before.op in CONVOLUTIONS or before.op in ("Add", "Mul", "Sub", "Gemm", "Concat")


def is_plain_clamp(layer: Layer) -> bool:
    """ReLU, ReLU6, or the clamp to -1 ... 1."""
    if layer.op == "Clip":
        bounds = (layer.options.get("low"), layer.options.get("high"))
        return bounds in ((0.0, 6.0), (-1.0, 1.0), (0.0, None))
    return layer.op == "Relu"


def read_graph(path: str | Path, size: tuple[int, int] | None = None) -> Graph:
    """Read an `.onnx` or `.tflite` file.

    Args:
        size: (height, width) put in place of free sizes of an ONNX input.

    Raises:
        PocketmatteError: no such file, another kind of file, a damaged one, or the package that
            reads it is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise PocketmatteError(f"{path}: no such file; check the name")
    if path.suffix == ".onnx":
        from pocketmatte.mobile.read_onnx import read_onnx

        return read_onnx(path, size)
    if path.suffix == ".tflite":
        from pocketmatte.mobile.read_tflite import read_tflite

        return read_tflite(path)
    raise PocketmatteError(f"{path}: not an .onnx or .tflite file; export the network first")
