"""Released ONNX networks as LiteRT files for the page.

Channels last, as LiteRT wants it: [1, H, W, 3] to alpha [1, H, W, 1], and the harmoniser's
[1, H, W, 8] to proposals [1, H/8, W/8, 24]. The weights of larger networks are stored as float16
and widened once when the file is loaded.
"""

from __future__ import annotations

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import numpy_helper

OPERATORS = schema.BuiltinOperator
NONE, RELU, RELU6 = (
    getattr(schema.ActivationFunctionType, name) for name in ("NONE", "RELU", "RELU6")
)
WHOLE = 500_000  # bytes of weights up to which they are not halved to float16
FUSED = {"Conv": True, "Add": True}
BINARY = ("Add", "Sub", "Mul", "Div")
UNARY = {
    "Exp": ("EXP", "ExpOptions"),
    "HardSwish": ("HARD_SWISH", "HardSwishOptions"),
    "Log": ("LOG", "NONE"),
    "Relu": ("RELU", "NONE"),
    "Sigmoid": ("LOGISTIC", "NONE"),
    "Sqrt": ("SQRT", "NONE"),
}


def to_tflite(model: onnx.ModelProto, height: int, width: int) -> bytes:
    """The network at one grid.

    Raises ValueError for an operator that no released network has had so far.
    """
    return _Converter(model, height, width).convert()


