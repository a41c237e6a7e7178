"""Core ML: an `.mlpackage` for Apple devices (extra `coreml`). Written anywhere, run by macOS."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import coremltools as ct
import coremltools.optimize.coreml as shrink
import numpy as np
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.alpha import AlphaNetwork
from pocketmatte.export.formats import Files, Request
from pocketmatte.models.registry import Model


def to_coreml(network: Model, request: Request) -> Files:
    """The network as an ML program: `src` [1, 3, H, W], normalised, to `pha`.

    Free sizes come as a list: `request.aspects`. fp32 and fp16 are weights and arithmetic; int8 is
    weights only, arithmetic in half precision: Core ML takes ranges of activations from runs, and
    it runs on a Mac only.

    Raises:
        PocketmatteError: sixteen packed bits in half precision, which holds eleven.
    """
    halves = request.precision != "fp32"
    if halves and request.output == "packed" and request.bits > 8:
        raise PocketmatteError(
            f"Core ML computes {request.precision} in half precision, which cannot hold 16 mask "
            "bits; add --pack-bits 8, or take fp32"
        )
    size = request.size or request.example
    module = AlphaNetwork(network, request.output, request.bits).eval()
    shapes = [(1, 3, *side) for side in request.aspects or [size]]
    if request.size is None and len(shapes) > 1:
        shape = ct.EnumeratedShapes(shapes, default=shapes[0])
    else:
        shape = (1, 3, *size)
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, torch.zeros(1, 3, *size))
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name="src", shape=shape, dtype=np.float32)],
            outputs=[ct.TensorType(name="pha", dtype=np.float32)],
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT16 if halves else ct.precision.FLOAT32,
            minimum_deployment_target=ct.target.iOS15,
            skip_model_load=True,
        )
        if request.precision == "int8":
            model = shrink.linear_quantize_weights(
                model, shrink.OptimizationConfig(shrink.OpLinearQuantizerConfig(weight_threshold=0))
            )
    model.short_description = request.notes.get("description", "")
    model.license = request.notes.get("licence", "")
    model.user_defined_metadata.update(request.notes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.mlpackage"
        model.save(str(path))
        return {
            f".mlpackage/{part.relative_to(path).as_posix()}": part.read_bytes()
            for part in sorted(path.rglob("*"))
            if part.is_file()
        }
