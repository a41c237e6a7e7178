"""The whole loop on made-up people: it learns, stops, resumes exactly and tells what it did."""

import csv
import json

import numpy as np
import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.runtimes import open_runtime
from pocketmatte.training.loop import train
from pocketmatte.training.recipe import Recipe
from pocketmatte.weights import find_weights


def small_recipe(**changes):
    values = {
        "architecture": "munet_mnv3_large_050",
        "pretrained": None,
        "epochs": 3,
        "batch": 8,
        "resolution": [(0.0, 64)],
        "warmup": 0.3,
        "ema": 0.9,
        "workers": 0,
        "threads": 1,
    }
    return Recipe(**(values | changes))


@pytest.fixture(scope="module")
def finished(data_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    train(small_recipe(), data_folder, out)
    return out


def test_resume_gives_exactly_the_uninterrupted_result(finished, data_folder, tmp_path):
    # given a training that stops in its second epoch
    class Stop(Exception):
        pass

    def stop(epoch, step, steps, figures):
        if (epoch, step) == (1, 2):
            raise Stop

    with pytest.raises(Stop):
        train(small_recipe(), data_folder, tmp_path, progress=stop)
    # when it is resumed
    train(small_recipe(), data_folder, tmp_path, resume=True)
    # then weights and history are those of the training that never stopped
    ours, theirs = load_checkpoint(tmp_path / "last.pt"), load_checkpoint(finished / "last.pt")
    assert ours.epoch == theirs.epoch == 3
    for key, value in theirs.weights.items():
        assert torch.equal(ours.weights[key], value), key
    for key, value in theirs.training["network"].items():
        assert torch.equal(ours.training["network"][key], value), key
    strip = [{k: v for k, v in row.items() if k != "seconds"} for row in ours.training["history"]]
    assert strip == [
        {k: v for k, v in row.items() if k != "seconds"} for row in theirs.training["history"]
    ]


def test_it_learns_the_made_up_people(data_folder, tmp_path):
    recipe = small_recipe(
        architecture="pocket_balanced", epochs=10, batch=4, learning_rate=5e-3, zoom=(1.0, 1.1)
    )
    rows = train(recipe, data_folder, tmp_path).rows
    assert rows[-1]["loss"] < 0.85 * rows[0]["loss"]
    assert rows[-1]["val_iou"] > rows[0]["val_iou"] + 0.15


def test_numbers_and_graphs_are_written(finished):
    with (finished / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    names = {"loss", "loss_bce", "iou", "accuracy", "learning_rate", "val_loss", "val_iou"}
    assert names <= set(rows[0])
    assert len(json.loads((finished / "history.json").read_text())) == 3
    for graph in ("loss", "iou", "accuracy", "learning_rate"):
        data = (finished / f"{graph}.png").read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 5000


def test_checkpoints_describe_themselves(finished):
    best = load_checkpoint(finished / "best.pt")
    assert best.architecture == "munet_mnv3_large_050"
    assert Recipe.from_dict(best.recipe) == small_recipe()
    assert "val_iou" in best.scores and not best.training
    card = best.card()
    assert card.area == 64 * 64 and card.parameters == 780_913
    network = best.network()
    assert not network.training
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1, 64, 64)


def test_the_best_network_is_exported_with_its_card(finished):
    path, card = find_weights(finished / "custom.onnx")
    assert card.architecture == "munet_mnv3_large_050"
    assert card.recipe["batch"] == 8 and "val_iou" in card.scores["training"]
    assert open_runtime(path)(np.zeros((1, 3, 64, 64), np.float32)).shape == (1, 1, 64, 64)


def test_a_used_folder_is_not_overwritten(finished, data_folder):
    with pytest.raises(PocketmatteError, match="--resume"):
        train(small_recipe(), data_folder, finished)


def test_resume_refuses_another_architecture(finished, data_folder):
    recipe = small_recipe(architecture="munet_mnv3_large_100")
    with pytest.raises(PocketmatteError, match="holds munet_mnv3_large_050"):
        train(recipe, data_folder, finished, resume=True)


def test_bad_wishes_are_refused(data_folder, tmp_path):
    with pytest.raises(PocketmatteError, match="not usable here"):
        train(small_recipe(), data_folder, tmp_path, device="cuda:7")
    with pytest.raises(PocketmatteError, match="lower `batch`"):
        train(small_recipe(batch=64), data_folder, tmp_path)
    with pytest.raises(PocketmatteError, match="no ImageNet start"):
        train(small_recipe(pretrained="imagenet"), data_folder, tmp_path)
    with pytest.raises(PocketmatteError, match="no such checkpoint"):
        train(small_recipe(), data_folder, tmp_path, resume=True)


def test_training_can_start_from_a_checkpoint(finished, data_folder, tmp_path):
    recipe = small_recipe(pretrained=str(finished / "best.pt"), epochs=1, learning_rate=1e-9)
    train(recipe, data_folder, tmp_path)
    start, ours = load_checkpoint(finished / "best.pt"), load_checkpoint(tmp_path / "last.pt")
    key = "encoder.stem.0.weight"
    assert torch.allclose(start.weights[key], ours.weights[key], atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_damaged_checkpoints_are_named(tmp_path, content):
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(PocketmatteError, match=r"broken\.pt: cannot be read"):
        load_checkpoint(path)


def test_foreign_checkpoints_are_named(tmp_path):
    torch.save({"state": 1}, tmp_path / "other.pt")
    with pytest.raises(PocketmatteError, match="not a pocketmatte checkpoint"):
        load_checkpoint(tmp_path / "other.pt")


def test_a_failed_save_leaves_the_old_checkpoint(finished, tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    checkpoint = load_checkpoint(finished / "best.pt")
    checkpoint.save(path)
    before = path.read_bytes()

    def fail(values, file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError):
        Checkpoint.save(checkpoint, path)
    assert path.read_bytes() == before