class _Converter:
    """Walks the ONNX graph once and writes each operator as LiteRT's."""

    def __init__(self, model: onnx.ModelProto, height: int, width: int):
        graph = model.graph
        self._constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        widened = [node for node in graph.node if node.input[0] in self._constants]
        for node in widened:  # weights stored as halves
            self._constants[node.output[0]] = self._constants.pop(node.input[0]).astype(np.float32)
        self._nodes = [node for node in graph.node if node not in widened]
        self._halve = sum(v.nbytes for v in self._constants.values()) > WHOLE
        self._uses: dict[str, int] = {}
        for node in self._nodes:
            for name in node.input:
                self._uses[name] = self._uses.get(name, 0) + 1
        self._graph = schema.SubGraphT()
        self._graph.name, self._graph.tensors, self._graph.operators = b"matte", [], []
        self._buffers, self._codes = [schema.BufferT()], []
        self._tensors: dict[str, int] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._widened: dict[str, int] = {}
        channels = graph.input[0].type.tensor_type.shape.dim[1].dim_value
        self._graph.inputs = [self._output(graph.input[0].name, (1, height, width, channels))]
        self._result = graph.output[0].name

    def convert(self) -> bytes:
        skip = set()
        for index, node in enumerate(self._nodes):
            if index in skip:
                continue
            activation, output = NONE, node.output[0]
            follower = self._activation_after(index) if node.op_type in FUSED else None
            if follower:
                place, activation = follower
                skip.add(place)
                output = self._nodes[place].output[0]
            self._write(node, output, activation)
        self._graph.outputs = [self._tensors[self._result]]
        return self._finish()

    def _activation_after(self, index: int) -> tuple[int, int] | None:
        """The place and kind of a ReLU that alone reads this node's result."""
        output = self._nodes[index].output[0]
        if self._uses.get(output) != 1:
            return None
        place = next(i for i, node in enumerate(self._nodes) if output in node.input)
        node = self._nodes[place]
        if node.op_type == "Relu":
            return place, RELU
        if node.op_type == "Clip" and self._is_relu6(node):
            return place, RELU6
        return None

    def _is_relu6(self, node) -> bool:
        low, high = (float(self._constants[name]) for name in node.input[1:3])
        return (low, high) == (0.0, 6.0)

    def _write(self, node, output: str, activation: int) -> None:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type in BINARY:
            self._binary(node.op_type.upper(), node, output, activation)
            return
        if node.op_type in UNARY:
            kind, options = UNARY[node.op_type]
            self._unary(kind, node.input[0], output, options)
            return
        write = getattr(self, f"_{node.op_type.lower()}", None)
        if write is None:
            raise ValueError(f"operator {node.op_type} has no counterpart here; add it")
        write(node, output, activation, attributes)

    # one method per ONNX operator

    def _conv(self, node, output, activation, attributes):
        source, weights = node.input[0], self._constants[node.input[1]]
        bias = self._bias(node, len(weights))
        groups = attributes.get("group", 1)
        stride_y, stride_x = attributes.get("strides", [1, 1])
        kernel = weights.shape[2:]
        dilation = attributes.get("dilations", [1, 1])
        _, height, width, channels = self._shapes[source]
        pads = attributes.get("pads", [0, 0, 0, 0])
        source, padding = self._padded(source, pads, kernel, (stride_y, stride_x), dilation)
        size = [
            (side + sum(pads[axis::2]) - dilation[axis] * (kernel[axis] - 1) - 1) // stride + 1
            for axis, (side, stride) in enumerate(((height, stride_y), (width, stride_x)))
        ]
        if groups == 1:
            options, kind = schema.Conv2DOptionsT(), "CONV_2D"
            weights = weights.transpose(0, 2, 3, 1)
        elif groups == channels:
            options, kind = schema.DepthwiseConv2DOptionsT(), "DEPTHWISE_CONV_2D"
            options.depthMultiplier = len(weights) // channels
            weights = weights.transpose(1, 2, 3, 0)
        else:
            raise ValueError("grouped convolutions other than depthwise are not written")
        options.padding, options.fusedActivationFunction = padding, activation
        options.strideH, options.strideW = stride_y, stride_x
        options.dilationHFactor, options.dilationWFactor = dilation
        names = [self._tensors[source], self._weights(node.input[1], weights), bias]
        shape = (1, *size, len(self._constants[node.input[1]]))
        options_type = type(options).__name__[:-1]
        self._emit(kind, names, output, shape, options_type, options)

    def _bias(self, node, count: int) -> int:
        values = self._constants[node.input[2]] if len(node.input) > 2 else np.zeros(count)
        return self._constant(values.astype(np.float32))

    def _padded(self, source, pads, kernel, strides, dilation):
        """The padding that LiteRT knows by name, or an explicit one first."""
        if not any(pads):
            return source, schema.Padding.VALID
        around = [dilation[axis] * (kernel[axis] - 1) // 2 for axis in (0, 1)]
        if list(strides) == [1, 1] and list(pads) == around * 2:
            return source, schema.Padding.SAME
        _, height, width, channels = self._shapes[source]
        name = f"{source}:padded:{'.'.join(map(str, pads))}"
        if name not in self._tensors:
            amounts = np.array([[0, 0], pads[0::2], pads[1::2], [0, 0]], np.int32)
            shape = (1, height + pads[0] + pads[2], width + pads[1] + pads[3], channels)
            inputs = [self._tensors[source], self._constant(amounts)]
            self._emit("PAD", inputs, name, shape, "PadOptions", schema.PadOptionsT())
        return name, schema.Padding.VALID

    def _convtranspose(self, node, output, activation, attributes):
        weights = self._constants[node.input[1]]
        stride_y, stride_x = attributes["strides"]
        if any(attributes["pads"]) or list(attributes["kernel_shape"]) != [stride_y, stride_x]:
            raise ValueError("transposed convolutions must tile: kernel = stride, no padding")
        _, height, width, _ = self._shapes[node.input[0]]
        shape = (1, height * stride_y, width * stride_x, weights.shape[1])
        options = schema.TransposeConvOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.SAME, stride_y, stride_x
        inputs = [
            self._constant(np.array(shape, np.int32)),
            self._weights(node.input[1], weights.transpose(1, 2, 3, 0)),
            self._tensors[node.input[0]],
            self._bias(node, shape[3]),
        ]
        self._emit(
            "TRANSPOSE_CONV", inputs, output, shape, "TransposeConvOptions", options, version=3
        )

    def _binary(self, kind, node, output, activation):
        shapes = [self._shape_of(name) for name in node.input]
        options_type = f"{kind.title()}Options"
        options = getattr(schema, f"{options_type}T")()
        options.fusedActivationFunction = activation
        shape = tuple(np.broadcast_shapes(*shapes))
        inputs = [self._operand(name) for name in node.input]
        self._emit(kind, inputs, output, shape, options_type, options)

    def _clip(self, node, output, activation, attributes):
        if self._is_relu6(node):
            self._unary("RELU6", node.input[0], output)
            return
        source, low, high = node.input
        shape, between = self._shapes[source], f"{output}:from below"
        for kind, limit, value, result in (
            ("MAXIMUM", low, source, between),
            ("MINIMUM", high, between, output),
        ):
            options = schema.MaximumMinimumOptionsT()
            inputs = [self._tensors[value], self._operand(limit)]
            self._emit(kind, inputs, result, shape, "MaximumMinimumOptions", options)

    def _hardsigmoid(self, node, output, activation, attributes):
        """clip(a x + b, 0, 1) = relu6(6 a x + 6 b) / 6."""
        source, shape = node.input[0], self._shapes[node.input[0]]
        scale, offset = 6 * attributes.get("alpha", 0.2), 6 * attributes.get("beta", 0.5)
        if abs(scale - 1) > 1e-6:
            source = self._scaled(source, scale, f"{output}:scaled")
        options = schema.AddOptionsT()
        options.fusedActivationFunction = RELU6
        inputs = [self._tensors[source], self._constant(np.array([offset], np.float32))]
        self._emit("ADD", inputs, f"{output}:sixfold", shape, "AddOptions", options)
        self._scaled(f"{output}:sixfold", 1 / 6, output)

    def _scaled(self, source: str, factor: float, output: str) -> str:
        inputs = [self._tensors[source], self._constant(np.array([factor], np.float32))]
        self._emit("MUL", inputs, output, self._shapes[source], "MulOptions", schema.MulOptionsT())
        return output

    def _globalaveragepool(self, node, output, activation, attributes):
        self._reduce("MEAN", node, output)

    def _reducemax(self, node, output, activation, attributes):
        if list(attributes["axes"]) != [2, 3] or not attributes.get("keepdims", 1):
            raise ValueError("a maximum is taken over the whole picture")
        self._reduce("REDUCE_MAX", node, output)

    def _reduce(self, kind, node, output):
        options = schema.ReducerOptionsT()
        options.keepDims = True
        shape = (1, 1, 1, self._shapes[node.input[0]][3])
        inputs = [self._tensors[node.input[0]], self._constant(np.array([1, 2], np.int32))]
        self._emit(kind, inputs, output, shape, "ReducerOptions", options)

    def _averagepool(self, node, output, activation, attributes):
        kernel, strides = attributes["kernel_shape"], attributes["strides"]
        if list(kernel) != list(strides) or any(attributes.get("pads", [])):
            raise ValueError("average pooling must tile: kernel = stride, no padding")
        options = schema.Pool2DOptionsT()
        options.padding = schema.Padding.VALID
        options.filterHeight, options.filterWidth = kernel
        options.strideH, options.strideW = strides
        _, height, width, channels = self._shapes[node.input[0]]
        shape = (1, height // kernel[0], width // kernel[1], channels)
        source = self._tensors[node.input[0]]
        self._emit("AVERAGE_POOL_2D", [source], output, shape, "Pool2DOptions", options)

    def _slice(self, node, output, activation, attributes):
        first, last, axes = (self._constants[name].tolist() for name in node.input[1:4])
        step = self._constants[node.input[4]].tolist() if len(node.input) > 4 else [1]
        _, height, width, channels = self._shapes[node.input[0]]
        end = min(last[0], channels)
        if axes != [1] or not 0 <= first[0] < end or step[0] < 1:
            raise ValueError("only channels can be sliced, forwards and counted from the first")
        shape = (1, height, width, len(range(first[0], end, step[0])))
        corner = (0, 0, 0, first[0])
        kind, options, places = "SLICE", schema.SliceOptionsT(), (corner, shape)
        if step[0] > 1:
            kind, options = "STRIDED_SLICE", schema.StridedSliceOptionsT()
            places = (corner, (1, height, width, end), (1, 1, 1, step[0]))
        places = (self._constant(np.array(place, np.int32)) for place in places)
        inputs = [self._tensors[node.input[0]], *places]
        self._emit(kind, inputs, output, shape, type(options).__name__[:-1], options)

    def _resize(self, node, output, activation, attributes):
        scales = self._constants[node.input[2]]
        grid = attributes.get("coordinate_transformation_mode")
        if attributes.get("mode") == b"linear" and grid in (b"half_pixel", b"pytorch_half_pixel"):
            kind, options, version = "RESIZE_BILINEAR", schema.ResizeBilinearOptionsT(), 3
            options.halfPixelCenters = True
        elif attributes.get("mode") == b"nearest" and grid == b"asymmetric":
            kind, version = "RESIZE_NEAREST_NEIGHBOR", 1
            options = schema.ResizeNearestNeighborOptionsT()
        else:
            raise ValueError("resizing is bilinear with pixel centres kept, or repeats pixels")
        if len(scales) != 4:
            raise ValueError("only resizing by a factor is written")
        _, height, width, channels = self._shapes[node.input[0]]
        size = (round(height * float(scales[2])), round(width * float(scales[3])))
        inputs = [self._tensors[node.input[0]], self._constant(np.array(size, np.int32))]
        shape = (1, *size, channels)
        self._emit(kind, inputs, output, shape, type(options).__name__[:-1], options, version)

    def _concat(self, node, output, activation, attributes):
        shapes = [self._shapes[name] for name in node.input]
        options = schema.ConcatenationOptionsT()
        options.axis = 3
        shape = (*shapes[0][:3], sum(shape[3] for shape in shapes))
        inputs = [self._tensors[name] for name in node.input]
        self._emit("CONCATENATION", inputs, output, shape, "ConcatenationOptions", options)

    # tensors, buffers, operators

    def _unary(self, kind, source, output, options_type="NONE"):
        options = getattr(schema, f"{options_type}T")() if options_type != "NONE" else None
        shape = self._shapes[source]
        self._emit(kind, [self._tensors[source]], output, shape, options_type, options)

    def _shape_of(self, name: str) -> tuple[int, ...]:
        return self._shapes[name] if name in self._shapes else self._channels_last(name).shape

    def _channels_last(self, name: str) -> np.ndarray:
        """A constant operand: a single number, or one for each channel."""
        values = self._constants[name].astype(np.float32)
        if values.ndim == 4:
            return values.transpose(0, 2, 3, 1)
        if values.size != 1:
            raise ValueError("constant operands must be single numbers or [1, C, 1, 1]")
        return values.reshape(1)

    def _operand(self, name: str) -> int:
        if name in self._tensors:
            return self._tensors[name]
        return self._constant(self._channels_last(name))

    def _output(self, name: str, shape: tuple[int, ...]) -> int:
        self._shapes[name] = shape
        self._tensors[name] = self._tensor(shape, schema.TensorType.FLOAT32, 0)
        return self._tensors[name]

    def _weights(self, name: str, values: np.ndarray) -> int:
        """A float16 constant and the operator that widens it; in small files plain float32."""
        if name not in self._widened and not self._halve:
            self._widened[name] = self._constant(values.astype(np.float32))
        if name not in self._widened:
            small = self._constant(values.astype(np.float16))
            wide = self._tensor(values.shape, schema.TensorType.FLOAT32, 0)
            self._operator("DEQUANTIZE", [small], wide, "NONE", None, 1)
            self._widened[name] = wide
        return self._widened[name]

    def _constant(self, values: np.ndarray) -> int:
        kinds = {"float16": "FLOAT16", "float32": "FLOAT32", "int32": "INT32"}
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        kind = getattr(schema.TensorType, kinds[values.dtype.name])
        return self._tensor(values.shape, kind, len(self._buffers) - 1)

    def _tensor(self, shape, kind: int, buffer: int) -> int:
        tensor = schema.TensorT()
        tensor.name = f"t{len(self._graph.tensors)}".encode()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, buffer
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _emit(self, kind, inputs, output, shape, options_type, options, version=1) -> None:
        self._operator(kind, inputs, self._output(output, shape), options_type, options, version)

    def _operator(self, kind, inputs, output, options_type, options, version) -> None:
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(kind, version)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_type)
        operator.builtinOptions = options
        self._graph.operators.append(operator)

    def _code(self, kind: str, version: int) -> int:
        if (kind, version) not in self._codes:
            self._codes.append((kind, version))
        return self._codes.index((kind, version))

    def _finish(self) -> bytes:
        model = schema.ModelT()
        model.version, model.description = 3, b"pocketmatte"
        model.subgraphs, model.buffers, model.operatorCodes = [self._graph], self._buffers, []
        for kind, version in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(OPERATORS, kind)
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
            code.version = version
            model.operatorCodes.append(code)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
