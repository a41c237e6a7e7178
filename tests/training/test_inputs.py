"""Pictures as networks take them."""

import torch

from pocketmatte.training.inputs import layout, normalise
from pocketmatte.training.recipe import Recipe


def test_pictures_are_shifted_and_scaled_and_laid_out_for_the_processor():
    src = torch.rand(2, 3, 8, 6)
    recipe = Recipe(mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    taken = normalise(src, recipe)
    assert torch.allclose(taken[:, 0], src[:, 0] * 2 - 1, atol=1e-6)
    assert torch.allclose(taken[:, 1], src[:, 1] - 0.25, atol=1e-6)
    assert torch.allclose(taken[:, 2], src[:, 2] / 2, atol=1e-6)
    assert taken.is_contiguous(memory_format=torch.channels_last)


def test_a_gpu_keeps_channels_first():
    assert layout(torch.device("cuda")) is torch.contiguous_format
