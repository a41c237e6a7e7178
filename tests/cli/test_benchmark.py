import json

import pytest
import typer
from typer.testing import CliRunner

import pocketmatte.evaluation.speed.presets
from pocketmatte.cli.benchmark import benchmark, parse_size
from pocketmatte.errors import PocketmatteError

app = typer.Typer()
app.command()(benchmark)

STAGES = {"shrink": 0.5, "network": 3.25, "refine": 1.5, "foreground": 123.4, "composite": 0.75}
ROW = {
    "model": "balanced",
    "runtime": "onnx",
    "device": "cpu (onnxruntime 9.9)",
    "stages_ms": STAGES,
    "frame_ms": 129.4,
    "fps": 7.7,
}
FOUND = {
    "machine": {"cpu": "Abacus 3000", "cores": 2, "system": "Linux wood"},
    "versions": {"pocketmatte": "1.2", "python": "3.11"},
    "size": [720, 1280],
    "runs": 20,
    "rows": [ROW],
    "left_out": [{"model": "balanced", "runtime": "torch", "reason": "it is not installed"}],
}


@pytest.fixture
def asked(monkeypatch):
    """Nothing is timed: keeps what was asked for, and gives FOUND."""
    asked = []
    monkeypatch.setattr(
        pocketmatte.evaluation.speed.presets,
        "benchmark",
        lambda *arguments: asked.append(arguments) or FOUND,
    )
    return asked


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_table_that_tells_machine_device_and_what_was_left_out(asked):
    result = run()
    assert result.exit_code == 0, result.output
    assert asked[0][:6] == (None, None, (720, 1280), 20, None, None)
    for words in (
        "Abacus 3000, 2 cores",
        "1280x720",
        "balanced in onnx ran on cpu (onnxruntime 9.9)",
        "left out: balanced in torch: it is not installed",
    ):
        assert words in result.stdout
    (line,) = (line for line in result.stdout.splitlines() if "123" in line)
    assert line.split() == ["balanced", "onnx", "0.5", "3.2", "1.5", "123", "0.8", "129", "8"]
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_options_reach_the_measurement(asked):
    run("--size", "64x96", "--runs", 3, "--model", "fast", "--model", "best", "--runtime", "onnx")
    assert asked[0][:4] == (["fast", "best"], ["onnx"], (64, 96), 3)
    run("--device", "cuda", "--threads", 2)
    assert asked[1][4:6] == ("cuda", 2)


def test_json_file_beside_the_table(asked, tmp_path):
    result = run("--json", tmp_path / "speed.json")
    assert json.loads((tmp_path / "speed.json").read_text()) == FOUND
    assert "balanced" in result.stdout


def test_json_on_standard_output_is_all_there_is(asked):
    assert json.loads(run("--json", "-").stdout) == FOUND


@pytest.mark.parametrize("text", ["720", "720x", "axb", "720x1280x3", "-1x5", "7.5x8"])
def test_sizes_that_are_none_are_told(asked, text):
    result = run(f"--size={text}")
    assert isinstance(result.exception, PocketmatteError)
    assert "HxW" in str(result.exception) and not asked


def test_a_folder_that_is_not_there_is_told_before_measuring(asked):
    result = run("--json", "no/such/folder/speed.json")
    assert "no/such/folder" in str(result.exception) and not asked


def test_height_comes_first():
    assert parse_size("480X640") == (480, 640)
