"""MediaPipe's file into our network: a file of the same build, with weights that we know."""

import numpy as np
import pytest
import torch
from torch import nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.models.published import load_multiclass, load_selfie
from pocketmatte.models.selfie_mixer import SelfieMixer

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")


KINDS = ("DEQUANTIZE", "CONV_2D", "DEPTHWISE_CONV_2D", "CUSTOM", "TRANSPOSE_CONV", "MUL", "ADD")


def write(steps, path):
    """Half-precision constants, a DEQUANTIZE for each, then the operators in order.

    steps: (operator, its constants).
    """
    model = schema.ModelT()
    model.version, model.buffers = 3, [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, model.subgraphs = [], [], [graph]
    model.operatorCodes = []
    for kind in KINDS:
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
        operator.opcodeIndex, operator.inputs, operator.outputs = KINDS.index(kind), inputs, outputs
        graph.operators.append(operator)

    def add_constant(values):
        stored, wide = add_tensor(values.shape, values), add_tensor(values.shape)
        add_operator("DEQUANTIZE", [stored], [wide])
        return wide

    x = add_tensor((1, 8, 8, 3))
    graph.inputs = [x]
    for kind, values in steps:
        constants = [add_constant(value) for value in values]
        y = add_tensor((1, 8, 8, 1))
        add_operator(kind, [x, *constants], [y])
        x = y
    graph.outputs = [x]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def steps_of(network):
    """The convolutions of a network, in LiteRT's order of axes."""
    for layer in network.modules():
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            continue
        if isinstance(layer, nn.ConvTranspose2d):
            kind, order = "CUSTOM", (1, 2, 3, 0)
        elif layer.groups > 1:
            kind, order = "DEPTHWISE_CONV_2D", (1, 2, 3, 0)
        else:
            kind, order = "CONV_2D", (0, 2, 3, 1)
        yield kind, [layer.weight.detach().numpy().transpose(order), layer.bias.detach().numpy()]


def multiclass_steps():
    """The multiclass graph's operators with constants, random, as its file lists them."""
    rng = np.random.default_rng(5)

    def numbers(*shape):
        return rng.normal(size=shape).astype(np.float16).astype(np.float32)

    def conv(channels_in, out, kernel=1):
        return "CONV_2D", [numbers(out, kernel, kernel, channels_in), numbers(out)]

    def depthwise(channels, kernel=3):
        return "DEPTHWISE_CONV_2D", [numbers(1, kernel, kernel, channels), numbers(channels)]

    def block(channels_in, hidden, out):
        return [conv(channels_in, hidden), depthwise(hidden), conv(hidden, out)]

    def skip(channels):
        return [depthwise(channels, 1), conv(channels, 64)]

    def attention(c):
        yield from (("MUL", [numbers(c)]), ("ADD", [numbers(c)]), conv(c, 2 * c), conv(2 * c, c))
        yield from (conv(c, 1), conv(c, c), conv(c, c), conv(c, c))

    def stage(channels_in, hidden, local, c, depth):
        yield from (*block(channels_in, hidden, local), conv(local, c, 3), conv(c, c))
        for _ in range(depth):
            yield from attention(c)
        yield conv(c, local)

    yield from (conv(3, 16, 3), *skip(16), *block(16, 96, 64))
    yield from (*block(64, 384, 128), *block(128, 768, 128), *skip(128))
    yield from (*stage(128, 768, 256, 128, 2), *skip(256))
    yield from (*stage(256, 1536, 384, 192, 4), *skip(384))
    for _ in range(4):
        yield from (depthwise(64), conv(64, 64))
    for channels in (64, 32, 32, 32, 32):
        yield from (depthwise(channels), conv(channels, 32))
    yield "TRANSPOSE_CONV", [numbers(32, 2, 2, 32), numbers(32)]
    yield conv(32, 6)


def test_every_weight_lands_where_it_belongs(tmp_path):
    torch.manual_seed(1)
    origin, network = create_model("selfie_unet").eval(), create_model("selfie_unet").eval()
    origin.half().float()
    write(steps_of(origin), tmp_path / "net.tflite")
    load_selfie(network, tmp_path / "net.tflite")
    src = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(network(src), origin(src))


def test_other_files_are_refused_in_one_line(tmp_path):
    network = create_model("selfie_unet")
    with pytest.raises(PocketmatteError, match="no such file"):
        load_selfie(network, tmp_path / "missing.tflite")
    smaller = nn.Sequential(nn.Conv2d(3, 8, 3))
    write(steps_of(smaller), tmp_path / "other.tflite")
    with pytest.raises(PocketmatteError, match=r"other.tflite: not MediaPipe's"):
        load_selfie(network, tmp_path / "other.tflite")


def test_steps_of_the_multiclass_file_without_a_bend_between_them_merge(tmp_path):
    steps = list(multiclass_steps())
    write(steps, tmp_path / "net.tflite")
    network = SelfieMixer(classes=6)
    load_multiclass(network, tmp_path / "net.tflite")

    def matrix(index):
        return torch.from_numpy(steps[index][1][0]).flatten(1)

    def scale(index):
        return torch.from_numpy(steps[index][1][0]).flatten()

    def same(layer, wanted):
        torch.testing.assert_close(layer.weight.flatten(1), wanted, atol=1e-3, rtol=1e-3)

    same(network.levels[3].skip, matrix(2) * scale(1))
    norm, first = 19, network.eighth.attend[0]
    assert steps[norm][0] == "MUL"
    same(first.mix, matrix(norm + 3) @ matrix(norm + 2) * scale(norm))
    same(first.key, matrix(norm + 5) * scale(norm))
    project = norm + 16
    expand = project + 3
    assert matrix(expand).shape == (1536, 256)
    same(network.sixteenth.reduce.expand[0], matrix(expand) @ matrix(project))
    same(network.levels[1].skip, matrix(project + 2) * scale(project + 1) @ matrix(project))
    up, classes = torch.from_numpy(steps[-2][1][0]), matrix(-1)
    wanted = torch.stack([classes @ up[:, row, column] for row in (0, 1) for column in (0, 1)])
    found = network.head.weight.permute(2, 3, 1, 0).flatten(0, 1)
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=1e-3)
    bias = classes @ torch.from_numpy(steps[-2][1][1]) + torch.from_numpy(steps[-1][1][1])
    torch.testing.assert_close(network.head.bias.detach(), bias)


def test_a_shortened_multiclass_file_is_refused(tmp_path):
    write(list(multiclass_steps())[:-1], tmp_path / "net.tflite")
    with pytest.raises(PocketmatteError, match=r"net.tflite: not MediaPipe's selfie multiclass"):
        load_multiclass(SelfieMixer(classes=6), tmp_path / "net.tflite")
