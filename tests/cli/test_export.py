"""The verbs export and prune: many files by one command, each with card and proof."""

import json

import cv2
import pytest

import pocketmatte as pm
from pocketmatte.cli._many import commas, spread
from pocketmatte.matting.preprocess import grid_size
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.recipe import Recipe
from pocketmatte.weights import find_weights

_CARD = find_weights("balanced")[1]
PORTRAIT, SQUARE = (
    "x".join(map(str, grid_size(*shape, _CARD.area, _CARD.stride))) for shape in ((4, 3), (1, 1))
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, astronaut):
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(4):
        crop = astronaut[40 * index :, : 512 - 40 * index]
        cv2.imwrite(str(folder / f"{index}.png"), crop[..., ::-1])
    return folder


def test_several_formats_precisions_and_sizes_at_once(run, pictures, tmp_path, astronaut):
    formats = ["onnx"]
    if pytest.importorskip("openvino"):
        formats.append("openvino")
    wishes = ["--to", *formats, "--precision", "fp32", "int8", "--size", "portrait", "64x96"]
    ended = run("export", "balanced", *wishes, "-o", tmp_path, "--calibrate", pictures)
    assert ended.code == 0, ended.err
    names = {path.name for path in tmp_path.iterdir()}
    for size in (PORTRAIT, "64x96"):
        for ending in ("", "-int8"):
            stem = f"balanced-{size}{ending}"
            assert {f"{stem}.onnx", f"{stem}.json", f"{stem}.xml", f"{stem}.xml.json"} <= names
    assert ended.out.decode().count("alpha within") == 8
    card = json.loads((tmp_path / "balanced-64x96-int8.xml.json").read_text())
    assert card["precision"] == "int8" and 0 < card["parity"]["max"] < 1
    for name in (f"balanced-{PORTRAIT}-int8.xml", f"balanced-{PORTRAIT}-int8.onnx"):
        assert pm.load_model(tmp_path / name).alpha(astronaut).shape == astronaut.shape[:2]


def test_mask_packing_and_flat_output(run, tmp_path):
    assert run("export", "balanced", "-o", tmp_path, "--pack-mask").code == 0
    assert run("export", "balanced", "-o", tmp_path, "--flat", "--size", "square").code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"balanced-packed.onnx", f"balanced-{SQUARE}-flat.onnx"} <= names


def test_prune_then_export(run, pictures, tmp_path):
    thin = tmp_path / "thin.pt"
    whole = tmp_path / "whole.pt"
    network, recipe = create_model("pocket_balanced"), Recipe(name="whole").to_dict()
    Checkpoint("pocket_balanced", {}, recipe, 1, network.state_dict()).save(whole)
    ended = run("prune", whole, "--pictures", pictures, "--keep", "0.5", "-o", thin)
    assert ended.code == 0 and "726,585 ->" in ended.out.decode()
    assert run("export", thin, "--name", "thin", "-o", tmp_path).code == 0
    card = pm.load_model(tmp_path / "thin.onnx").card
    assert card.parameters < 500_000
    assert load_checkpoint(thin).options["hidden"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "caffe"), "unknown format 'caffe'"),
        (("--precision", "int8"), "--calibrate DIR"),
        (("--size", "huge"), "give portrait, landscape, square"),
        (("--to", "litert", "--size", "any"), "one size each"),
        (("--flat", "--pack-mask"), "exclude each other"),
        (("--precision", "int8", "--calibrate", "nowhere"), "nowhere"),
    ],
)
def test_bad_wishes_are_one_line(run, tmp_path, words, message):
    ended = run("export", "balanced", "-o", tmp_path, *words)
    assert ended.code == 2 and message in ended.err
    assert sum(line.startswith("error:") for line in ended.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_words_after_an_option_are_its_values_only_where_they_fit():
    options = {"--to": {"onnx", "litert"}.__contains__, "--size": str.isdigit}
    words = ["--to", "onnx", "litert", "net.pt", "--size", "1", "2", "-o", "out"]
    expected = ["--to", "onnx", "--to", "litert", "net.pt", "--size", "1", "--size", "2"]
    assert spread(words, options) == [*expected, "-o", "out"]
    assert spread(["onnx", "--to"], options) == ["onnx", "--to"]
    assert commas(["a,b", "c", "a"]) == ["a", "b", "c"]
