"""Own networks: a change of colours that a tiny network paints must come out at full size."""

import json

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.harmonize import harmonize
from pocketmatte.harmony.foreign import TSAI_2017, ForeignHarmonizer

onnx = pytest.importorskip("onnx")


def save_network(path, inputs, nodes, constants=()):
    from onnx import TensorProto, helper, numpy_helper

    make = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "tiny",
        [make(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [make("painted", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(v), name) for name, v in dict(constants).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


@pytest.fixture
def warmer(tmp_path):
    """Two inputs; red is multiplied by 1.3, blue by 0.7."""
    from onnx import helper

    path = tmp_path / "warmer.onnx"
    tint = np.float32([1.3, 1, 0.7]).reshape(1, 3, 1, 1)
    save_network(
        path,
        {"picture": [1, 3, 64, 96], "mask": [1, 1, 64, 96]},
        [helper.make_node("Mul", ["picture", "tint"], ["painted"])],
        {"tint": tint},
    )
    return path


@pytest.fixture
def layers(astronaut):
    alpha = np.zeros(astronaut.shape[:2], np.float32)
    alpha[100:400, 150:350] = 1
    return astronaut // 2 + 30, alpha, np.full_like(astronaut, 90)


def test_two_inputs(warmer, layers):
    foreground = layers[0]
    result = harmonize(*layers, network=str(warmer)).astype(float)
    inside = np.s_[120:380, 170:330]
    expected = foreground[inside] * [1.3, 1, 0.7]
    assert np.abs(result[inside] - expected.clip(0, 255)).mean() < 2
    assert (result[:80] == foreground[:80]).all()


def test_one_input_of_four_channels(tmp_path, layers):
    from onnx import helper

    path = tmp_path / "four.onnx"
    bounds = {"from": np.int64([0]), "to": np.int64([3]), "axis": np.int64([1])}
    save_network(
        path,
        {"layers": [1, 4, "h", "w"]},
        [
            helper.make_node("Slice", ["layers", "from", "to", "axis"], ["rgb"]),
            helper.make_node("Mul", ["rgb", "half"], ["painted"]),
        ],
        bounds | {"half": np.float32(0.5)},
    )
    change = ForeignHarmonizer(path)(*layers)
    moved = change.apply(layers[0], layers[1])[200:300, 200:300]
    assert np.abs(moved - layers[0][200:300, 200:300] * 0.5).mean() < 2


def test_a_description_beside_it_tells_the_preprocessing(warmer, layers):
    warmer.with_suffix(".json").write_text(json.dumps({"order": "bgr"}))
    change = ForeignHarmonizer(warmer)(*layers)
    moved = change.apply(layers[0], layers[1])[250, 250]
    assert moved[2] > layers[0][250, 250, 2] and moved[0] < layers[0][250, 250, 0]
    warmer.with_suffix(".json").write_text(json.dumps({"colour": "bgr"}))
    with pytest.raises(PocketmatteError, match="unknown field 'colour'"):
        ForeignHarmonizer(warmer)


def test_what_is_no_harmoniser_is_told(tmp_path, layers):
    from onnx import helper

    path = tmp_path / "other.onnx"
    node = helper.make_node("Relu", ["x"], ["painted"])
    save_network(path, {"x": [1, 3, 8, 8]}, [node])
    with pytest.raises(PocketmatteError, match="no harmonisation network"):
        harmonize(*layers, network=str(path))
    path.write_bytes(b"nothing")
    with pytest.raises(PocketmatteError, match="onnxruntime cannot open"):
        ForeignHarmonizer(path)
    with pytest.raises(PocketmatteError, match="no such file"):
        harmonize(*layers, network=str(tmp_path / "gone.caffemodel"))


def test_the_2019_projects_numbers():
    assert np.allclose(np.array(TSAI_2017.mean[::-1]) * 255, (104.00699, 116.66877, 122.67892))
    assert TSAI_2017.size == (512, 512) and TSAI_2017.mask_mean * 255 == 128


LAYOUT = """name: "tiny"
input: "data"
input_dim: 1
input_dim: 3
input_dim: 512
input_dim: 512
input: "mask"
input_dim: 1
input_dim: 1
input_dim: 512
input_dim: 512
layer { name: "three" type: "Concat" bottom: "mask" bottom: "mask" bottom: "mask" top: "three" }
layer { name: "dark" type: "Power" bottom: "three" top: "dark"
        power_param { power: 1 scale: 0 shift: -40 } }
layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "dark" top: "output-h" }
"""


class TestCaffe:
    @pytest.fixture
    def files(self, tmp_path):
        (tmp_path / "seed.prototxt").write_text(LAYOUT)
        (tmp_path / "seed.caffemodel").write_bytes(b"\x0a\x04tiny")
        return tmp_path / "seed.caffemodel"

    @pytest.mark.skipif(not hasattr(cv2.dnn, "readNetFromCaffe"), reason="OpenCV 5 has no Caffe")
    def test_runs_through_opencv(self, files, layers):
        moved = harmonize(*layers, network=str(files)).astype(int)[200:300, 200:300]
        expected = np.maximum(layers[0][200:300, 200:300].astype(int) - 40, 0)
        assert np.abs(moved - expected).mean() < 4

    @pytest.mark.skipif(hasattr(cv2.dnn, "readNetFromCaffe"), reason="this OpenCV reads Caffe")
    def test_opencv_5_is_told(self, files, layers):
        with pytest.raises(PocketmatteError, match="opencv-python-headless<5"):
            harmonize(*layers, network=str(files))

    def test_a_missing_layout_is_told(self, files, layers):
        files.with_suffix(".prototxt").unlink()
        with pytest.raises(PocketmatteError, match=r"seed\.prototxt"):
            harmonize(*layers, network=str(files))
