"""The road by commands: train, resume, export, evaluate, use."""

import json

import numpy as np
import pytest
import yaml

import pocketmatte as pm
from pocketmatte.models.checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    values = {
        "name": "tiny",
        "architecture": "munet_mnv3_large_050",
        "pretrained": None,
        "epochs": 2,
        "batch": 8,
        "resolution": [[0.0, 64]],
        "workers": 1,
        "card": {"description": "A test.", "licence": "MIT"},
    }
    path.write_text(yaml.safe_dump(values))
    return path


def test_from_data_to_a_used_network(run, data_folder, recipe, tmp_path):
    # given a finished training of one epoch, with a loader process of its own
    out = tmp_path / "run"
    road = ("--recipe", recipe, "--data", data_folder, "--out", out, "--threads", "1")
    ended = run("train", *road, "--epochs", "1")
    assert ended.code == 0 and "best validation IoU" in ended.err
    # when it is refused, resumed, exported with scores, and evaluated
    again = run("train", *road)
    assert again.code == 2 and "--resume" in again.err
    assert run("train", *road, "--resume").code == 0
    assert len(json.loads((out / "history.json").read_text())) == 2
    shipped = tmp_path / "shipped"
    ended = run("export", out / "best.pt", "-o", shipped, "--data", data_folder)
    assert ended.code == 0 and "boundary_f" in ended.out.decode()
    scores = tmp_path / "scores.json"
    network = shipped / "tiny.onnx"
    ended = run("evaluate", "--model", network, "--data", data_folder, "--json", scores)
    assert ended.code == 0
    # then the card carries the evaluation's figures, and the network runs
    card = pm.load_model(network).card
    assert card.licence == "MIT" and card.name == "tiny"
    measured = json.loads(scores.read_text())["means"]
    assert card.scores["test"]["iou"] == pytest.approx(measured["iou"], abs=1e-4)
    alpha = pm.load_model(network).alpha(np.zeros((50, 70, 3), np.uint8))
    assert alpha.shape == (50, 70)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--recipe", "none.yaml"), "no such recipe"),
        (("--from", "balancd"), "no such checkpoint; give a released network"),
        (("--data", "nowhere"), "no such data folder"),
        (("--device", "cuda:9"), "not usable here"),
        (("--quantize", "balanced"), "leave --recipe, --from out"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    run, data_folder, recipe, tmp_path, arguments, message
):
    options = {"--recipe": recipe, "--data": data_folder, "--out": tmp_path / "run"}
    options |= dict([arguments])
    ended = run("train", *(word for pair in options.items() for word in pair))
    assert ended.code == 2 and message in ended.err
    assert "Traceback" not in ended.err
    assert sum(line.startswith("error:") for line in ended.err.splitlines()) == 1


def test_a_released_network_is_exported_by_name(run, tmp_path):
    ended = run("export", "balanced", "-o", tmp_path)
    assert ended.code == 0 and "106,401 parameters" in ended.out.decode()
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    ours, released = pm.load_model(tmp_path / "balanced.onnx"), pm.load_model()
    assert np.abs(ours.alpha(picture) - released.alpha(picture)).max() < 1e-3


def test_without_recipe_or_start_it_says_what_to_give(run, data_folder, tmp_path):
    ended = run("train", "--data", data_folder, "--out", tmp_path)
    assert ended.code == 2 and "--from balanced" in ended.err


def test_a_released_network_is_fine_tuned_by_name(run, data_folder, tmp_path):
    road = ("--from", "balanced", "--data", data_folder, "--out", tmp_path, "--threads", "1")
    ended = run("train", *road, "--epochs", "2")
    assert ended.code == 0 and " before; exported to" in ended.err.replace("\n", " ")
    card = pm.load_model(tmp_path / "balanced-tuned.onnx").card
    assert card.architecture == "selfie_unet" and "Research weights" in card.licence
    cost = load_checkpoint(tmp_path / "last.pt").cost
    assert cost["pictures"] == 32 and cost["hours"] > 0


def test_export_refuses_what_is_no_checkpoint(run, tmp_path):
    (tmp_path / "a.pt").write_bytes(b"nothing")
    ended = run("export", tmp_path / "a.pt", "-o", tmp_path)
    assert ended.code == 2 and "cannot be read as a checkpoint" in ended.err
