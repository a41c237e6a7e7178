"""fp16 and int8: smaller files, nearly the same alpha, floats at both ends."""

import numpy as np
import onnx
import pytest

from pocketmatte.export.export import export
from pocketmatte.matting.pipeline import load_model


@pytest.fixture(scope="module")
def exports(released, portraits, tmp_path_factory):
    """Folder, and the cards of each precision."""
    out = tmp_path_factory.mktemp("precisions")
    options = {"calibrate": portraits, "prove_on": portraits}
    return out, {
        precision: export(released, out, precision=precision, size=(192, 160), **options)
        for precision in ("fp32", "fp16", "int8")
    }


@pytest.mark.parametrize(
    ("precision", "size", "mean", "mask_iou"),
    [("fp32", 1.01, 1e-5, 0.9999), ("fp16", 0.6, 2e-3, 0.995), ("int8", 0.75, 2.5e-2, 0.85)],
)
def test_smaller_and_nearly_the_same(exports, precision, size, mean, mask_iou):
    _, cards = exports
    card = cards[precision]
    assert card.precision == precision and card.parity["pictures"] == 4
    assert card.size_bytes < size * cards["fp32"].size_bytes
    assert card.parity["mean"] < mean and card.parity["mask_iou"] > mask_iou


def test_lower_precision_is_really_lower(exports):
    """A file that only has the name of int8 would pass the test above but for its size."""
    _, cards = exports
    assert cards["fp32"].parity["max"] < cards["fp16"].parity["max"] < cards["int8"].parity["max"]


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_input_and_output_stay_float32(exports, precision):
    folder, cards = exports
    graph = onnx.load(folder / cards[precision].file).graph
    kinds = {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)}
    assert kinds == {onnx.TensorProto.FLOAT}


def test_int8_has_unsigned_activations_and_signed_weights_per_channel(exports):
    folder, cards = exports
    graph = onnx.load(folder / cards["int8"].file).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) > 20
    for node in convolutions:
        activation, weight = (makers[name] for name in node.input[:2])
        assert activation.op_type == weight.op_type == "DequantizeLinear"
        assert constants[activation.input[2]].data_type == onnx.TensorProto.UINT8
        kernel = constants[weight.input[0]]
        assert kernel.data_type == onnx.TensorProto.INT8
        assert list(constants[weight.input[1]].dims) == [kernel.dims[0]]


def test_the_pipeline_runs_them(exports, astronaut):
    folder, cards = exports
    exact, coarse = (
        load_model(folder / cards[key].file).alpha(astronaut) for key in cards if key != "fp16"
    )
    assert coarse.shape == astronaut.shape[:2]
    assert 0 < np.abs(exact - coarse).mean() < 0.04
