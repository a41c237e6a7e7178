import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx
from onnx import TensorProto, helper, numpy_helper

from pocketmatte import cli


@pytest.fixture(autouse=True)
def registered():
    """The verbs, whether or not they are in the released list already."""
    from pocketmatte.cli.lint import lint
    from pocketmatte.cli.paradox import paradox
    from pocketmatte.cli.profile import profile

    before = list(cli.app.registered_commands)
    known = {command.callback.__name__ for command in before}
    for verb in (lint, paradox, profile):
        if verb.__name__ not in known:
            cli.app.command()(verb)
    yield
    cli.app.registered_commands[:] = before


@pytest.fixture
def save(tmp_path):
    """Write a network of one convolution: save("net.onnx", channels, sizes)."""

    def save(name, channels=4, shape=(1, 4, 64, 64)):
        weight = np.ones((channels, shape[1], 3, 3), np.float32)
        node = helper.make_node("Conv", ["src", "w"], ["mid"], name="first", pads=[1, 1, 1, 1])
        last = helper.make_node("Abs", ["mid"], ["abs"], name="second")
        head = np.ones((1, channels, 1, 1), np.float32)
        end = helper.make_node("Conv", ["abs", "h"], ["pha"], name="head")
        graph = helper.make_graph(
            [node, last, end],
            "net",
            [helper.make_tensor_value_info("src", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("pha", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(head, "h")],
        )
        opset = [helper.make_opsetid("", 17)]
        path = tmp_path / name
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
        return path

    return save


def test_lint_of_a_clean_network_ends_with_zero(run, save):
    result = run("lint", save("net.onnx"))
    assert result.code == 0
    assert b"net: clean (0 error, 0 warning" in result.out


def test_lint_names_layer_and_remedy_and_ends_with_one(run, save):
    result = run("lint", save("net.onnx", channels=6))
    text = result.out.decode()
    assert result.code == 1
    assert "channels-of-four" in text
    assert "first" in text
    assert "use 8 (for the same cost) or 4" in text


def test_lint_can_be_told_what_fails(run, save):
    assert run("lint", save("net.onnx", channels=6), "--fail-on", "error").code == 0
    assert run("lint", save("net.onnx"), "--fail-on", "info").code == 1
    assert run("lint", save("net.onnx"), "--fail-on", "doubt").code == 2


def test_lint_at_a_size(run, save):
    path = save("net.onnx", shape=("n", 4, "h", "w"))
    result = run("lint", path, "--json")
    assert result.code == 1
    assert json.loads(result.out)["findings"][0]["rule"] == "dynamic-shape"
    assert run("lint", path, "--size", "64x64").code == 0


def test_lint_of_what_is_no_network_ends_with_two(run, tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"x")
    result = run("lint", tmp_path / "x.onnx")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "x.onnx" in result.err


def test_profile_prints_tables_and_writes_json(run, save, tmp_path):
    target = tmp_path / "p.json"
    result = run("profile", save("net.onnx"), "--runs", 2, "--threads", "1,2", "--json", target)
    text = result.out.decode()
    assert result.code == 0
    assert "Conv 3x3" in text
    assert "cumulative" in text
    values = json.loads(target.read_text())
    assert [row["threads"] for row in values["engines"]][:2] == [1, 2]
    assert values["macs"] >= 64 * 64 * (4 * 4 * 9 + 4)  # more where channels are padded


def test_profile_as_json_alone(run, save):
    result = run("profile", save("net.onnx"), "--runs", 1, "--json", "-")
    assert json.loads(result.out)["input_shape"] == [1, 4, 64, 64]


@pytest.mark.parametrize(
    "options, message",
    [
        (["--threads", "0"], "numbers from 1"),
        (["--threads", "two"], "numbers from 1"),
        (["--size", "big"], "HEIGHTxWIDTH"),
        (["--json", "no/such/folder.json"], "its folder is not there"),
    ],
)
def test_profile_refuses_in_one_line(run, save, options, message):
    result = run("profile", save("net.onnx"), "--runs", 1, *options)
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_paradox_shows_seven_models_and_predicts_others(run, save, tmp_path):
    kept = tmp_path / "models"
    result = run(
        "paradox", save("net.onnx"), "--runs", 1, "--keep", kept, "--json", tmp_path / "p.json"
    )
    text = result.out.decode()
    assert result.code == 0
    for number, parameters in enumerate((10, 27, 148, 54, 45, 45, 28), start=1):
        assert f"model-{number}" in text
        assert f" {parameters} " in text
    assert "trust the order" in text
    assert len(list(kept.glob("*.onnx"))) == 7
    values = json.loads((tmp_path / "p.json").read_text())
    assert values["devices"]["gpu"]["published_ms"] == [16.5, 6.5, 4.8, 2.7, 4.0, 3.0, 5.7]
    assert set(values["predictions_ms"]) == {"net"}


def test_the_verbs_answer_help_without_heavy_imports():
    import subprocess

    code = (
        "import sys\n"
        "import pocketmatte.cli.lint, pocketmatte.cli.profile, pocketmatte.cli.paradox\n"
        "heavy = {'onnx', 'onnxruntime', 'numpy', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
