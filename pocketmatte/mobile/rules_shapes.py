"""Lint rules on shapes: what a GPU that packs channels in fours has to pad, copy or plan anew."""

from __future__ import annotations

from collections.abc import Iterator

from pocketmatte.mobile.graph import ELEMENTWISE, Graph, Tensor
from pocketmatte.mobile.published import PADDING_MS, READ_BACK_MS
from pocketmatte.mobile.rules import DELEGATE, INSIGHT, LEE, STUDY, Note, rule

BIG_OUTPUT = 1 << 20  # bytes
SMALL_MS = 0.1
_FLOATS = ("float32", "float16", "int8", "uint8")


@rule("dynamic-shape", "error", DELEGATE)
def dynamic_shape(graph: Graph) -> Iterator[Note]:
    for tensor in graph.inputs:
        if not tensor.fixed:
            shape = "x".join("?" if side is None else str(side) for side in tensor.shape)
            yield Note(
                tensor.name,
                f"free sizes ({shape}): the GPU plans its memory and shaders for one size",
                "export one file per size, or lint it at a size with --size HxW",
            )


@rule("rank", "error", DELEGATE)
def rank(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        if len(layer.output.shape) > 4:
            yield Note(
                layer.name,
                f"a tensor of rank {len(layer.output.shape)}",
                "keep to four: batch, height, width, channels",
            )


@rule("tensor-type", "error", DELEGATE)
def tensor_type(graph: Graph) -> Iterator[Note]:
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor.dtype not in _FLOATS:
            yield Note(
                tensor.name,
                f"{tensor.dtype} at the network's edge; the GPU takes floats",
                "take and give float32, and convert outside",
            )


@rule("channels-of-four", "warning", f"{STUDY}; {LEE}; {INSIGHT.format(12)}")
def channels_of_four(graph: Graph) -> Iterator[Note]:
    edge = _edge_tensors(graph)
    for layer in graph.layers:
        channels = graph.channels(layer.output)
        if not channels or channels % 4 == 0 or layer.output.name in edge:
            continue
        if channels in [graph.channels(tensor) for tensor in layer.inputs]:
            continue  # told where the number of channels first appears
        filled = -(-channels // 4) * 4
        yield Note(
            layer.name,
            f"{_count(channels)} stored and computed as {filled}",
            f"use {filled} (for the same cost)" + (f" or {filled - 4}" if filled > 4 else ""),
            "info" if _small_map(graph, layer.output) else None,
        )


def _small_map(graph: Graph, tensor: Tensor) -> bool:
    """One value per pixel has no more channels to give, and a small map of them costs little."""
    return (
        graph.channels(tensor) == 1
        and tensor.fixed
        and _padding(graph, tensor) / 1e6 * PADDING_MS < SMALL_MS
    )


@rule("input-channels", "info", f"{STUDY}, models 1 and 3; {DELEGATE}")
def input_channels(graph: Graph) -> Iterator[Note]:
    for tensor in graph.inputs:
        channels = graph.channels(tensor)
        if tensor.fixed and channels and channels % 4:
            filled = _padding(graph, tensor)
            yield Note(
                tensor.name,
                f"{_count(channels)}: {filled / 1024:.0f} KB of zeros are added for each frame, "
                f"about {filled / 1e6 * PADDING_MS:.1f} ms on the study's phone",
                "cameras give RGBA: accept_rgba widens the first layer to take it as it is",
            )


@rule("output-copy", "info", f"{STUDY}; {INSIGHT.format(11)}")
def output_copy(graph: Graph) -> Iterator[Note]:
    for tensor in graph.outputs:
        padding = _padding(graph, tensor)
        if not tensor.fixed or (not padding and tensor.bytes < BIG_OUTPUT):
            continue
        size = 4 * tensor.elements
        cost = graph.padded_bytes(tensor) / 1e6 * READ_BACK_MS + padding / 1e6 * PADDING_MS
        yield Note(
            tensor.name,
            f"{size} bytes are copied out of the GPU for each frame, "
            f"{_count(graph.channels(tensor))}: about {cost:.1f} ms on the study's phone",
            "share the GPU's buffer with the renderer, or pack the mask where a hard one is "
            "enough (append_packing: 16 pixels in one float)",
            "warning" if size > BIG_OUTPUT else None,
        )


def _padding(graph: Graph, tensor: Tensor) -> int:
    """Bytes of zeros that fill the channels to fours."""
    return graph.padded_bytes(tensor) - 4 * tensor.elements


def _count(channels: int) -> str:
    return "1 channel" if channels == 1 else f"{channels} channels"


def _edge_tensors(graph: Graph) -> set[str]:
    """Outputs, and what leads to them through elementwise layers: one channel by design."""
    edge = {tensor.name for tensor in graph.outputs}
    for layer in reversed(graph.layers):
        elementwise = layer.op in ELEMENTWISE or layer.op in ("Reshape", "Flatten", "Squeeze")
        packs = layer.op == "Conv" and layer.options.get("kernel") in ((1, 8), (1, 16))
        if layer.output.name in edge and (elementwise or packs):
            edge.update(tensor.name for tensor in layer.inputs)
    return edge
