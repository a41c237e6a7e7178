import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_networks import clip, conv, network

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.graph import Graph, Layer, Tensor
from pocketmatte.mobile.lint import lint, lint_graph
from pocketmatte.mobile.paradox import MODELS, build_onnx
from pocketmatte.mobile.read_onnx import graph_of
from pocketmatte.mobile.rules import RULES, SEVERITIES


def findings(model, size=None):
    """(rule, severity, layer) of everything found."""
    report = lint_graph(graph_of(model, size, "net"))
    return {(row.rule, row.severity, row.layer) for row in report.findings}


def rules_of(model, size=None):
    return {rule for rule, _, _ in findings(model, size)}


SANE = network(
    conv("stem", 4, 16, strides=[2, 2]),
    clip("stem6"),
    conv("depthwise", 16, 16, groups=16),
    clip("depthwise6"),
    conv("pointwise", 16, 8, kernel=1),
    (
        "ConvTranspose",
        "head",
        {"weight": np.ones((8, 4, 2, 2), np.float32)},
        {"kernel_shape": [2, 2], "strides": [2, 2]},
    ),
    ("Sigmoid", "alpha", {}, {}),
    shape=(1, 4, 128, 128),
)


def test_a_sane_network_is_clean_without_advice_even():
    report = lint_graph(graph_of(SANE))
    assert report.clean
    assert {row.rule for row in report.findings} <= {"tiny-network"}


@pytest.mark.parametrize("channels, named", [(13, True), (16, False), (2, True), (4, False)])
def test_channels_are_wanted_in_fours(channels, named):
    model = network(conv("a", 4, channels), clip("r"), conv("b", channels, 4))
    assert (("channels-of-four", "warning", "a") in findings(model)) is named


def test_channels_are_named_where_they_appear_and_not_after():
    model = network(conv("a", 4, 6), clip("r"), conv("b", 6, 6), conv("c", 6, 4))
    assert {row for row in findings(model) if row[0] == "channels-of-four"} == {
        ("channels-of-four", "warning", "a")
    }


def test_the_single_channel_of_alpha_is_advice_and_no_warning():
    model = network(conv("head", 4, 1), ("Sigmoid", "alpha", {}, {}))
    assert findings(model) >= {("output-copy", "info", "output")}
    assert "channels-of-four" not in rules_of(model)


def test_a_small_map_of_scores_is_advice_a_large_one_a_warning():
    layers = (conv("scores", 4, 1), conv("b", 1, 4))
    assert ("channels-of-four", "info", "scores") in findings(network(*layers))
    large = network(*layers, shape=(1, 4, 256, 256))
    assert ("channels-of-four", "warning", "scores") in findings(large)


def test_an_input_of_three_channels_is_advice():
    model = network(conv("a", 3, 4), shape=(1, 3, 32, 32))
    assert ("input-channels", "info", "input") in findings(model)
    assert "input-channels" not in rules_of(network(conv("a", 4, 4)))


def test_a_large_output_is_a_warning_with_its_bytes():
    model = network(conv("a", 4, 8), shape=(1, 4, 256, 256))
    report = lint_graph(graph_of(model))
    (row,) = [row for row in report.findings if row.rule == "output-copy"]
    assert row.severity == "warning"
    assert str(8 * 256 * 256 * 4) in row.finding
    assert "append_packing" in row.remedy


@pytest.mark.parametrize(
    "step",
    [
        ("Reshape", "move", {"shape": np.array([1, 16, 16, 16])}, {}),
        ("Transpose", "move", {}, {"perm": [0, 2, 3, 1]}),
        ("SpaceToDepth", "move", {}, {"blocksize": 2}),
    ],
    ids=lambda step: step[0],
)
def test_tensors_laid_out_anew_are_a_warning(step):
    model = network(conv("a", 4, 4), step, ("Abs", "b", {}, {}))
    assert ("reshape", "warning", "move") in findings(model)


def test_the_studys_last_reshape_is_advice():
    # model 4 of the study: a reshape to 256x16 that pays
    assert ("reshape", "info", "reshape_out") in findings(build_onnx(MODELS[3]))


def test_slices_are_a_warning():
    assert ("strided-slice", "warning", "strided_slice") in findings(build_onnx(MODELS[5]))


