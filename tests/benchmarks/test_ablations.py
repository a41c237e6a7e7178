"""Ablations: variants of one recipe are trained alike, once, and compared with the first."""

import json

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from benchmarks.ablations import DEFAULT, ablations, read_list
from pocketmatte.errors import PocketmatteError

BASE = {
    "architecture": "pocket_balanced",
    "pretrained": None,
    "epochs": 1,
    "batch": 8,
    "resolution": [[0.0, 64]],
    "workers": 0,
    "threads": 1,
}


def call(*arguments):
    app = Typer()
    app.command()(ablations)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", ["ablations.yaml", "seed.yaml"])
def test_shipped_lists_are_recipes(name):
    found = read_list(DEFAULT.with_name(name), epochs=2, limit=50)
    assert len(found) >= 5 and len({recipe.name for _, recipe in found}) == len(found)
    assert all((recipe.epochs, recipe.limit) == (2, 50) for _, recipe in found)


def test_variants_are_trained_once_and_compared(data_folder, tmp_path):
    path = tmp_path / "mine.yaml"
    changes = [{"name": "as it is"}, {"name": "only people", "composites": 0.0}]
    path.write_text(yaml.safe_dump({"base": BASE, "variants": changes}))
    road = ("--data", data_folder, "--runs", tmp_path / "runs", "--list", path, "--out", tmp_path)
    result = call(*road)
    assert result.exit_code == 0, result.output
    first, second = json.loads((tmp_path / "mine.json").read_text())["rows"]
    assert (first["name"], first["change"], first["pictures"]) == ("as it is", 0, 24)
    assert second["change"] == pytest.approx(second["val_iou"] - first["val_iou"], abs=2e-5)
    # asked again, nothing is trained again; asked for something else, nothing is mixed up
    stamp = (tmp_path / "runs" / "as-it-is" / "last.pt").stat().st_mtime_ns
    assert call(*road).exit_code == 0
    assert (tmp_path / "runs" / "as-it-is" / "last.pt").stat().st_mtime_ns == stamp
    other = call(*road, "--epochs", 2)
    assert "by another recipe" in str(other.exception)


@pytest.mark.parametrize("text", ["", "base: {}", "base: {}\nvariants: [{epochs: 1}]", "{"])
def test_what_is_no_list_is_refused(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(PocketmatteError, match="not a list of variants"):
        read_list(path)
    with pytest.raises(PocketmatteError, match="no such list"):
        read_list(tmp_path / "none.yaml")
