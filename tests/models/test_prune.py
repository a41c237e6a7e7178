"""Structured pruning: smaller, nearly the same, and a checkpoint like any other."""

import numpy as np
import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.models.cost import count_macs, count_parameters
from pocketmatte.models.prune import narrow, prunable, prune
from pocketmatte.training.recipe import Recipe


@pytest.fixture(scope="module")
def pocket(pictures):
    """A Pocket-UNet whose batch norms know the pictures."""
    torch.manual_seed(0)
    network = create_model("pocket_balanced").train()
    with torch.no_grad():
        for _ in range(30):
            network(pictures)
    return Checkpoint("pocket_balanced", {}, Recipe().to_dict(), 1, network.state_dict())


@pytest.fixture(scope="module")
def pictures(astronaut):
    crops = [astronaut[y : y + 320, x : x + 320] for y in (0, 96, 192) for x in (0, 96, 192)]
    batch = np.stack([crop[::4, ::4] for crop in [*crops, *(c[:, ::-1] for c in crops)]])
    return torch.from_numpy(batch[:, :64, :64] / 255.0).float().movedim(-1, 1)


@pytest.fixture(scope="module")
def trained():
    return load_checkpoint("balanced")


@torch.no_grad()
def alpha(checkpoint, pictures):
    return checkpoint.network()(pictures).sigmoid()


def test_a_pruned_network_is_smaller_and_says_so(pocket, pictures, tmp_path):
    # given a checkpoint pruned to half, written and read
    half = prune(pocket, 0.5, pictures)
    half.save(tmp_path / "half.pt")
    again = load_checkpoint(tmp_path / "half.pt")
    # then the file alone rebuilds the small network, with the same alpha
    assert torch.equal(alpha(again, pictures), alpha(half, pictures))
    whole, thin = pocket.network(), again.network()
    assert count_parameters(thin) < 0.65 * count_parameters(whole)
    assert count_macs(thin, (96, 96)) < 0.8 * count_macs(whole, (96, 96))
    assert again.options["hidden"] == [block.hidden for block in prunable(thin)]
    assert all(count % 8 == 0 for count in again.options["hidden"])
    assert again.card().parameters == count_parameters(thin)


def test_the_refit_and_the_choice_are_worth_it(trained, pictures):
    """Against the same counts of channels, taken blindly and left as they are."""
    expected = alpha(trained, pictures)
    error = (alpha(prune(trained, 0.75, pictures), pictures) - expected).abs().mean()
    blind = trained.network()
    narrow(blind, [max(8, round(0.75 * block.hidden / 8) * 8) for block in prunable(blind)])
    with torch.no_grad():
        blind_error = (blind(pictures).sigmoid() - expected).abs().mean()
    assert error < 0.3 * blind_error


def test_pruning_less_hurts_less(trained, pictures):
    expected = alpha(trained, pictures)
    errors = [
        float((alpha(prune(trained, keep, pictures), pictures) - expected).abs().mean())
        for keep in (0.9, 0.6, 0.3)
    ]
    assert errors == sorted(errors)


def test_squeezes_and_the_decoders_skips_stay(pictures):
    seed = create_model("munet_mnv3_large_050")
    assert prunable(seed) and not any(block.squeeze for block in prunable(seed))
    tapped = [block for block in seed.encoder.blocks if block.stride == 2]
    assert not seed.encoder.tap_expanded or not set(tapped) & set(prunable(seed))


def test_bad_wishes_are_refused(pocket, pictures):
    for keep in (0, 1, 7):
        with pytest.raises(PocketmatteError, match="outside"):
            prune(pocket, keep, pictures)
    with pytest.raises(PocketmatteError, match="numbers of channels"):
        create_model("pocket_balanced", hidden=[8])
    counts = [10_000] * len(prunable(create_model("pocket_balanced")))
    with pytest.raises(PocketmatteError, match="10000 hidden channels wanted"):
        create_model("pocket_balanced", hidden=counts)
    other = Checkpoint("pocket_balanced", {}, pocket.recipe, 1, pocket.weights)
    assert prune(other, 0.5, pictures).options["hidden"]


def test_a_selfie_network_loses_channels_of_gated_blocks_too(astronaut):
    whole = load_checkpoint("fast")
    crops = [astronaut[y : y + 320, x : x + 320] for y in (0, 96, 192) for x in (0, 96, 192)]
    batch = np.stack([crop[::4, ::4] for crop in crops])[:, :64, :64] / 255.0
    pictures = torch.from_numpy(batch).float().movedim(-1, 1)
    expected = alpha(whole, pictures)
    errors, sizes = [], [count_parameters(whole.network())]
    for keep in (0.9, 0.6):
        thin = prune(whole, keep, pictures)
        errors.append(float((alpha(thin, pictures) - expected).abs().mean()))
        sizes.append(count_parameters(thin.network()))
        gated = [block for block in prunable(thin.network()) if block.squeeze]
        assert len(gated) == 6 and all(
            block.squeeze.expand.out_channels % 8 == 0 for block in gated
        )
    assert sizes == sorted(sizes, reverse=True) and sizes[2] < 0.8 * sizes[0]
    # refitted: near at 0.9, and far nearer than the same counts taken blindly
    blind = whole.network()
    narrow(blind, prune(whole, 0.6, pictures).options["hidden"])
    with torch.no_grad():
        blind_error = float((blind(pictures).sigmoid() - expected).abs().mean())
    assert errors[0] < errors[1] < 0.5 * blind_error


def test_leaving_every_channel_changes_nothing(astronaut):
    """The refit alone: the whole block's result is its own best fit."""
    whole = load_checkpoint("fast")
    pictures = torch.from_numpy(astronaut[None, :128, :128] / 255.0).float().movedim(-1, 1)
    same = prune(whole, 0.99, pictures)
    counts = [block.hidden for block in prunable(whole.network())]
    assert same.options["hidden"] == counts
    assert (alpha(same, pictures) - alpha(whole, pictures)).abs().max() < 0.02
