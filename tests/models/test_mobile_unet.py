"""The 2019 project's networks, held against the figures it published."""

import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model, registered_models
from pocketmatte.models.cost import count_macs, count_parameters

# name: parameters, millions of multiply-adds at the network's own input size
PINNED = {
    "munet_mnv2_050_deconv": (3_630_593, 526.4),
    "munet_mnv2_050_bilinear": (3_629_601, 2019.8),
    "munet_mnv3_large_100": (2_867_793, 341.2),
    "munet_mnv3_large_050": (780_913, 174.4),
    "pocket_balanced": (726_585, 99.7),
}


@pytest.mark.parametrize("name", PINNED)
def test_cost_is_pinned(name):
    network = create_model(name)
    parameters, megamacs = PINNED[name]
    assert count_parameters(network) == parameters
    assert count_macs(network, network.input_size) / 1e6 == pytest.approx(megamacs, abs=0.05)


def test_bilinear_variant_is_the_published_one():
    """3.620 M were published, counted after folding every batch norm."""
    network = create_model("munet_mnv2_050_bilinear")
    assert count_parameters(network, folded=True) == 3_620_617


def test_deconv_variant_is_the_published_one():
    """3.624 M were published: the folding tool of the time could not fold the batch norms behind
    transposed convolutions, whose four vectors (scale, shift, mean, variance) stayed."""
    network = create_model("munet_mnv2_050_deconv")
    decoder_channels = 512 + 256 + 128 + 64 + 32
    folded = count_parameters(network, folded=True)
    assert folded + 3 * decoder_channels == 3_624_585


def test_v3_variants_differ_from_the_published_ones():
    """2.552 M and 1.192 M were published without the layers. The paper's MobileNetV3-large
    alone, with its squeeze-and-excite blocks, already has 2.8 M, so the project's encoder was a
    lighter one; our decoder of separable convolutions is far lighter than any it used."""
    encoder = create_model("munet_mnv3_large_100").encoder
    assert count_parameters(encoder) > 2_552_000
    half = create_model("munet_mnv3_large_050")
    assert count_parameters(half) - count_parameters(half.encoder) < 40_000


@pytest.mark.parametrize("name", registered_models())
def test_every_model_maps_any_multiple_of_its_stride_to_logits_of_that_size(name):
    network = create_model(name).eval()
    with torch.no_grad():
        for height, width in ((64, 96), (32, 32)):
            assert network(torch.zeros(2, 3, height, width)).shape == (2, 1, height, width)


@pytest.mark.parametrize("name", registered_models())
def test_every_parameter_of_every_model_learns(name):
    network = create_model(name)
    network(torch.randn(2, 3, 64, 64)).square().mean().backward()
    idle = [key for key, p in network.named_parameters() if p.grad is None]
    assert not idle


def test_dropout_acts_in_training_only():
    network = create_model("munet_mnv2_050_bilinear", dropout=0.5)
    src = torch.randn(2, 3, 64, 64)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        assert not torch.equal(network(src), network(src))
        network.eval()
        assert torch.equal(network(src), network(src))


def test_unknown_architecture_is_refused_with_the_known_names():
    with pytest.raises(PocketmatteError, match="munet_mnv2_050_deconv"):
        create_model("resnet")
