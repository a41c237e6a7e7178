"""LiteRT with halves as weights, or in 8 bits."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import qtyping, quantizer
from ai_edge_quantizer.algorithm_manager import AlgorithmName

from pocketmatte.export.formats import Request
from pocketmatte.export.ranges import Watch, find_ranges
from pocketmatte.mobile.read_tflite import parse_tflite
from pocketmatte.models.registry import Model

_ALL = qtyping.TFLOperationName.ALL_SUPPORTED
_ENDINGS = {"packed": "PackMask|serving_default_output", "flat": "Flat|serving_default_output"}
"""Scopes behind alpha: a threshold and a sum of powers of two do not survive eight bits."""


def lower_precision(data: bytes, network: Model, request: Request) -> bytes:
    """The converted `network` in `request.precision`, its input and output still float32.

    fp16: weights are stored as halves; a GPU computes in them, a CPU widens them once.
    int8: weights per channel, activations in the ranges of `find_ranges`; layers that match
        `request.keep_float`, and those behind alpha, stay in float32.
    """
    if request.precision == "fp32":
        return data
    work = quantizer.Quantizer(data)
    if request.precision == "fp16":
        work.add_weight_only_config(
            ".*", _ALL, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING
        )
        return bytes(work.quantize().quantized_model)
    work.add_static_config(".*", _ALL, activation_num_bits=8, weight_num_bits=8)
    for edge in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        work.update_quantization_recipe(".*", edge, algorithm_key=AlgorithmName.NO_QUANTIZE)
    for scope in filter(None, (_ENDINGS.get(request.output), request.keep_float)):
        work.update_quantization_recipe(scope, _ALL, algorithm_key=AlgorithmName.NO_QUANTIZE)
    shape = (1, *(request.size or request.example), network.channels)
    first = {"args_0": np.zeros(shape, np.float32)}
    ranges = work.calibrate({"serving_default": [first]}, num_threads=1)
    for name, bounds in find_ranges(network, request, watch(data), readers(data)).items():
        if name in ranges:
            for key, bound in zip(("min", "max"), bounds, strict=True):
                ranges[name][key] = np.full_like(ranges[name][key], bound)
    return bytes(work.quantize(ranges).quantized_model)


def readers(data: bytes) -> dict[str, list[str]]:
    """ONNX's names of the operators that read each tensor."""
    found: dict[str, list[str]] = {}
    for layer in parse_tflite(data, "network").layers:
        for tensor in layer.inputs:
            found.setdefault(tensor.name, []).append(layer.op)
    return found


def watch(data: bytes) -> Watch:
    """Runs a picture `[1, 3, H, W]` and returns what every tensor held, channels first."""
    interpreter = Interpreter(
        model_content=data, num_threads=1, experimental_preserve_all_tensors=True
    )
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    computed = {
        tensor.name for layer in parse_tflite(data, "network").layers for tensor in layer.outputs
    }
    seen = [t for t in interpreter.get_tensor_details() if t["name"] in computed]

    def run(picture: np.ndarray) -> dict[str, np.ndarray]:
        interpreter.set_tensor(source["index"], picture.transpose(0, 2, 3, 1))
        interpreter.invoke()
        found = {source["name"]: picture}
        for tensor in seen:
            values = interpreter.get_tensor(tensor["index"])
            found[tensor["name"]] = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
        return found

    return run
