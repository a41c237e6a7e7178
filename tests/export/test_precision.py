"""fp16 and int8: smaller files, nearly the same alpha, floats at both ends."""

import weakref

import numpy as np
import onnx
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.export.ranges import SAMPLE, choose, collect, matched, measure
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
    [("fp32", 1.01, 1e-5, 0.9999), ("fp16", 0.6, 2e-3, 0.995), ("int8", 0.7, 1.2e-2, 0.93)],
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
    assert 0 < np.abs(exact - coarse).mean() < 0.025


def test_layers_can_stay_in_float(released, portraits, exports, tmp_path):
    """Mixed precision: those named, and no others; the file is nearer to the network."""
    _, cards = exports
    options = {"calibrate": portraits, "prove_on": portraits, "precision": "int8"}
    card = export(released, tmp_path, size=(192, 160), keep_float=r"stem|blocks\.0", **options)
    assert card.file.endswith("-int8-mixed.onnx")
    assert card.parity["mean"] < cards["int8"].parity["mean"]
    graph = onnx.load(tmp_path / card.file).graph
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    for node in graph.node:
        if node.op_type == "Conv":
            in_float = "stem" in node.name or "blocks.0" in node.name
            assert (node.input[1] in stored) == in_float
            assert in_float or makers[node.input[1]].op_type == "DequantizeLinear"


class TestRanges:
    def test_outliers_are_cut_and_zero_stays(self):
        values = np.float32([*np.linspace(1, 2, 9999), 1000])
        low, high = choose(values)
        assert low == 0 and 1.9 < high < 2.1

    def test_no_further_than_the_reader_can_tell_apart(self):
        runs = [{"a": np.linspace(-90, 90, 999), "b": np.linspace(-90, 90, 999)}]
        readers = {"a": ["HardSwish"], "b": ["HardSwish", "Add"]}
        found = measure(runs, readers)
        assert found["a"][0] == -3 and found["a"][1] > 80
        assert found["b"][0] < -80

    def test_samples_do_not_hold_the_tensors_they_come_from(self):
        """A hundred pictures' tensors of a large network are many gigabytes."""
        made, most = [], 0

        def runs():
            nonlocal most
            for n in range(10):
                tensor = np.full((1, 64, 32, 32), n, np.float32)
                made.append(weakref.ref(tensor))
                yield {"x": tensor}
                most = max(most, sum(ref() is not None for ref in made))

        assert collect(runs())["x"].size >= 10 * SAMPLE
        assert most <= 3

    def test_trained_ranges_go_to_the_tensors_that_hold_the_same(self):
        rng = np.random.default_rng(0)
        nodes = {name: rng.random((1, 2, 3, 3)) for name in "abc"}
        tensors = {"x": nodes["b"] + 1e-5, "y": rng.random((1, 2, 3, 3)), "z": nodes["a"]}
        found = matched(tensors, nodes, {"a": [0, 1], "b": [-2, 3]})
        assert found == {"x": (-2.0, 3.0), "z": (0.0, 1.0)}

    def test_ranges_of_another_network_are_refused(self):
        nodes = {"a": np.ones((1, 1, 2, 2))}
        with pytest.raises(PocketmatteError, match="only 0 of 1 trained ranges fit"):
            matched({"x": np.zeros((1, 1, 2, 2))}, nodes, {"a": [0, 1]})
