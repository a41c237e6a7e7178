"""Selfie-UNet: shapes, TensorFlow's padding."""

import pytest
import torch
from torch.nn import functional

from pocketmatte.models import create_model
from pocketmatte.models.cost import count_parameters
from pocketmatte.models.layers import SameConv2d


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
