import json

import numpy as np
import onnx
import pytest
from tiny_networks import clip, conv, network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.engines import open_engine
from pocketmatte.mobile.graph import read_graph
from pocketmatte.mobile.profile import compare, profile, time_engine
from pocketmatte.mobile.source import find_network


@pytest.fixture
def path(tmp_path):
    model = network(
        conv("stem", 4, 32, strides=[2, 2]),
        clip("stem6"),
        conv("depthwise", 32, 32, groups=32),
        conv("pointwise", 32, 32, kernel=1),
        ("Sigmoid", "alpha", {}, {}),
        shape=("batch", 4, "height", "width"),
    )
    path = tmp_path / "net.onnx"
    onnx.save(model, str(path))
    return path


def test_every_layer_is_there_with_its_work(path):
    result = profile(path, (128, 64), runs=4)
    assert result.input_shape == (1, 4, 128, 64)
    macs = {layer.op: layer.macs for layer in result.layers if layer.macs}
    pixels = 64 * 32
    assert macs == {
        "Conv 3x3": pixels * 32 * 4 * 9,
        "Conv depthwise": pixels * 32 * 9,
        "Conv 1x1": pixels * 32 * 32,
    }
    stem = next(layer for layer in result.layers if layer.op == "Conv 3x3")
    assert stem.memory == pixels * 32 * 4
    assert stem.bytes == 4 * (128 * 64 * 4 + 32 * (4 * 9 + 1) + pixels * 32)
    assert stem.intensity == pytest.approx(stem.macs / stem.bytes)
    assert "stem" in stem.name


def test_a_transposed_convolution_has_its_work_too(tmp_path):
    """Its weights are packed anew before the first run, and then no longer among its inputs."""
    weights = {"W": np.ones((8, 4, 3, 3), np.float32)}
    step = ("ConvTranspose", "up", weights, {"strides": [2, 2], "kernel_shape": [3, 3]})
    onnx.save(network(step, shape=(1, 8, 32, 16)), str(tmp_path / "up.onnx"))
    (layer,) = profile(tmp_path / "up.onnx", runs=2).layers
    assert layer.macs == 8 * 32 * 16 * 4 * 9
    assert layer.bytes == 4 * (8 * 32 * 16 + 8 * 4 * 9 + 4 * 65 * 33)


def test_openvino_tells_of_the_same_work(path):
    pytest.importorskip("openvino")
    ours, theirs = (profile(path, (128, 64), 2, engine=e) for e in ("onnxruntime", "openvino"))
    assert theirs.input_shape == ours.input_shape and theirs.timing.engine == "openvino"
    work = {layer.op: layer.macs for layer in ours.layers if layer.macs}
    assert {layer.op: layer.macs for layer in theirs.layers if layer.macs} == work
    assert all(layer.ms >= 0 for layer in theirs.layers) and sum(r.ms for r in theirs.by_type) > 0


def test_openvino_transposed_convolutions_have_their_work():
    pytest.importorskip("openvino")
    network, size = find_network("fast")
    result = profile(network, size, 1, engine="openvino")
    head = next(layer for layer in result.layers if layer.op == "ConvTranspose")
    assert head.macs == 128 * 128 * 16 * 4
    assert result.macs == read_graph(network, size).macs


def test_engines_without_layers_are_refused(path):
    with pytest.raises(PocketmatteError, match="litert: no times per layer; onnxruntime and openv"):
        profile(path, (64, 64), engine="litert")


def test_types_are_a_table_like_the_studys(path):
    result = profile(path, (64, 64), runs=4)
    rows = result.by_type
    assert sum(row.count for row in rows) == len(result.layers)
    assert [row.ms for row in rows] == sorted((row.ms for row in rows), reverse=True)
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert rows[-1].cumulative == pytest.approx(1)
    assert all(row.called == row.count for row in rows)


def test_more_work_takes_longer(path):
    small = time_engine("onnxruntime", path, (64, 64), runs=10).min
    large = time_engine("onnxruntime", path, (512, 512), runs=10).min
    assert large > 4 * small


def test_timing_is_of_as_many_runs_as_asked(path):
    timing = time_engine("onnxruntime", path, (64, 64), runs=7)
    assert timing.runs == 7
    assert 0 < timing.min <= timing.median <= timing.max
    assert timing.min <= timing.mean <= timing.max


def test_threads_are_compared(path):
    rows = compare(path, (64, 64), runs=2, threads=(1, 2), engines=["onnxruntime"])
    assert [(row.engine, row.threads) for row in rows] == [("onnxruntime", 1), ("onnxruntime", 2)]


def test_litert_is_timed(tmp_path):
    pytest.importorskip("ai_edge_litert")
    from pocketmatte.mobile.paradox import MODELS
    from pocketmatte.mobile.write_tflite import build_tflite

    path = tmp_path / "one.tflite"
    path.write_bytes(build_tflite(MODELS[0]))
    (row,) = compare(path, runs=2)
    assert (row.engine, row.runs) == ("litert", 2)
    with pytest.raises(PocketmatteError, match="benchmark tool"):
        profile(path)


def test_openvino_gives_what_onnxruntime_gives(path):
    pytest.importorskip("openvino")
    ours = open_engine("onnxruntime", path, 1, (64, 64))()[0]
    theirs = open_engine("openvino", path, 1, (64, 64))()
    assert np.allclose(next(iter(theirs.values())), ours, atol=1e-4)


def test_the_profile_is_plain_json(path):
    values = json.loads(json.dumps(profile(path, (64, 64), runs=2).to_dict()))
    assert values["timing"]["engine"] == "onnxruntime"
    assert len(values["layers"]) == sum(row["count"] for row in values["types"])


def test_the_plot_is_drawn(path, tmp_path):
    pytest.importorskip("matplotlib")
    import cv2

    from pocketmatte.mobile.plot_profile import plot_profile

    target = tmp_path / "p.png"
    plot_profile(profile(path, (64, 64), runs=2), target)
    picture = cv2.imread(str(target))
    assert picture is not None
    assert (picture != 255).any(axis=2).mean() > 0.02
    assert sorted(item.name for item in tmp_path.iterdir()) == ["net.onnx", "p.png"]


@pytest.mark.parametrize(
    "engine, size, message",
    [
        ("onnxruntime", None, "free sizes"),
        ("litert", (64, 64), "reads .tflite"),
        ("caffe", (64, 64), "unknown engine"),
    ],
)
def test_what_cannot_run_is_refused(path, engine, size, message):
    with pytest.raises(PocketmatteError, match=message):
        open_engine(engine, path, 1, size)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(PocketmatteError, match=r"bad\.onnx: onnxruntime cannot open it"):
        profile(path)


def test_a_gpu_runs_the_study_or_its_absence_is_told(tmp_path):
    pytest.importorskip("ai_edge_litert")
    from pocketmatte.mobile.paradox import MODELS
    from pocketmatte.mobile.write_tflite import build_tflite

    path = tmp_path / "four.tflite"
    path.write_bytes(build_tflite(MODELS[3]))
    try:
        run = open_engine("litert-gpu", path)
    except PocketmatteError as error:
        assert "no GPU" in str(error)
        assert "\n" not in str(error)
        pytest.skip("no GPU here")
    # the same noise through both: the GPU may round to half precision
    (result,) = run()
    assert result.size == 256 * 16
    assert np.isfinite(result).all()
    assert np.ptp(result) > 1
