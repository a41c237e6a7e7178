import json
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pocketmatte.cli.evaluate import evaluate
from pocketmatte.errors import PocketmatteError

app = typer.Typer()
app.command()(evaluate)


class BrightModel:
    card = SimpleNamespace(name="bright", sha256="0" * 8, parameters=12)

    def alpha(self, image):
        return (image[..., 0] > 128).astype(np.float32)


@pytest.fixture
def loaded(monkeypatch):
    """Stands in for loading a network; remembers what was asked for."""
    asked = []

    def load_model(name, device=None, threads=None):
        asked.append((name, device, threads))
        return BrightModel()

    pipeline = SimpleNamespace(load_model=load_model)
    monkeypatch.setitem(sys.modules, "pocketmatte.matting.pipeline", pipeline)
    return asked


@pytest.fixture
def data(tmp_path):
    root = tmp_path / "people"
    for kind in ("image", "mask"):
        (root / "made" / kind).mkdir(parents=True)
    for number in range(3):
        mask = np.zeros((40, 30), np.uint8)
        mask[10:, 5:25] = 255
        image = mask.copy()
        image[:, :10] = 255 * (number == 2)
        cv2.imwrite(str(root / "made" / "image" / f"{number}.png"), np.dstack([image] * 3))
        cv2.imwrite(str(root / "made" / "mask" / f"{number}.png"), mask)
    (root / "splits").mkdir()
    (root / "splits" / "test.txt").write_text("made/0\nmade/1\nmade/2\n")
    return root


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_table_with_the_means(data, loaded):
    result = run("--data", data, "--model", "fast", "--device", "cpu", "--threads", 1)
    assert result.exit_code == 0, result.output
    assert loaded == [("fast", "cpu", 1)]
    assert "bright on people, split test: 3 pictures" in " ".join(result.stdout.split())
    for words in ("person IoU", "boundary F", "pixel accuracy", "under 0.90 IoU"):
        assert words in result.stdout
    assert result.stderr == ""


def test_json_file_and_worst_sheets(data, loaded, tmp_path):
    scores, worst = tmp_path / "scores.json", tmp_path / "worst"
    result = run("--data", data, "--json", scores, "--worst", worst, "--worst-count", 1)
    assert result.exit_code == 0, result.output
    read = json.loads(scores.read_text())
    assert read["model"] == {"name": "bright", "sha256": "0" * 8, "parameters": 12}
    assert len(read["pictures"]) == 3
    assert f"{read['means']['iou']:.4f}" in result.stdout
    assert [path.name for path in worst.iterdir()] == ["worst-01.jpg"]


def test_json_on_standard_output_is_all_there_is(data, loaded):
    result = run("--data", data, "--json", "-", "--limit", 2)
    assert json.loads(result.stdout)["counts"]["pictures"] == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--split", "wrong"], "wrong"),
        (["--json", "no/such/folder/scores.json"], "no/such/folder"),
    ],
)
def test_bad_input_is_told_before_the_network_is_loaded(data, loaded, arguments, word):
    result = run("--data", data, *arguments)
    assert isinstance(result.exception, PocketmatteError)
    assert word in str(result.exception)
    assert loaded == []


def test_data_must_be_given(loaded):
    result = run()
    assert result.exit_code == 2
    assert "--data" in result.stderr
