"""ONNX: batch norms folded, any batch and any size, alpha in [0, 1] as output."""

from __future__ import annotations

import io
import warnings

import onnx
import onnxslim
import torch

from pocketmatte.export.alpha import AlphaNetwork
from pocketmatte.models.registry import Model

OPSET = 17


def to_onnx(network: Model, size: tuple[int, int]) -> bytes:
    """The network as an ONNX model: `src` [B, 3, H, W] to `pha` [B, 1, H, W], B, H, W dynamic.

    `size` is only the example that is traced.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # the tracing exporter is deprecated but makes the leaner graph of the two
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AlphaNetwork(network).eval(),
            (torch.zeros(1, 3, *size),),
            buffer,
            input_names=["src"],
            output_names=["pha"],
            dynamic_axes={
                "src": {0: "batch", 2: "height", 3: "width"},
                "pha": {0: "batch", 2: "height", 3: "width"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnxslim.slim(onnx.load_from_string(buffer.getvalue()))
    del model.graph.value_info[:]  # inferred shapes: no runtime needs them, and they weigh
    onnx.checker.check_model(model)
    return model.SerializeToString()
