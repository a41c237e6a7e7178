import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import read_graph
from pocketmatte.mobile.paradox import MODELS

pytest.importorskip("ai_edge_litert")
import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from pocketmatte.mobile.write_tflite import build_tflite


def rewritten(change):
    """Model 3 of the study as a file, after `change(model, graph)`."""
    model = schema.ModelT.InitFromPackedBuf(build_tflite(MODELS[2]), 0)
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_weights_in_half_precision_are_weights(tmp_path):
    # given a file whose kernel is stored as float16, with an operator that widens it
    def halve(model, graph):
        (conv,) = graph.operators
        kernel = graph.tensors[conv.inputs[1]]
        data = schema.BufferT()
        data.data = np.zeros(2 * int(np.prod(kernel.shape)), np.uint8)
        model.buffers.append(data)
        half = schema.TensorT()
        half.name, half.shape, half.type = b"half", kernel.shape, schema.TensorType.FLOAT16
        half.buffer, kernel.buffer = len(model.buffers) - 1, 0
        graph.tensors.append(half)
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
        model.operatorCodes.append(code)
        widen = schema.OperatorT()
        widen.opcodeIndex = len(model.operatorCodes) - 1
        widen.inputs, widen.outputs = [len(graph.tensors) - 1], [conv.inputs[1]]
        graph.operators.insert(0, widen)

    path = tmp_path / "half.tflite"
    path.write_bytes(rewritten(halve))
    graph = read_graph(path)
    assert [(layer.op, layer.macs) for layer in graph.layers] == [("Conv", 256 * 256 * 144)]
    assert graph.parameters == 148


def test_free_sizes_are_seen(tmp_path):
    def free(model, graph):
        graph.tensors[graph.inputs[0]].shapeSignature = [1, -1, -1, 4]

    path = tmp_path / "free.tflite"
    path.write_bytes(rewritten(free))
    assert read_graph(path).inputs[0].shape == (1, None, None, 4)


def test_a_file_cut_short_is_refused(tmp_path):
    path = tmp_path / "short.tflite"
    path.write_bytes(build_tflite(MODELS[2])[:80])
    with pytest.raises(PocketmatteError, match=r"short\.tflite: damaged"):
        read_graph(path)
