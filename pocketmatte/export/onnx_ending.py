"""How an ONNX network ends: in alpha, in one flat row, or in a packed mask."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pocketmatte.mobile.pack_onnx import append_packing


def end_with(model: onnx.ModelProto, output: str, bits: int = 16) -> onnx.ModelProto:
    """The network with another ending: `alpha` (as it is), `flat` or `packed`."""
    if output == "packed":
        return append_packing(model, bits=bits)
    return _flatten(model) if output == "flat" else model


def _flatten(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    alpha = graph.output[0]
    sides = [dim.dim_value for dim in alpha.type.tensor_type.shape.dim]
    length = math.prod(sides) if all(sides) else "pixels"
    graph.initializer.append(numpy_helper.from_array(np.array([-1]), "flat/shape"))
    graph.node.append(helper.make_node("Reshape", [alpha.name, "flat/shape"], ["flat"], "flat"))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, [length]))
    return model
