import numpy as np
import onnxruntime
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import unpack_mask
from pocketmatte.mobile.graph import read_graph
from pocketmatte.mobile.paradox import MODELS, build_onnx, find_spec
from pocketmatte.mobile.published import PARADOX
from pocketmatte.mobile.read_onnx import graph_of

STUDY = [
    # input, output, parameters, as the study's table lists them
    ((1, 256, 256, 1), (1, 256, 256, 1), 10),
    ((1, 256, 256, 1), (1, 256, 16, 1), 27),
    ((1, 256, 256, 4), (1, 256, 256, 4), 148),
    ((1, 256, 256, 4), (1, 256, 16), 54),
    ((1, 196608), (1, 256, 16), 45),
    ((1, 256, 256, 4), (1, 256, 16), 45),
    ((1, 256, 256, 4), (1, 256, 256, 4), 28),
]
LAYERS = [
    ["Conv"],
    ["Conv", "Conv"],
    ["Conv"],
    ["Conv", "Conv", "Reshape"],
    ["Reshape", "Conv", "Conv", "Reshape"],
    ["Slice", "Conv", "Conv", "Reshape"],
    ["Slice", "Conv", "Pad"],
]


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_a_model_is_the_studys(spec):
    shape_in, shape_out, parameters = STUDY[spec.number - 1]
    assert (spec.input_shape, spec.output_shape) == (shape_in, shape_out)
    assert spec.parameters == parameters == PARADOX[spec.number - 1].parameters
    graph = graph_of(build_onnx(spec), name=spec.name)
    assert [layer.op for layer in graph.layers] == LAYERS[spec.number - 1]
    stored = sum(weight.size for weight in weights_of(build_onnx(spec)))
    assert stored == parameters


def weights_of(model):
    from onnx import numpy_helper

    arrays = [numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    return [array for array in arrays if array.dtype == np.float32]


def mask_for(spec):
    """A picture of zeros and ones, channels last, and its first channel."""
    picture = np.random.default_rng(spec.number).random((256, 256, spec.channels)) > 0.4
    return picture.astype(np.float32), picture[:, :, 0]


def run_onnx(spec, picture):
    session = onnxruntime.InferenceSession(build_onnx(spec).SerializeToString())
    source = picture.transpose(2, 0, 1)[None]
    source = source.reshape(1, -1) if spec.flat_input else source
    result = session.run(None, {"input": np.ascontiguousarray(source)})[0]
    return result.transpose(0, 2, 3, 1) if result.ndim == 4 else result


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_the_onnx_model_passes_its_picture_on(spec):
    picture, first = mask_for(spec)
    result = run_onnx(spec, picture)
    assert result.shape == spec.output_shape
    if spec.packs:
        assert np.array_equal(unpack_mask(result.reshape(256, 16)), first)
    else:
        assert np.array_equal(result[0, :, :, 0], first)


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_the_litert_model_does_the_same(spec, tmp_path):
    pytest.importorskip("ai_edge_litert")
    from ai_edge_litert.interpreter import Interpreter

    from pocketmatte.mobile.write_tflite import build_tflite

    # given the file, as LiteRT's own interpreter reads it
    path = tmp_path / f"{spec.name}.tflite"
    path.write_bytes(build_tflite(spec))
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    assert tuple(source["shape"]) == spec.input_shape
    assert tuple(target["shape"]) == spec.output_shape
    # then it gives what the ONNX file gives, and reads back as the same layers
    picture, _ = mask_for(spec)
    interpreter.set_tensor(source["index"], picture.reshape(spec.input_shape))
    interpreter.invoke()
    assert np.array_equal(interpreter.get_tensor(target["index"]), run_onnx(spec, picture))
    ours, theirs = read_graph(path), graph_of(build_onnx(spec))
    assert ours.layout == "NHWC"
    assert [(a.op, a.macs, a.parameters) for a in ours.layers] == [
        (b.op, b.macs, b.parameters) for b in theirs.layers
    ]
    assert [ours.channels(t) for t in ours.outputs] == [theirs.channels(t) for t in theirs.outputs]


def test_there_are_seven():
    assert find_spec(7).filled == 4
    with pytest.raises(PocketmatteError, match="1 to 7"):
        find_spec(8)
