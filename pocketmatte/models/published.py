"""MediaPipe's published selfie segmentation weights, read from their own file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.selfie_unet import SelfieUNet

# LiteRT keeps (out, height, width, in), depthwise filters and MediaPipe's own transposed
# convolution (1, height, width, channels)
_TO_TORCH = {
    "CONV_2D": (0, 3, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 0, 1, 2),
    "CUSTOM": (3, 0, 1, 2),
}


def load_selfie(network: SelfieUNet, path: str | Path) -> None:
    """Fill a Selfie-UNet in place.

    Args:
        path: `selfie_segmentation.tflite` or `selfie_segmentation_landscape.tflite`, as published
            in the npm package `@mediapipe/selfie_segmentation` (Apache-2.0).

    Raises:
        PocketmatteError: the file is another one, or LiteRT's reader is not installed.
    """
    try:
        published = iter(list(_convolutions(Path(path))))
        for layer in _in_order(network):
            kind, weight, bias = next(published)
            weight = torch.from_numpy(weight).permute(_TO_TORCH[kind])
            if weight.shape != layer.weight.shape:
                raise ValueError(f"{tuple(weight.shape)} where {tuple(layer.weight.shape)} goes")
            with torch.no_grad():
                layer.weight.copy_(weight)
                layer.bias.copy_(torch.from_numpy(bias))
        if next(published, None) is not None:
            raise ValueError("more layers than the network has")
    except (StopIteration, KeyError, ValueError, IndexError, TypeError) as error:
        raise PocketmatteError(
            f"{path}: not MediaPipe's selfie segmentation ({error}); give its .tflite file"
        ) from None


def _in_order(network: SelfieUNet) -> Iterator[nn.Module]:
    """The layers with weights, as the file lists them."""
    base = [network.stem, network.blocks, network.bottleneck, network.gate, network.steps]
    for part in [*base, network.head]:
        yield from (m for m in part.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d))


def _convolutions(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(operator, weight, bias) of every convolution; the file keeps them in half precision."""
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError:
        raise PocketmatteError(
            f"{path.name}: reading it needs the package ai-edge-litert; pip install ai-edge-litert"
        ) from None
    if not path.is_file():
        raise PocketmatteError(f"{path}: no such file; get it from @mediapipe/selfie_segmentation")
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    graph, values = model.subgraphs[0], {}
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if kind == "DEQUANTIZE":
            tensor = graph.tensors[operator.inputs[0]]
            half = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.float16)
            values[operator.outputs[0]] = half.reshape(tensor.shape).astype(np.float32)
        elif kind in _TO_TORCH:
            yield kind, values[operator.inputs[1]], values[operator.inputs[2]]
