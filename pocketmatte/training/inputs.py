"""Pictures as a network takes them, laid out as its device computes them fastest."""

from __future__ import annotations

import torch
from torch import Tensor

from pocketmatte.training.recipe import Recipe


def layout(device: torch.device) -> torch.memory_format:
    """`channels_last` on processors, which makes convolutions up to twice as fast there.

    cuDNN would prepare that for ten seconds for every new shape of views, and views have many.
    """
    return torch.channels_last if device.type == "cpu" else torch.contiguous_format


def normalise(src: Tensor, recipe: Recipe) -> Tensor:
    """Shift and scale pictures in [0, 1] by the recipe's mean and deviation."""
    mean = torch.tensor(recipe.mean, device=src.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=src.device).view(1, 3, 1, 1)
    return ((src - mean) / std).to(memory_format=layout(src.device))
