"""OpenVINO's own format: `.xml` and `.bin`, from the ONNX export (extra `openvino`)."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import openvino

from pocketmatte.export.formats import Files, Request
from pocketmatte.export.onnx import build_onnx
from pocketmatte.models.registry import Model


def to_openvino(network: Model, request: Request) -> Files:
    """The network as OpenVINO files, `request.notes` in their `rt_info`.

    fp16 stores halves and computes as the device likes; int8 takes over the quantisation of the
    ONNX export, which OpenVINO runs in 8 bits.
    """
    halves = request.precision == "fp16"
    source = build_onnx(network, replace(request, precision="fp32") if halves else request)
    model = openvino.Core().read_model(source.SerializeToString())
    for key, value in request.notes.items():
        model.set_rt_info(value, ["pocketmatte", key])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.xml"
        openvino.save_model(model, path, compress_to_fp16=halves)
        return {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin")}
