"""MediaPipe's file into our network: a file of the same build, with weights that we know."""

import numpy as np
import pytest
import torch
from torch import nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.models.published import load_selfie

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")


def write_like_published(network, path):
    """Half-precision constants, a DEQUANTIZE for each, then the convolutions in order."""
    model = schema.ModelT()
    model.version, model.buffers = 3, [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, model.subgraphs = [], [], [graph]
    kinds = ("DEQUANTIZE", "CONV_2D", "DEPTHWISE_CONV_2D", "CUSTOM")
    model.operatorCodes = []
    for kind in kinds:
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        model.operatorCodes.append(code)

    def add_tensor(shape, data=None):
        tensor = schema.TensorT()
        tensor.shape, tensor.buffer = list(shape), 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.astype(np.float16).tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer, tensor.type = len(model.buffers) - 1, schema.TensorType.FLOAT16
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def add_operator(kind, inputs, outputs):
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = kinds.index(kind), inputs, outputs
        graph.operators.append(operator)

    def add_constant(values):
        stored, wide = add_tensor(values.shape, values), add_tensor(values.shape)
        add_operator("DEQUANTIZE", [stored], [wide])
        return wide

    x = add_tensor((1, 8, 8, 3))
    graph.inputs = [x]
    for layer in network.modules():
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            continue
        weight = layer.weight.detach().numpy()
        if isinstance(layer, nn.ConvTranspose2d):
            kind, order = "CUSTOM", (1, 2, 3, 0)
        elif layer.groups > 1:
            kind, order = "DEPTHWISE_CONV_2D", (1, 2, 3, 0)
        else:
            kind, order = "CONV_2D", (0, 2, 3, 1)
        constants = [
            add_constant(weight.transpose(order)),
            add_constant(layer.bias.detach().numpy()),
        ]
        y = add_tensor((1, 8, 8, 1))
        add_operator(kind, [x, *constants], [y])
        x = y
    graph.outputs = [x]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def test_every_weight_lands_where_it_belongs(tmp_path):
    torch.manual_seed(1)
    origin, network = create_model("selfie_unet").eval(), create_model("selfie_unet").eval()
    origin.half().float()
    write_like_published(origin, tmp_path / "net.tflite")
    load_selfie(network, tmp_path / "net.tflite")
    src = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(network(src), origin(src))


def test_other_files_are_refused_in_one_line(tmp_path):
    network = create_model("selfie_unet")
    with pytest.raises(PocketmatteError, match="no such file"):
        load_selfie(network, tmp_path / "missing.tflite")
    smaller = nn.Sequential(nn.Conv2d(3, 8, 3))
    write_like_published(smaller, tmp_path / "other.tflite")
    with pytest.raises(PocketmatteError, match=r"other.tflite: not MediaPipe's"):
        load_selfie(network, tmp_path / "other.tflite")
