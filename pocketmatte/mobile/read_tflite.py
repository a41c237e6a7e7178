"""LiteRT files as a `Graph`. Operators get ONNX's names, shapes stay channels last."""

from __future__ import annotations

from math import prod
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import Graph, Layer, Tensor

try:
    from ai_edge_litert import schema_py_generated as schema
except ImportError:
    raise PocketmatteError(
        "reading LiteRT files needs the package 'ai-edge-litert'; pip install ai-edge-litert"
    ) from None

ONNX_NAMES = {
    "AVERAGE_POOL_2D": "AveragePool",
    "BATCH_MATMUL": "MatMul",
    "CONCATENATION": "Concat",
    "CONV_2D": "Conv",
    "Convolution2DTransposeBias": "ConvTranspose",  # MediaPipe's own, known to the delegate
    "DEPTHWISE_CONV_2D": "Conv",
    "DEPTH_TO_SPACE": "DepthToSpace",
    "DEQUANTIZE": "DequantizeLinear",
    "FULLY_CONNECTED": "Gemm",
    "HARD_SWISH": "HardSwish",
    "LEAKY_RELU": "LeakyRelu",
    "LOGISTIC": "Sigmoid",
    "MAXIMUM": "Max",
    "MAX_POOL_2D": "MaxPool",
    "MEAN": "ReduceMean",
    "MINIMUM": "Min",
    "MIRROR_PAD": "Pad",
    "PADV2": "Pad",
    "PRELU": "PRelu",
    "QUANTIZE": "QuantizeLinear",
    "REDUCE_MAX": "ReduceMax",
    "RELU6": "Clip",
    "RELU_N1_TO_1": "Clip",
    "RESIZE_BILINEAR": "Resize",
    "RESIZE_NEAREST_NEIGHBOR": "Resize",
    "SPACE_TO_DEPTH": "SpaceToDepth",
    "SPLIT_V": "Split",
    "STRIDED_SLICE": "Slice",
    "SUM": "ReduceSum",
    "TRANSPOSE_CONV": "ConvTranspose",
}
_CLAMPS = {"RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
_TRANSPOSED = ("TRANSPOSE_CONV", "Convolution2DTransposeBias")
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", *_TRANSPOSED, "FULLY_CONNECTED", "PRELU")


def read_tflite(path: Path) -> Graph:
    """Read a file; PocketmatteError when it is not one."""
    data = Path(path).read_bytes()
    if data[4:8] != b"TFL3":
        raise PocketmatteError(f"{path}: not a LiteRT file; give a .tflite file")
    try:
        return parse_tflite(data, path.stem)
    except Exception as error:  # a damaged flatbuffer fails anywhere
        raise PocketmatteError(f"{path}: damaged LiteRT file ({error}); get it again") from None


def parse_tflite(data: bytes, name: str) -> Graph:
    """The graph in the contents of a file."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    proto = model.subgraphs[0]
    stored = [_holds_data(model.buffers[tensor.buffer]) for tensor in proto.tensors]
    tensors = [_tensor(tensor) for tensor in proto.tensors]
    layers = []
    for operator in proto.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        op = _NAMES.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")
        if op == "CUSTOM" and code.customCode:
            op = code.customCode.decode()
        used = [index for index in operator.inputs if index >= 0]
        if op == "DEQUANTIZE" and all(stored[index] for index in used):
            # weights kept in half precision; the GPU takes them as they are
            stored[operator.outputs[0]] = True
            continue
        layers.append(_layer(op, operator, tensors, stored, used))
    running = [tensors[index] for index in proto.inputs], [tensors[i] for i in proto.outputs]
    return Graph(name, tuple(layers), tuple(running[0]), tuple(running[1]), "NHWC")


def _holds_data(buffer) -> bool:
    return buffer.data is not None and len(buffer.data) > 0


def _layer(op: str, operator, tensors, stored, used) -> Layer:
    inputs = tuple(tensors[index] for index in used if not stored[index])
    outputs = tuple(tensors[index] for index in operator.outputs)
    constants = [tensors[index] for index in used if stored[index]]
    floats = [tensor for tensor in constants if tensor.dtype != "int32"]
    options = _options(op, operator.builtinOptions, floats)
    macs = _macs(op, inputs, outputs, floats[0].shape) if floats and inputs else 0
    parameters = sum(tensor.elements for tensor in floats) if op in _WEIGHTED else 0
    onnx_name = ONNX_NAMES.get(op, _camel(op) if op.isupper() else op)
    return Layer(outputs[0].name, onnx_name, inputs, outputs, macs, parameters, options)


def _options(op: str, given, weights: list[Tensor]) -> dict:
    if op in _CLAMPS:
        low, high = _CLAMPS[op]
        return {"low": low, "high": high}
    if op.startswith("RESIZE"):
        grid = "half_pixel" if given.halfPixelCenters else "asymmetric"
        grid = "align_corners" if given.alignCorners else grid
        return {"mode": "linear" if op == "RESIZE_BILINEAR" else "nearest", "grid": grid}
    if op in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV") and weights:
        shape = weights[0].shape
        groups = shape[3] if op == "DEPTHWISE_CONV_2D" else 1
        return {
            "kernel": tuple(shape[1:3]),
            "strides": (given.strideH, given.strideW),
            "groups": groups,
        }
    return {}


def _macs(op: str, inputs, outputs, shape) -> int:
    if op == "CONV_2D":
        return outputs[0].elements * prod(shape[1:])
    if op == "DEPTHWISE_CONV_2D":
        return outputs[0].elements * prod(shape[1:3])
    if op in _TRANSPOSED:
        return inputs[-1].elements * prod(shape[:3])
    if op == "FULLY_CONNECTED":
        return outputs[0].elements * shape[1]
    return 0


def _tensor(tensor) -> Tensor:
    sizes = tensor.shape if tensor.shape is not None else ()
    signature = tensor.shapeSignature
    if signature is not None and len(signature):
        sizes = [None if length < 0 else length for length in signature]
    shape = tuple(None if length is None else int(length) for length in sizes)
    return Tensor((tensor.name or b"").decode(), shape, _TYPES.get(tensor.type, "other"))


def _camel(op: str) -> str:
    return "".join(part.capitalize() for part in op.split("_"))


def _table(kind) -> dict[int, str]:
    return {value: key for key, value in vars(kind).items() if isinstance(value, int)}


_NAMES = _table(schema.BuiltinOperator)
_TYPES = {value: key.lower() for value, key in _table(schema.TensorType).items()}
