"""Fine-tuning: gentle by default, never worse than its start, honest about its terms."""

import cv2
import numpy as np
import pytest
import torch

from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.finetune import finetune_recipe
from pocketmatte.training.loop import train
from pocketmatte.training.recipe import Recipe


def short_recipe(data_folder):
    """The default recipe, but short and at a high rate, so that it must move."""
    recipe = finetune_recipe("balanced", DataFolder(data_folder))
    recipe.epochs, recipe.learning_rate, recipe.threads = 2, 1e-3, 1
    return recipe


@pytest.fixture(scope="module")
def tuned(data_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("tuned")
    return train(short_recipe(data_folder), data_folder, out).rows, out


def test_the_recipe_fits_the_start_and_the_data(data_folder):
    start, recipe = (
        load_checkpoint("balanced"),
        finetune_recipe("balanced", DataFolder(data_folder)),
    )
    assert recipe.pretrained == "balanced" and recipe.architecture == start.architecture
    assert recipe.resolution == [(0.0, 256)] and recipe.train_splits == ["train"]
    assert recipe.composites > 0 and recipe.batch == 16 and recipe.keep == 0.5
    assert recipe.card["licence"] == start.card().licence
    told = [entry["name"] for entry in recipe.card["training_data"]]
    assert told[:-1] == [entry["name"] for entry in start.card().training_data]


def test_few_pictures_without_backgrounds_will_do(data_folder, tmp_path):
    folder = tmp_path / "mine"
    for kind, picture in (("image", np.zeros((9, 9, 3))), ("mask", np.zeros((9, 9)))):
        (folder / "me" / kind).mkdir(parents=True)
        for index in range(3):
            cv2.imwrite(str(folder / "me" / kind / f"{index}.png"), picture)
    (folder / "splits").mkdir()
    (folder / "splits" / "train.txt").write_text("me/0\nme/1\n")
    (folder / "splits" / "labelled.txt").write_text("me/2\n")
    recipe = finetune_recipe("balanced", DataFolder(folder))
    assert recipe.train_splits == ["train", "labelled"]
    assert (recipe.batch, recipe.composites) == (3, 0)


def test_the_start_counts_as_epoch_0_and_the_best_is_never_worse(tuned):
    rows, out = tuned
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert "loss" not in rows[0] and "loss" in rows[1]
    best = load_checkpoint(out / "best.pt")
    assert best.scores["val_iou"] == max(row["val_iou"] for row in rows) >= rows[0]["val_iou"]


def test_weights_move_and_the_statistics_of_the_batch_norms_stay(tuned):
    _, out = tuned
    ours, start = load_checkpoint(out / "last.pt").weights, load_checkpoint("balanced").weights
    for key, value in start.items():
        if key.endswith(("running_mean", "running_var")):
            assert torch.equal(ours[key], value), key
        elif key.endswith("0.weight"):
            assert not torch.equal(ours[key], value), key


def test_the_result_is_the_mean_of_what_was_learnt_and_of_the_start(tuned):
    last, start = load_checkpoint(tuned[1] / "last.pt"), load_checkpoint("balanced").weights
    for key, value in last.training["average"].items():
        if value.is_floating_point():
            middle = (value + start[key]) / 2
            assert torch.allclose(last.weights[key], middle, atol=1e-6), key
    moved = [(last.weights[key] - start[key]).abs().max() for key in start if "weight" in key]
    assert max(moved) > 1e-3


def test_resumed_it_is_the_same(tuned, data_folder, tmp_path):
    class Stop(Exception):
        pass

    def stop(epoch, step, steps, figures):
        if epoch == 1:
            raise Stop

    with pytest.raises(Stop):
        train(short_recipe(data_folder), data_folder, tmp_path, progress=stop)
    train(short_recipe(data_folder), data_folder, tmp_path, resume=True)
    ours, theirs = (load_checkpoint(out / "last.pt").weights for out in (tmp_path, tuned[1]))
    assert all(torch.equal(ours[key], value) for key, value in theirs.items())


def test_nothing_to_keep_is_refused(data_folder, tmp_path):
    recipe = Recipe(architecture="pocket_balanced", pretrained=None, keep=0.5)
    with pytest.raises(PocketmatteError, match="set `pretrained`, or leave `keep` out"):
        train(recipe, data_folder, tmp_path)
