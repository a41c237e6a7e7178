import numpy as np
import pytest
from tiny_networks import clip, conv, network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import Graph, Layer, Tensor
from pocketmatte.mobile.read_onnx import graph_of
from pocketmatte.mobile.source import find_network, parse_size


def test_macs_and_parameters_are_counted_by_hand():
    graph = graph_of(
        network(conv("full", 4, 8), conv("depth", 8, 8, groups=8), conv("point", 8, 4, kernel=1))
    )
    pixels = 32 * 32
    assert [layer.macs for layer in graph.layers] == [
        pixels * 8 * 4 * 9,
        pixels * 8 * 9,
        pixels * 4 * 8,
    ]
    assert [layer.parameters for layer in graph.layers] == [8 * 36 + 8, 8 * 9 + 8, 4 * 8 + 4]


def test_transposed_convolutions_count_their_input():
    weight = {"weight": np.ones((4, 2, 3, 3), np.float32)}
    options = {"kernel_shape": [3, 3], "strides": [2, 2]}
    graph = graph_of(network(("ConvTranspose", "up", weight, options)))
    assert graph.macs == 32 * 32 * 4 * 2 * 9


def test_batch_norm_is_merged_and_clamps_fuse():
    norm = {key: np.ones(8, np.float32) for key in ("scale", "bias", "mean", "var")}
    model = network(conv("a", 4, 8), ("BatchNormalization", "norm", norm, {}), clip("relu6"))
    graph = graph_of(model)
    assert [layer.op for layer in graph.layers] == ["Conv", "Clip"]
    assert [graph.fuses(layer) for layer in graph.layers] == [False, True]


def test_a_clamp_does_not_fuse_where_the_unclamped_value_is_needed_too():
    source, wild, tame, other = (Tensor(name, (1, 4, 8, 8)) for name in "abcd")
    convolution = Layer("conv", "Conv", (source,), (wild,))
    clamp = Layer("relu", "Relu", (wild,), (tame,))
    reader = Layer("abs", "Abs", (wild,), (other,))
    alone = Graph("net", (convolution, clamp), (source,), (tame,))
    shared = Graph("net", (convolution, clamp, reader), (source,), (tame, other))
    assert alone.fuses(clamp)
    assert not shared.fuses(clamp)


def test_a_clamp_with_other_bounds_does_not_fuse():
    graph = graph_of(network(conv("a", 4, 4), clip("odd", 0.0, 1.0)))
    assert not graph.fuses(graph.layers[1])


def test_the_size_fills_what_is_free_only():
    model = network(conv("a", 4, 4), shape=("batch", 4, "height", 48))
    graph = graph_of(model, (64, 99))
    assert graph.inputs[0].shape == (1, 4, 64, 48)
    assert graph.layers[0].output.shape == (1, 4, 64, 48)


def test_padded_bytes_fill_channels_to_fours():
    graph = Graph("net", (), (), ())
    assert graph.padded_bytes(Tensor("a", (1, 3, 8, 8))) == 4 * 64 * 4
    assert graph.padded_bytes(Tensor("a", (1, 4, 8, 8))) == 4 * 64 * 4
    assert graph.padded_bytes(Tensor("a", (1, 5, 8, 8))) == 8 * 64 * 4
    # below rank 4 the last axis holds the channels
    assert graph.padded_bytes(Tensor("a", (256, 16))) == 256 * 16 * 4


def test_hard_swish_is_one_layer_however_it_is_written():
    model = network(conv("a", 4, 4), ("HardSwish", "act", {}, {}), conv("b", 4, 4))
    assert [layer.op for layer in graph_of(model).layers] == ["Conv", "HardSwish", "Conv"]


def test_sizes_are_read():
    assert parse_size("192x160") == (192, 160)
    for text in ("192", "0x160", "axb", "192x160x3", ""):
        with pytest.raises(PocketmatteError, match="HEIGHTxWIDTH"):
            parse_size(text)


def test_networks_are_found_by_file(tmp_path):
    path = tmp_path / "net.onnx"
    path.touch()
    assert find_network(str(path)) == (path, None)
    assert find_network(str(path), (64, 48)) == (path, (64, 48))
    with pytest.raises(PocketmatteError, match="no such file"):
        find_network(str(tmp_path / "gone.tflite"))
    with pytest.raises(PocketmatteError, match="pocketmatte export"):
        find_network("last.pt")
    (tmp_path / "net.json").touch()
    with pytest.raises(PocketmatteError, match=r"net\.json: not an \.onnx or \.tflite file"):
        find_network(str(tmp_path / "net.json"))
    with pytest.raises(PocketmatteError, match="nonsense"):
        find_network("nonsense")
