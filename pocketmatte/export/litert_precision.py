"""LiteRT with halves as weights, or in 8 bits by static calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_quantizer import qtyping, quantizer
from ai_edge_quantizer.algorithm_manager import AlgorithmName

_ALL = qtyping.TFLOperationName.ALL_SUPPORTED


def lower_precision(data: bytes, precision: str, pictures: Sequence[np.ndarray] = ()) -> bytes:
    """The float32 file in `precision`, its input and output still float32.

    fp16: weights are stored as halves; a GPU computes in them, a CPU widens them once.
    int8: weights per channel, activations by the ranges seen in `pictures` ([1, 3, H, W]).
    """
    if precision == "fp32":
        return data
    work = quantizer.Quantizer(data)
    if precision == "fp16":
        work.add_weight_only_config(
            ".*", _ALL, num_bits=16, algorithm_key=AlgorithmName.FLOAT_CASTING
        )
        return bytes(work.quantize().quantized_model)
    work.add_static_config(".*", _ALL, activation_num_bits=8, weight_num_bits=8)
    for edge in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        work.update_quantization_recipe(".*", edge, algorithm_key=AlgorithmName.NO_QUANTIZE)
    seen = [{"args_0": picture.transpose(0, 2, 3, 1)} for picture in pictures]
    ranges = work.calibrate({"serving_default": seen}, num_threads=1)
    return bytes(work.quantize(ranges).quantized_model)
