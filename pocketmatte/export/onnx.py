"""ONNX: batch norms folded, any batch and any size (or one fixed size), finished output."""

from __future__ import annotations

import io
import warnings
from functools import lru_cache

import numpy as np
import onnx
import onnxslim
import torch

from pocketmatte.export.alpha import AlphaNetwork
from pocketmatte.export.formats import Files, Request
from pocketmatte.export.onnx_ending import end_with
from pocketmatte.export.onnx_precision import lower_precision
from pocketmatte.models.registry import Model

OPSET = 17
_LARGE = 256


def to_onnx(network: Model, request: Request) -> Files:
    """The network as an ONNX file, with `request.notes` as its metadata."""
    model = build_onnx(network, request)
    onnx.helper.set_model_props(model, dict(request.notes))
    return {".onnx": model.SerializeToString()}


def build_onnx(network: Model, request: Request) -> onnx.ModelProto:
    """Trace, lower the precision, then add the ending, which stays in float32."""
    model = trace(network, request.size or request.example, fixed=request.size is not None)
    model = lower_precision(model, network, request)
    model = store_halves(end_with(model, request.output, request.bits))
    onnx.checker.check_model(model)
    return model


def store_halves(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights that are halves anyway are kept as halves; runtimes widen them when they load.

    Changes no number: only weights whose every value a half holds exactly.
    """
    casts = []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.dtype != np.float32 or values.size < _LARGE or (halves != values).any():
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(halves, f"{name}.half"))
        casts.append(
            onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def trace(network: Model, size: tuple[int, int], fixed: bool = False) -> onnx.ModelProto:
    """The network in float32: `src` [B, 3, H, W] to `pha` [B, 1, H, W].

    A harmoniser has 8 channels in, and `change` comes out. B, H and W are free, `size` then being
    only an example; or 1 and `size` when `fixed`.
    """
    return onnx.load_from_string(_traced(network, tuple(size), fixed))


@lru_cache(maxsize=1)  # the precisions of one network come in a row
def _traced(network: Model, size: tuple[int, int], fixed: bool) -> bytes:
    buffer = io.BytesIO()
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # the tracing exporter is deprecated but makes the leaner graph of the two
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AlphaNetwork(network).eval(),
            (torch.zeros(1, network.channels, *size),),
            buffer,
            input_names=["src"],
            output_names=[network.output],
            dynamic_axes=None if fixed else {"src": free, network.output: free},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnxslim.slim(onnx.load_from_string(buffer.getvalue()))
    del model.graph.value_info[:]  # inferred shapes: no runtime needs them, and they weigh
    return model.SerializeToString()
