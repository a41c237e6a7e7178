"""ONNX in half precision, or in 8 bits by static calibration."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel


def lower_precision(
    model: onnx.ModelProto, precision: str, pictures: Sequence[np.ndarray] = ()
) -> onnx.ModelProto:
    """The network in `precision`, its input and output still float32.

    fp16: weights and arithmetic in half precision, resizing too.
    int8: weights per channel and signed, activations unsigned (the pair that processors multiply
        fastest), ranges from the least and the largest value seen in `pictures`. Layers between
        quantise and dequantise nodes (QDQ), as every runtime reads them.
    """
    if precision == "fp16":
        halved = OnnxModel(convert_float_to_float16(model, keep_io_types=True))
        halved.topological_sort()  # the converter adds its casts at the end
        return halved.model
    if precision == "int8":
        return _quantise(model, pictures)
    return model


def _quantise(model: onnx.ModelProto, pictures: Sequence[np.ndarray]) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            path,
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
        return onnx.load(path)


class _Pictures(CalibrationDataReader):
    """The calibrator's way to ask for one picture after another."""

    def __init__(self, pictures: Sequence[np.ndarray]):
        self._rest = iter(pictures)

    def get_next(self) -> dict | None:
        picture = next(self._rest, None)
        return None if picture is None else {"src": picture}