def test_channels_padded_afterwards_are_a_warning():
    assert ("explicit-pad", "warning", "pad_channels") in findings(build_onnx(MODELS[6]))


def test_pixels_padded_by_a_layer_are_advice():
    pads = {"pads": np.array([0, 0, 0, 0, 0, 0, 1, 1])}
    model = network(conv("a", 4, 4), ("Pad", "pad", pads, {"mode": "edge"}), conv("b", 4, 4))
    assert ("explicit-pad", "info", "pad") in findings(model)


def test_free_sizes_are_an_error_until_a_size_is_given():
    model = network(conv("a", 4, 4), shape=("batch", 4, "height", "width"))
    assert ("dynamic-shape", "error", "input") in findings(model)
    assert "dynamic-shape" not in rules_of(model, (64, 48))


def test_operators_for_the_cpu_are_an_error():
    model = network(conv("a", 4, 4), ("Erf", "erf", {}, {}), conv("b", 4, 4))
    assert ("unsupported-operator", "error", "erf") in findings(model)


def test_somebodys_own_operator_is_an_error_and_no_crash():
    model = network(conv("a", 4, 4), ("Secret", "mine", {}, {"domain": "my.own"}))
    model.opset_import.append(onnx.helper.make_opsetid("my.own", 1))
    assert ("unsupported-operator", "error", "mine") in findings(model)


def test_operators_of_recent_delegates_are_a_warning():
    model = network(("DepthToSpace", "shuffle", {}, {"blocksize": 2}))
    assert ("unsupported-operator", "warning", "shuffle") in findings(model)


def resize(mode, grid):
    scales = {"roi": np.zeros(0, np.float32), "scales": np.array([1, 1, 2, 2], np.float32)}
    options = {"mode": mode, "coordinate_transformation_mode": grid}
    return network(conv("a", 4, 4), ("Resize", "up", scales, options), conv("b", 4, 4))


def test_a_resize_that_shifts_the_mask_is_a_warning():
    assert ("shifted-resize", "warning", "up") in findings(resize("linear", "asymmetric"))
    assert "shifted-resize" not in rules_of(resize("linear", "half_pixel"))
    assert "shifted-resize" not in rules_of(resize("linear", "pytorch_half_pixel"))


def test_cubic_resizing_is_an_error():
    assert ("unsupported-operator", "error", "up") in findings(resize("cubic", "half_pixel"))


def test_activations_that_fuse_are_not_named():
    for low, high in ((0, 6), (-1, 1)):
        model = network(conv("a", 4, 16), clip("act", low, high), shape=(1, 4, 64, 64))
        assert "activation" not in rules_of(model)


def test_prelu_is_a_warning_and_hard_swish_advice():
    slope = {"slope": np.full((16, 1, 1), 0.1, np.float32)}
    prelu = network(
        conv("a", 4, 16), ("PRelu", "act", slope, {}), conv("b", 16, 4), shape=(1, 4, 64, 64)
    )
    assert ("activation", "warning", "act") in findings(prelu)
    swish = network(
        conv("a", 4, 16), ("HardSwish", "act", {}, {}), conv("b", 16, 4), shape=(1, 4, 64, 64)
    )
    named = [row for row in findings(swish) if row[0] == "activation"]
    assert [row[1] for row in named] == ["info"]


def test_a_pass_over_next_to_nothing_is_not_named():
    model = network(conv("a", 4, 16), ("HardSwish", "act", {}, {}), shape=(1, 4, 8, 8))
    assert "activation" not in rules_of(model)


def test_large_kernels_are_a_warning():
    assert ("large-kernel", "warning", "a") in findings(network(conv("a", 4, 4, kernel=7)))
    assert "large-kernel" not in rules_of(network(conv("a", 4, 4, kernel=5)))


def test_a_kernel_that_is_its_stride_is_no_large_one():
    # the packing filter of 1x16, and patches
    assert "large-kernel" not in rules_of(build_onnx(MODELS[1]))
    assert "large-kernel" not in rules_of(network(conv("a", 4, 4, kernel=8, strides=[8, 8])))


def test_one_layer_with_most_of_the_work_is_a_warning():
    model = network(
        conv("slim", 4, 32), conv("heavy", 32, 64), conv("c", 64, 4), shape=(1, 4, 64, 64)
    )
    assert {row for row in findings(model) if row[0] == "heavy-layer"} == {
        ("heavy-layer", "warning", "heavy")
    }


