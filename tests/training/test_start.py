"""Where a training starts: checkpoints, grown networks, means of weights."""

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


def test_a_grown_network_starts_from_its_base(tmp_path):
    base, grown = saved(tmp_path / "base.pt", "selfie_unet"), create_model("selfie_context")
    src = torch.rand(1, 3, 64, 64)
    initialise(grown, recipe(pretrained=str(tmp_path / "base.pt")), [])
    torch.testing.assert_close(grown(src), base(src))


def test_another_architecture_is_refused(tmp_path):
    saved(tmp_path / "other.pt", "selfie_context")
    with pytest.raises(PocketmatteError, match="holds selfie_context, which does not fit"):
        initialise(create_model("selfie_unet"), recipe(pretrained=str(tmp_path / "other.pt")), [])
