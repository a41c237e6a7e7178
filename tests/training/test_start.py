"""Where a training starts: checkpoints, means of weights, published networks."""

import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.training.recipe import Recipe
from pocketmatte.training.start import initialise


def saved(path, architecture):
    network = create_model(architecture)
    Checkpoint(architecture, {}, {}, 1, network.state_dict()).save(path)
    return network


def recipe(**fields):
    return Recipe(architecture="selfie_unet", **fields)


def test_a_mapping_mixes_weights_by_share(tmp_path):
    first, second = (saved(tmp_path / f"{name}.pt", "selfie_unet") for name in "ab")
    network = create_model("selfie_unet")
    shares = {str(tmp_path / "a.pt"): 3, str(tmp_path / "b.pt"): 1}
    initialise(network, recipe(pretrained=shares), [])
    wanted = 0.75 * first.head.weight + 0.25 * second.head.weight
    torch.testing.assert_close(network.head.weight, wanted)


def test_another_architecture_is_refused(tmp_path):
    saved(tmp_path / "other.pt", "pocket_balanced")
    with pytest.raises(PocketmatteError, match="holds pocket_balanced, which does not fit"):
        initialise(create_model("selfie_unet"), recipe(pretrained=str(tmp_path / "other.pt")), [])


def test_a_published_network_of_another_build_is_refused():
    with pytest.raises(PocketmatteError, match="selfie_unet: cannot start from 'multiclass'"):
        initialise(create_model("selfie_unet"), recipe(pretrained="multiclass"), [])