def test_groups_that_are_not_depthwise_are_a_warning():
    assert ("grouped-convolution", "warning", "a") in findings(network(conv("a", 4, 8, groups=2)))
    assert "grouped-convolution" not in rules_of(network(conv("a", 4, 8, groups=4)))


def transposed(kernel):
    weight = {"weight": np.ones((4, 4, kernel, kernel), np.float32)}
    options = {"kernel_shape": [kernel] * 2, "strides": [2, 2]}
    return network(("ConvTranspose", "up", weight, options), conv("b", 4, 4))


def test_overlapping_transposed_convolutions_are_advice():
    assert ("transposed-convolution", "info", "up") in findings(transposed(3))
    assert "transposed-convolution" not in rules_of(transposed(2))


def test_a_tensor_of_rank_five_is_an_error():
    shape = {"shape": np.array([1, 2, 2, 32, 32])}
    model = network(conv("a", 4, 4), ("Reshape", "five", shape, {}), ("Abs", "b", {}, {}))
    assert ("rank", "error", "five") in findings(model)


def test_integers_at_the_edge_are_an_error():
    tensor, result = Tensor("ids", (1, 4, 8, 8), "int64"), Tensor("out", (1, 4, 8, 8))
    graph = Graph("net", (Layer("a", "Relu", (tensor,), (result,)),), (tensor,), (result,))
    assert ("tensor-type", "ids") in {(row.rule, row.layer) for row in lint_graph(graph).findings}


def test_every_rule_is_known_by_severity_and_source():
    assert len(RULES) >= 16
    for rule in RULES.values():
        assert rule.severity in SEVERITIES
        assert len(rule.source) > 10


def test_the_gravest_come_first_and_json_holds_all():
    model = network(conv("a", 4, 6), ("Erf", "erf", {}, {}), shape=("n", 4, "h", "w"))
    report = lint_graph(graph_of(model))
    order = [SEVERITIES.index(row.severity) for row in report.findings]
    assert order == sorted(order)
    values = json.loads(report.to_json())
    assert values["clean"] is False
    assert values["counts"]["error"] == report.count("error") == 2
    assert len(values["findings"]) == len(report.findings)


def test_a_litert_file_is_read_too(tmp_path):
    pytest.importorskip("ai_edge_litert")
    from pocketmatte.mobile.write_tflite import build_tflite

    path = tmp_path / "six.tflite"
    path.write_bytes(build_tflite(MODELS[5]))
    found = {(row.rule, row.severity) for row in lint(path).findings}
    assert found >= {("strided-slice", "warning"), ("channels-of-four", "warning")}


@pytest.mark.parametrize("name", ["net.onnx", "net.tflite"])
def test_a_damaged_file_is_refused_in_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"no network at all")
    with pytest.raises(PocketmatteError, match=name) as caught:
        lint(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_another_kind_are_refused(tmp_path):
    with pytest.raises(PocketmatteError, match="no such file"):
        lint(tmp_path / "gone.onnx")
    (tmp_path / "net.pb").touch()
    with pytest.raises(PocketmatteError, match=r"not an \.onnx or \.tflite file"):
        lint(tmp_path / "net.pb")


def test_the_presets_architecture_is_clean(tmp_path):
    torch = pytest.importorskip("torch")
    from pocketmatte.models import create_model

    model = create_model("pocket_balanced").eval()
    path = tmp_path / "pocket.onnx"
    batch = torch.zeros(1, 3, *model.input_size)
    torch.onnx.export(model, batch, str(path), dynamo=False, opset_version=17)
    assert lint(path).clean


def test_all_released_networks_are_clean():
    from pocketmatte.mobile.source import find_network
    from pocketmatte.weights import list_models

    cards = list_models()
    if not cards:
        pytest.skip("no network is released yet")
    for card in cards:
        path, size = find_network(card.name)
        report = lint(path, size)
        assert report.clean, [row for row in report.findings if row.severity != "info"]


def test_the_guide_lists_every_rule_with_its_severity():
    guide = (Path(__file__).parents[2] / "docs" / "mobile.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f"| `{rule.name}` | {rule.severity} |" in guide, rule.name
