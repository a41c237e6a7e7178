"""The seven models of the study as LiteRT files, written directly: no converter is needed.

Built with the schema that the package ai-edge-litert carries. Channels last, float32, opset
versions 1 and 2, so that runtimes of 2019 read them too.
"""

from __future__ import annotations

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import packing_kernel
from pocketmatte.mobile.paradox import SIDE, Spec, identity_kernel

try:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
except ImportError:
    raise PocketmatteError(
        "writing LiteRT files needs the package 'ai-edge-litert'; pip install ai-edge-litert"
    ) from None


def build_tflite(spec: Spec) -> bytes:
    """One of the seven models as the bytes of a `.tflite` file."""
    writer = _Writer(spec.name, spec.input_shape)
    if spec.flat_input:
        writer.reshape((1, SIDE, SIDE, spec.channels))
    if spec.kept:
        writer.keep_channels(spec.kept)
    seen, bias = spec.kept or spec.channels, np.zeros(spec.filters, np.float32)
    kernel = identity_kernel(spec).transpose(0, 2, 3, 1)
    writer.convolution(kernel, bias, (1, 1), (1, SIDE, SIDE, spec.filters))
    assert kernel.shape == (spec.filters, 3, 3, seen)
    if spec.packs:
        packer = packing_kernel().transpose(0, 2, 3, 1)
        writer.convolution(packer, np.zeros(1, np.float32), (1, 16), (1, SIDE, SIDE // 16, 1))
    if spec.filled:
        writer.fill_channels(spec.filters, spec.filled)
    if spec.flat_output:
        writer.reshape(spec.output_shape)
    return writer.finish()


class _Writer:
    """Adds operators one after another, each reading the result of the last."""

    def __init__(self, name: str, shape: tuple[int, ...]):
        self._graph = schema.SubGraphT()
        self._graph.name = name.encode()
        self._graph.tensors, self._graph.operators = [], []
        self._buffers = [schema.BufferT()]
        self._codes: list[int] = []
        self._last = self._tensor("input", shape)
        self._shape = shape
        self._graph.inputs = [self._last]

    def convolution(self, kernel, bias, strides, shape) -> None:
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME
        options.strideH, options.strideW = strides
        options.dilationHFactor = options.dilationWFactor = 1
        weights = [self._constant("kernel", kernel), self._constant("bias", bias)]
        self._add("CONV_2D", weights, shape, "Conv2DOptions", options)

    def reshape(self, shape) -> None:
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        wanted = self._constant("shape", np.array(shape, np.int32))
        self._add("RESHAPE", [wanted], shape, "ReshapeOptions", options)

    def keep_channels(self, count: int) -> None:
        options = schema.StridedSliceOptionsT()
        options.beginMask = options.endMask = 0b0111
        bounds = [0, 0, 0, 0], [0, 0, 0, count], [1, 1, 1, 1]
        names = "begin", "end", "strides"
        inputs = [
            self._constant(name, np.array(value, np.int32))
            for name, value in zip(names, bounds, strict=True)
        ]
        shape = (*self._shape[:3], count)
        self._add("STRIDED_SLICE", inputs, shape, "StridedSliceOptions", options)

    def fill_channels(self, count: int, wanted: int) -> None:
        amounts = np.array([[0, 0], [0, 0], [0, 0], [0, wanted - count]], np.int32)
        shape = (*self._shape[:3], wanted)
        inputs = [self._constant("paddings", amounts)]
        self._add("PAD", inputs, shape, "PadOptions", schema.PadOptionsT())

    def finish(self) -> bytes:
        self._graph.outputs = [self._last]
        self._graph.tensors[self._last].name = b"output"
        model = schema.ModelT()
        model.version = 3
        model.description = b"pocketmatte"
        model.subgraphs, model.buffers = [self._graph], self._buffers
        model.operatorCodes = [_code(code) for code in self._codes]
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _add(self, op: str, constants: list[int], shape, kind: str, options) -> None:
        code = getattr(schema.BuiltinOperator, op)
        if code not in self._codes:
            self._codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(code)
        operator.inputs = [self._last, *constants]
        self._last = self._tensor(f"{op.lower()}_{len(self._graph.operators)}", shape)
        self._shape = tuple(shape)
        operator.outputs = [self._last]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        operator.builtinOptions = options
        self._graph.operators.append(operator)

    def _tensor(self, name: str, shape, kind: int = schema.TensorType.FLOAT32, data=b"") -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name.encode(), list(shape), kind
        tensor.buffer = 0
        if data:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data, np.uint8)
            self._buffers.append(buffer)
            tensor.buffer = len(self._buffers) - 1
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _constant(self, name: str, array: np.ndarray) -> int:
        floats = array.dtype == np.float32
        kind = schema.TensorType.FLOAT32 if floats else schema.TensorType.INT32
        name = f"{name}_{len(self._graph.tensors)}"
        return self._tensor(name, array.shape, kind, np.ascontiguousarray(array).tobytes())


def _code(builtin: int):
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 1
    return code
