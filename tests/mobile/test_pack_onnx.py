import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from tiny_networks import network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import unpack_mask
from pocketmatte.mobile.pack_onnx import append_packing


def passing_alpha(shape=(1, 1, "height", "width")):
    """A network whose alpha is its input."""
    node = helper.make_node("Identity", ["src"], ["pha"], name="pass")
    graph = helper.make_graph(
        [node],
        "pass",
        [helper.make_tensor_value_info("src", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("pha", TensorProto.FLOAT, shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model, alpha):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    assert [value.name for value in session.get_outputs()] == ["packed"]
    return session.run(None, {"src": alpha[None, None]})[0]


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("width", [160, 100])
def test_the_packed_mask_is_the_thresholded_alpha(bits, width):
    alpha = np.random.default_rng(0).random((48, width), np.float32)
    packed = run(append_packing(passing_alpha(), bits=bits), alpha)
    assert packed.size <= 48 * (width // bits + 1)
    assert np.array_equal(unpack_mask(packed, width, bits), alpha > 0.5)


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.001, 0.9])
def test_the_step_is_exact_to_the_last_bit(threshold):
    # given alphas that are the threshold's nearest neighbours among floats, and the extremes
    level = np.float32(threshold)
    near = [level]
    for direction in (np.float32(0), np.float32(1)):
        value = level
        for _ in range(3):
            value = np.nextafter(value, direction)
            near.append(value)
    alpha = np.array([[*near, *np.linspace(0, 1, 32 - len(near))]], np.float32)
    # then not one of them falls on the wrong side
    packed = run(append_packing(passing_alpha(), threshold), alpha)
    assert np.array_equal(unpack_mask(packed, 32), alpha > level)


def test_the_flat_output_is_the_studys_shape():
    alpha = np.random.default_rng(1).random((256, 256), np.float32)
    model = append_packing(passing_alpha((1, 1, 256, 256)), flat=True)
    packed = run(model, alpha)
    assert packed.shape == (256, 16)
    assert np.array_equal(unpack_mask(packed), alpha > 0.5)


def test_the_given_model_stays_as_it_was():
    model = passing_alpha()
    before = model.SerializeToString()
    append_packing(model)
    assert model.SerializeToString() == before


@pytest.mark.parametrize("threshold", [0, 1, -2])
def test_thresholds_that_say_nothing_are_refused(threshold):
    with pytest.raises(PocketmatteError, match="outside"):
        append_packing(passing_alpha(), threshold)


def test_packing_twice_is_refused():
    with pytest.raises(PocketmatteError, match="already"):
        append_packing(append_packing(passing_alpha()))


def test_free_sizes_cannot_be_laid_flat():
    with pytest.raises(PocketmatteError, match="fixed size"):
        append_packing(passing_alpha(), flat=True)


def test_an_output_that_is_no_alpha_is_refused():
    model = network(("Relu", "relu", {}, {}))
    model = onnx.shape_inference.infer_shapes(model)
    with pytest.raises(PocketmatteError, match="needs alpha"):
        append_packing(model)
