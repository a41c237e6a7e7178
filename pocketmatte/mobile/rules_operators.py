"""Lint rules on operators: what the GPU cannot run, and what it runs slowly."""

from __future__ import annotations

from collections.abc import Iterator

from pocketmatte.mobile.graph import CONVOLUTIONS, RESHAPES, Graph, Layer
from pocketmatte.mobile.operators import ACCEPTED, PREFERRED, RECENT
from pocketmatte.mobile.rules import DELEGATE, INSIGHT, LEE, STUDY, Note, rule

BIG_KERNEL = 25  # taps; 5x5
HEAVY_MACS = 20_000_000
TINY_MACS = 3_000_000
SMALL_PASS = 16 << 10  # bytes; a pass over less costs nothing that one could see
_SLOW_ACTIVATIONS = frozenset(("PRelu", "Elu", "Celu", "Selu", "Gelu", "Mish", "Softplus"))
_LOOSE_ACTIVATIONS = frozenset(
    ("HardSwish", "HardSigmoid", "LeakyRelu", "Sigmoid", "Swish", "Tanh")
)


@rule("unsupported-operator", "error", DELEGATE)
def unsupported_operator(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        remedy = PREFERRED.get(layer.op, "replace it, or move it behind the network")
        if layer.op == "Resize" and layer.options.get("mode") == "cubic":
            yield Note(layer.name, "cubic resizing runs on the CPU", "resize bilinearly")
        elif layer.op in RECENT:
            yield Note(
                layer.name, f"{layer.op} runs on the GPU on recent phones only", remedy, "warning"
            )
        elif layer.op not in ACCEPTED:
            yield Note(
                layer.name,
                f"{layer.op} runs on the CPU, with a copy each way; it splits the network",
                remedy,
            )


@rule("reshape", "warning", f"{STUDY}; {LEE}")
def reshape(graph: Graph) -> Iterator[Note]:
    results = {tensor.name for tensor in graph.outputs}
    for layer in graph.layers:
        if layer.op not in RESHAPES:
            continue
        moved = f"{layer.op} lays {_kilobytes(layer.output.bytes)} out anew"
        packs = layer.output.name in results and (graph.channels(layer.output) or 0) % 4 == 0
        if packs:
            yield Note(
                layer.name,
                f"{moved}, into an output of full fours",
                "keep it: it costs less than the padding it saves (model 4 of the study)",
                "info",
            )
        else:
            yield Note(layer.name, moved, "choose shapes so that none is needed")


@rule("strided-slice", "warning", STUDY)
def strided_slice(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        if layer.op in ("Slice", "Split", "Gather"):
            yield Note(
                layer.name,
                f"{layer.op} copies {_kilobytes(sum(t.bytes for t in layer.outputs))}",
                "let the next convolution ignore what is not needed (weights of zero)",
            )


@rule("explicit-pad", "info", LEE)
def explicit_pad(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        if layer.op != "Pad":
            continue
        before, after = graph.channels(layer.inputs[0]), graph.channels(layer.output)
        if before != after:
            yield Note(
                layer.name,
                f"pads the channels from {before} to {after}: a copy of the whole tensor",
                f"give the layer before it {after} filters (model 3 of the study, not model 7)",
                "warning",
            )
        else:
            yield Note(
                layer.name,
                "a layer of its own for padding",
                "use the padding of the convolution, or hope that the delegate merges it",
            )


@rule("activation", "info", f"{LEE}; LiteRT fuses RELU, RELU6 and RELU_N1_TO_1 only")
def activation(graph: Graph) -> Iterator[Note]:
    results = {tensor.name for tensor in graph.outputs}
    for layer in graph.layers:
        if layer.output.fixed and layer.output.bytes < SMALL_PASS:
            continue
        size = _kilobytes(layer.output.bytes)
        if layer.op in _SLOW_ACTIVATIONS:
            yield Note(
                layer.name,
                f"{layer.op} is a pass of its own over {size} on the CPU, and dear on the GPU",
                "use ReLU6, or hard-swish where it pays",
                "warning",
            )
        elif layer.op in _LOOSE_ACTIVATIONS and layer.output.name not in results:
            yield Note(
                layer.name,
                f"{layer.op} is not fused on the CPU: a pass over {size}",
                "use ReLU6 where the tensor is large",
            )


@rule("large-kernel", "warning", INSIGHT.format(13))
def large_kernel(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        kernel, strides = layer.options.get("kernel", ()), layer.options.get("strides", ())
        if layer.op != "Conv" or len(kernel) != 2 or kernel == strides:
            continue
        if kernel[0] * kernel[1] > BIG_KERNEL:
            yield Note(
                layer.name,
                f"a {kernel[0]}x{kernel[1]} kernel: time grows with its area",
                "use two smaller ones, or one of 3x3 at half the resolution",
            )


@rule("heavy-layer", "warning", 'Portrait-Segmentation 2019, "CPU Profiling"')
def heavy_layer(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        if layer.macs > max(HEAVY_MACS, graph.macs / 5):
            share = layer.macs / graph.macs
            yield Note(
                layer.name,
                f"{layer.macs / 1e6:.0f} MMAC, {share:.0%} of the network in one {layer.op}",
                "fewer channels at this resolution, or depthwise and 1x1 in its place",
            )


@rule("transposed-convolution", "info", 'Portrait-Segmentation 2019, "CPU Profiling"')
def transposed_convolution(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        kernel, strides = layer.options.get("kernel", ()), layer.options.get("strides", ())
        if layer.op == "ConvTranspose" and kernel != strides and 1 not in kernel:
            yield Note(
                layer.name,
                f"kernel {kernel} over stride {strides}: windows overlap; slow on the CPU, and "
                "the overlap draws a checkerboard",
                "resize bilinearly and convolve at fewer channels, or use kernel = stride",
            )


@rule("grouped-convolution", "warning", DELEGATE)
def grouped_convolution(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        groups = layer.options.get("groups", 1)
        if layer.op in CONVOLUTIONS and groups > 1 and not _depthwise(graph, layer, groups):
            yield Note(
                layer.name,
                f"{groups} groups: neither a full nor a depthwise convolution",
                "use depthwise and 1x1 convolutions",
            )


@rule("shifted-resize", "warning", INSIGHT.format(18))
def shifted_resize(graph: Graph) -> Iterator[Note]:
    for layer in graph.layers:
        grid = layer.options.get("grid")
        if layer.op == "Resize" and layer.options.get("mode") == "linear" and grid == "asymmetric":
            yield Note(
                layer.name,
                "bilinear without half-pixel centres shifts the mask by half a grid pixel",
                "resize with half-pixel centres (align_corners=False in torch)",
            )


@rule("tiny-network", "info", STUDY)
def tiny_network(graph: Graph) -> Iterator[Note]:
    if 0 < graph.macs < TINY_MACS:
        yield Note(
            graph.name,
            f"{graph.macs / 1e6:.1f} MMAC in all: the GPU's fixed costs outweigh the work",
            "measure the CPU too; it may win",
        )


def _depthwise(graph: Graph, layer: Layer, groups: int) -> bool:
    return groups == graph.channels(layer.inputs[-1])


def _kilobytes(count: int) -> str:
    return f"{count / 1024:.0f} KB" if count >= 1024 else f"{count} bytes"
