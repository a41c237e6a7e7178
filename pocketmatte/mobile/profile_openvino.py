"""Where OpenVINO spends a network's time: layers as it runs them, with the file's facts of each."""

from __future__ import annotations

from pathlib import Path

from pocketmatte.mobile.engines import openvino_request
from pocketmatte.mobile.graph import Layer, read_graph

_ONNX_NAMES = {"ConvolutionBackpropData": "ConvTranspose", "Interpolate": "Resize"}

Ran = tuple[str, str, list[float], Layer | None]
"""Name, type, ms of every run, and the file's layer where the names say which."""


def openvino_layers(
    path: Path, size: tuple[int, int] | None, runs: int, threads: int, warmup: int
) -> tuple[list[Ran], tuple[int, ...]]:
    """Each layer that ran, in order; and the first input's shape."""
    request, feeds = openvino_request(path, threads, size, profiled=True)
    shape = next(iter(feeds.values())).shape
    times: dict[tuple[str, str], list[float]] = {}
    for run in range(warmup + runs):
        request.infer(feeds)
        for layer in request.profiling_info if run >= warmup else ():
            if layer.status == layer.Status.EXECUTED:
                took = 1000 * layer.real_time.total_seconds()
                times.setdefault((layer.node_name, layer.node_type), []).append(took)
    layers = read_graph(path, shape[-2:]).layers
    known = {layer.output.name: layer for layer in layers} | {layer.name: layer for layer in layers}
    # OpenVINO names these anew, but keeps their order
    transposed = iter([layer for layer in layers if layer.op == "ConvTranspose"])
    found = []
    for (name, kind), taken in times.items():
        name = name.removesuffix("/WithoutBiases")
        layer = next(transposed, None) if kind == "ConvolutionBackpropData" else known.get(name)
        found.append((name, _ONNX_NAMES.get(kind, kind), taken, layer))
    return found, shape
