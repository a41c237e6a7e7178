"""ONNX files as a `Graph`: constants folded and batch norm merged, as a converter would."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from math import prod
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import Graph, Layer, Tensor

try:
    import onnx
    from onnx import numpy_helper, shape_inference
except ImportError:
    raise PocketmatteError(
        "reading the layers of an ONNX file needs the package 'onnx'; pip install onnx"
    ) from None


def load_onnx(path: Path) -> onnx.ModelProto:
    """Load a model; PocketmatteError when the file is not one."""
    try:
        model = onnx.load(str(path))
    except Exception as error:  # protobuf, missing external data: a class of its own per cause
        raise PocketmatteError(f"{path}: not a readable ONNX file ({_first(error)})") from None
    if not model.graph.node:
        raise PocketmatteError(f"{path}: not a readable ONNX file (it has no layers)")
    return model


def read_onnx(path: Path, size: tuple[int, int] | None = None) -> Graph:
    """Read a file; `size` (height, width) replaces free sizes of 4-D inputs."""
    return graph_of(load_onnx(path), size, path.stem)


def graph_of(
    model: onnx.ModelProto, size: tuple[int, int] | None = None, name: str = "model"
) -> Graph:
    """The layers of a model in memory."""
    model = simplify(fix_size(model, size) if size else model)
    proto = model.graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.initializer}
    values = (*proto.input, *proto.value_info, *proto.output)
    tensors = {value.name: _tensor(value) for value in values}
    shape_arithmetic = _shape_arithmetic(proto)

    def running(names):
        wanted = [name for name in names if name and name not in arrays]
        return tuple(tensors.get(name, Tensor(name, (None,))) for name in wanted)

    layers = []
    for node in proto.node:
        if node.op_type == "Constant":
            arrays[node.output[0]] = _constant(node)
        elif not set(node.output) <= shape_arithmetic:
            layers.append(_layer(node, running(node.input), running(node.output), arrays))
    return Graph(
        name,
        tuple(_merge_gates(layers)),
        running(value.name for value in proto.input),
        running(value.name for value in proto.output),
    )


def fix_size(model: onnx.ModelProto, size: tuple[int, int]) -> onnx.ModelProto:
    """A copy whose 4-D inputs have batch 1 and the given height and width where they were free."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    weights = {tensor.name for tensor in fixed.graph.initializer}
    for value in fixed.graph.input:
        dims = value.type.tensor_type.shape.dim
        if value.name in weights or len(dims) != 4:
            continue
        for dim, length in zip(dims, (1, 3, *size), strict=True):
            if not dim.dim_value:
                dim.dim_value = length
    del fixed.graph.value_info[:]
    for value in fixed.graph.output:
        value.type.tensor_type.ClearField("shape")
    return _with_shapes(fixed)


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants, merge batch norm, infer shapes.

    A model that onnxruntime does not open (an operator of somebody's own) is taken as written.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder, "simple.onnx"))
        try:
            onnxruntime.InferenceSession(
                model.SerializeToString(), options, ["CPUExecutionProvider"]
            )
            model = onnx.load(options.optimized_model_filepath)
        except Exception:  # onnxruntime's classes have no common base but this
            pass
    return _with_shapes(model)


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # an operator that ONNX does not know; its shapes stay unknown
        return model


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    shape = tuple(dim.dim_value or None for dim in kind.shape.dim)
    if not kind.elem_type:
        return Tensor(value.name, shape)
    return Tensor(value.name, shape, str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)))


def _constant(node):
    for attribute in node.attribute:
        if attribute.name == "value":
            return numpy_helper.to_array(attribute.t)
    return None


def _layer(node, inputs, outputs, arrays) -> Layer:
    own = [arrays[name] for name in node.input if arrays.get(name) is not None]
    weights = [array for array in own if array.dtype.kind == "f"]
    given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    options = _OPTIONS.get(node.op_type, lambda *_: {})(node, given, arrays)
    macs = 0
    if inputs and weights:
        macs = _MACS.get(node.op_type, lambda *_: 0)(inputs[0], outputs[0], weights[0].shape)
    parameters = sum(array.size for array in weights) if node.op_type in _LEARNED else 0
    name = node.name or node.output[0]
    return Layer(name, node.op_type, inputs, outputs, int(macs), int(parameters), options)


_LEARNED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "PRelu")

_MACS = {
    "Conv": lambda src, out, shape: out.elements * prod(shape[1:]),
    "ConvTranspose": lambda src, out, shape: src.elements * prod(shape[1:]),
    "Gemm": lambda src, out, shape: src.elements * prod(shape) // max(src.shape[-1] or 1, 1),
    "MatMul": lambda src, out, shape: src.elements * shape[-1],
}


def _convolution(node, given, arrays) -> dict:
    weight = arrays.get(node.input[1])
    kernel = tuple(given.get("kernel_shape") or (() if weight is None else weight.shape[2:]))
    return {
        "kernel": kernel,
        "strides": tuple(given.get("strides") or (1,) * len(kernel)),
        "groups": given.get("group", 1),
    }


def _clip(node, given, arrays) -> dict:
    bounds = [arrays.get(name) if name else None for name in node.input[1:]]
    low, high = (None if b is None else float(b) for b in (*bounds, None, None)[:2])
    return {"low": low, "high": high}


def _resize(node, given, arrays) -> dict:
    def text(key, default):
        return given.get(key, default).decode()

    return {
        "mode": text("mode", b"nearest"),
        "grid": text("coordinate_transformation_mode", b"half_pixel"),
    }


def _pad(node, given, arrays) -> dict:
    pads = arrays.get(node.input[1]) if len(node.input) > 1 else given.get("pads")
    return {} if pads is None else {"pads": tuple(int(amount) for amount in pads)}


_OPTIONS = {
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "Clip": _clip,
    "Resize": _resize,
    "Pad": _pad,
}


def _merge_gates(layers: list[Layer]) -> list[Layer]:
    """x * HardSigmoid(x) is one HardSwish, x * Sigmoid(x) one Swish, as converters know."""
    gates = {layer.output.name: layer for layer in layers if layer.op in _GATED}
    readers = [tensor.name for layer in layers for tensor in layer.inputs]
    merged, dropped = {}, set()
    for layer in layers:
        if layer.op != "Mul" or len(layer.inputs) != 2:
            continue
        for gate_tensor, source in (layer.inputs, layer.inputs[::-1]):
            gate = gates.get(gate_tensor.name)
            if gate and gate.inputs == (source,) and readers.count(gate_tensor.name) == 1:
                name = layer.output.name.removesuffix("_output_0")
                merged[layer.name] = replace(layer, name=name, op=_GATED[gate.op], inputs=(source,))
                dropped.add(gate.output.name)
    kept = [layer for layer in layers if layer.output.name not in dropped]
    return [merged.get(layer.name, layer) for layer in kept]


_GATED = {"HardSigmoid": "HardSwish", "Sigmoid": "Swish"}


def _shape_arithmetic(proto: onnx.GraphProto) -> set[str]:
    """Names of tensors that only compute sizes: whatever follows from `Shape` alone."""
    found: set[str] = set()
    known = {tensor.name for tensor in proto.initializer} | {""}
    for node in proto.node:
        if node.op_type == "Constant":
            known.update(node.output)
        elif node.op_type in ("Shape", "Size") or (
            found & set(node.input) and set(node.input) <= found | known
        ):
            found.update(node.output)
    return found


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
