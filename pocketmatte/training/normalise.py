"""The pictures as a network takes them."""

from __future__ import annotations

import torch
from torch import Tensor

from pocketmatte.training.recipe import Recipe


def normalise(src: Tensor, recipe: Recipe) -> Tensor:
    """Shift and scale pictures in [0, 1] by the recipe's mean and deviation."""
    mean = torch.tensor(recipe.mean, device=src.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=src.device).view(1, 3, 1, 1)
    return (src - mean) / std
