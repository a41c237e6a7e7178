"""Selfie-Mixer: sizes, grids, and the smaller network made from the whole one."""

import pytest
import torch

from pocketmatte.models import create_model
from pocketmatte.models.cost import count_parameters
from pocketmatte.models.least_squares import narrowing, ridge
from pocketmatte.models.selfie_mixer import Attention, SelfieMixer
from pocketmatte.models.shrink_mixer import shrink


@pytest.mark.parametrize(("height", "width"), [(96, 64), (64, 112), (16, 16)])
def test_any_grid_of_sixteens_goes(height, width):
    network = create_model("selfie_mixer_best").eval()
    assert network(torch.rand(2, 3, height, width)).shape == (2, 1, height, width)


def test_it_keeps_to_the_budget_of_best():
    assert count_parameters(create_model("selfie_mixer")) == 3_195_719
    assert count_parameters(create_model("selfie_mixer_best")) == 2_322_951


def test_attention_is_the_softmax_over_the_picture():
    torch.manual_seed(0)
    layer, x = Attention(8).eval(), torch.randn(2, 8, 4, 6)
    weight = layer.score(x).flatten(2).softmax(-1)
    # each pixel's key, weighed, as the paper has it; the layer averages first, which is the same
    context = (layer.key(x).flatten(2) * weight).sum(-1)[..., None, None]
    wanted = x + layer.mix(x) + layer.out(layer.value(x).relu() * context)
    torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-5)


def test_large_scores_do_not_overflow():
    layer = Attention(4).eval()
    layer.score.bias.data.fill_(1e4)
    assert torch.isfinite(layer(torch.randn(1, 4, 4, 4))).all()


@pytest.fixture
def whole():
    torch.manual_seed(3)
    return SelfieMixer(classes=6).eval()


@pytest.fixture
def pictures():
    torch.manual_seed(4)
    return torch.rand(4, 3, 64, 64) * 2 - 1


def error(network, whole, pictures):
    """Of the features, as a share of what they vary."""
    wanted, found = whole.features(pictures), network.features(pictures)
    return ((found - wanted).norm() / (wanted - wanted.mean((0, 2, 3), keepdim=True)).norm()).item()


def test_shrinking_to_the_same_size_changes_no_feature(whole, pictures):
    thin = SelfieMixer().eval()
    shrink(whole, thin, pictures)
    assert error(thin, whole, pictures) < 0.02


def test_shrinking_keeps_more_than_cutting(whole, pictures):
    thin, cut = SelfieMixer((128, 192)).eval(), SelfieMixer((128, 192)).eval()
    shrink(whole, thin, pictures)
    sources = whole.state_dict()
    for name, target in cut.state_dict().items():
        if not name.startswith("head"):
            target.copy_(sources[name][tuple(slice(length) for length in target.shape)])
    others = torch.rand(4, 3, 64, 64) * 2 - 1
    assert error(thin, whole, others) < 0.5 * error(cut, whole, others)


def test_shrinking_thins_the_blocks_too_and_keeps_more_than_cutting(pictures):
    torch.manual_seed(5)
    whole = SelfieMixer((128, 192)).eval()
    counts = [32, 128, 256, 256, 64, 64, 512, 80, 80, 80, 80]
    thin, cut = (
        create_model("selfie_mixer", local=[64, 80], hidden=counts).eval() for _ in range(2)
    )
    shrink(whole, thin, pictures)
    sources = whole.state_dict()
    for name, target in cut.state_dict().items():
        target.copy_(sources[name][tuple(slice(length) for length in target.shape)])
    others = torch.rand(4, 3, 64, 64) * 2 - 1
    assert count_parameters(thin) == 1_003_287
    assert error(thin, whole, others) < 0.5 * error(cut, whole, others)
    assert torch.equal(thin.head.weight, whole.head.weight)


def test_the_head_learns_the_odds_of_a_person(whole, pictures):
    person = 20 * whole.head.weight.data[:, :1]
    whole.head.weight.data.copy_(torch.cat([-person] + 5 * [person], 1))
    thin = SelfieMixer().eval()
    shrink(whole, thin, pictures)
    scores = whole(pictures)
    odds = (scores[:, 1:].logsumexp(1, keepdim=True) - scores[:, :1]).clamp(-6, 6)
    pair = torch.stack([thin(pictures).flatten(), odds.flatten()])
    assert torch.corrcoef(pair)[0, 1] > 0.85


def test_ridge_finds_a_pointwise_step():
    torch.manual_seed(0)
    weight, offset = torch.randn(3, 5).double(), torch.randn(3).double()
    seen = torch.randn(2, 5, 8, 8).double()
    wanted = torch.einsum("kc,bchw->bkhw", weight, seen) + offset[:, None, None]
    found = ridge(seen, wanted)
    torch.testing.assert_close(found[0], weight, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found[1], offset, atol=1e-3, rtol=1e-3)


def test_narrowing_loses_nothing_that_is_not_there():
    torch.manual_seed(0)
    seen = torch.einsum("cr,brhw->bchw", torch.randn(6, 3), torch.randn(2, 3, 8, 8))
    reader = torch.randn(4, 6, 3, 3)
    down, up = narrowing(seen, reader, 3)
    again = torch.einsum("cr,rk,bkhw->bchw", up, down, seen.double()).float()
    conv = torch.nn.functional.conv2d
    torch.testing.assert_close(conv(again, reader), conv(seen, reader), atol=1e-2, rtol=1e-2)
