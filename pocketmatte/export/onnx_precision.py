"""ONNX in half precision, or in 8 bits."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.quant_utils import save_and_reload_model_with_shape_infer
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from pocketmatte.export.formats import Request
from pocketmatte.export.ranges import Watch, find_ranges
from pocketmatte.models.registry import Model

_OPERATORS = sorted({*QDQRegistry, *QLinearOpsRegistry})


def lower_precision(model: onnx.ModelProto, network: Model, request: Request) -> onnx.ModelProto:
    """The converted `network` in `request.precision`, its input and output still float32.

    fp16: weights and arithmetic in half precision, resizing too.
    int8: weights per channel and signed, activations unsigned (the pair that processors multiply
        fastest), in the ranges of `find_ranges`. Layers between quantise and dequantise nodes
        (QDQ), as every runtime reads them; those that match `request.keep_float` stay in float32.
    """
    if request.precision == "fp16":
        halved = OnnxModel(convert_float_to_float16(model, keep_io_types=True))
        halved.topological_sort()  # the converter adds its casts at the end
        return halved.model
    if request.precision == "int8":
        ranges = find_ranges(network, request, watch(model), readers(model))
        return quantise(model, ranges, request.keep_float)
    return model


def quantise(
    model: onnx.ModelProto, ranges: Mapping[str, tuple[float, float]], keep_float: str = ""
) -> onnx.ModelProto:
    """8 bits between the given bounds. keep_float: layers whose names have this pattern stay."""
    model = save_and_reload_model_with_shape_infer(copy.deepcopy(model))
    kept = [node.name for node in model.graph.node if keep_float and _matches(keep_float, node)]
    ranges = dict(ranges)
    for node in model.graph.node:  # fused with what they follow, which trained ranges leave out
        if node.op_type in ("Relu", "Clip") and node.output[0] in ranges:
            ranges.setdefault(node.input[0], ranges[node.output[0]])
    found = {
        name: TensorData(lowest=np.float32(low), highest=np.float32(high))
        for name, (low, high) in ranges.items()
    }
    work = QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, found),
        nodes_to_quantize=[],
        nodes_to_exclude=kept,
        op_types_to_quantize=_OPERATORS,
        extra_options={},
    )
    work.quantize_model()
    work.model.topological_sort()
    made = work.model.model
    del made.graph.value_info[:]
    return made


def _matches(pattern: str, node: onnx.NodeProto) -> bool:
    return re.search(pattern, node.name) is not None


def readers(model: onnx.ModelProto) -> dict[str, list[str]]:
    """Types of the operators that read each tensor."""
    found: dict[str, list[str]] = {}
    for node in model.graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node.op_type)
    return found


def watch(model: onnx.ModelProto) -> Watch:
    """Runs a picture and returns what every tensor held."""
    model = copy.deepcopy(model)
    (source,), ends = model.graph.input, {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output]
    for name in names:
        if name not in ends:
            kind = onnx.TensorProto.FLOAT
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)

    def run(picture: np.ndarray) -> dict[str, np.ndarray]:
        return {source.name: picture} | dict(
            zip(names, session.run(names, {source.name: picture}), strict=True)
        )

    return run
