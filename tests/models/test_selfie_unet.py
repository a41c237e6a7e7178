"""Selfie-UNet: shapes, TensorFlow's padding, growing without change."""

import pytest
import torch
from torch.nn import functional

from pocketmatte.models import create_model
from pocketmatte.models.cost import count_parameters
from pocketmatte.models.selfie_unet import SameConv2d


@pytest.fixture
def src():
    torch.manual_seed(0)
    return torch.rand(1, 3, 96, 64)


def test_base_has_the_published_size(src):
    network = create_model("selfie_unet").eval()
    assert count_parameters(network) == 106_401
    assert network(src).shape == (1, 1, 96, 64)


@pytest.mark.parametrize(("kernel", "before", "after"), [(3, 0, 1), (5, 1, 2)])
def test_strided_padding_is_tensorflows(kernel, before, after):
    torch.manual_seed(0)
    conv = SameConv2d(2, 3, kernel, stride=2)
    x = torch.randn(1, 2, 8, 12)
    wanted = functional.conv2d(
        functional.pad(x, (before, after, before, after)), conv.weight, conv.bias, 2
    )
    torch.testing.assert_close(conv(x), wanted)


def test_a_grown_network_begins_as_its_base(src):
    base, grown = create_model("selfie_unet").eval(), create_model("selfie_context").eval()
    missing, unexpected = grown.load_state_dict(base.state_dict(), strict=False)
    assert not unexpected
    assert missing and all(name.startswith(grown.grown) for name in missing)
    torch.testing.assert_close(grown(src), base(src))


def test_the_context_can_learn(src):
    network = create_model("selfie_context")
    network(src).mean().backward()
    assert network.context.project.weight.grad.abs().max() > 0
