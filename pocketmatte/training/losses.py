"""Losses between predicted logits and true alpha, each a scalar per batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


class MattingLoss:
    """A weighted sum of the named losses.

    `__call__(logits, target)` takes `[B, 1, H, W]` each, target in [0, 1], and returns the sum
    and the single values by name.

    Args:
        weights: weight per name: bce, l1, laplacian, dice.
        boundary_weight: extra weight of pixels near the edge, where a matte is won or lost.
        mean: of a tensor over all processes that share a batch.
    """

    def __init__(self, weights: dict[str, float], boundary_weight: float = 0.0, mean=Tensor.detach):
        self.weights, self.boundary_weight, self.mean = weights, boundary_weight, mean

    def __call__(self, logits: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        logits = logits.float()
        pha = logits.sigmoid()
        importance = 1 + self.boundary_weight * boundary_band(target)
        importance = importance / self.mean(importance.mean())
        terms = {
            "bce": lambda: functional.binary_cross_entropy_with_logits(logits, target, importance),
            "l1": lambda: ((pha - target).abs() * importance).mean(),
            "laplacian": lambda: laplacian_loss(pha, target),
            "dice": lambda: dice_loss(pha, target),
        }
        values = {name: terms[name]() for name in self.weights}
        return sum(self.weights[name] * value for name, value in values.items()), values


def boundary_band(target: Tensor, cell: int = 4) -> Tensor:
    """1 where alpha changes within a cell or a neighbouring one (4 to 8 pixels), else 0.

    Worked out on the grid of cells, which is ten times faster than at every pixel.
    """
    low, high = (functional.max_pool2d(sign * target, cell, ceil_mode=True) for sign in (-1, 1))
    low, high = (functional.max_pool2d(x, 3, 1, 1) for x in (low, high))
    band = (low + high > 0.1).to(target.dtype)
    return functional.interpolate(band, scale_factor=cell)[
        ..., : target.shape[2], : target.shape[3]
    ]


def laplacian_loss(pha: Tensor, target: Tensor, levels: int = 4) -> Tensor:
    """L1 between Laplacian pyramids, coarser levels weighing more (Hou and Liu 2019)."""
    difference, loss = pha - target, pha.new_zeros(())
    for level in range(levels):
        coarse = functional.avg_pool2d(difference, 2, ceil_mode=True)
        back = functional.interpolate(coarse, size=difference.shape[2:], mode="bilinear")
        loss = loss + 2**level * (difference - back).abs().mean()
        difference = coarse
    return loss / levels


def dice_loss(pha: Tensor, target: Tensor) -> Tensor:
    """1 - soft Dice per picture, so that small people count as much as large ones."""
    overlap = (pha * target).sum((1, 2, 3))
    total = pha.square().sum((1, 2, 3)) + target.square().sum((1, 2, 3))
    return 1 - ((2 * overlap + 1.0) / (total + 1.0)).mean()


def soft_iou(pha: Tensor, target: Tensor) -> float:
    """Mean IoU of the masks alpha > 0.5, for the training log."""
    with torch.no_grad():
        ours, truth = pha > 0.5, target > 0.5
        inter = (ours & truth).sum((1, 2, 3)).float()
        union = (ours | truth).sum((1, 2, 3)).float()
        return float(((inter + 1e-6) / (union + 1e-6)).mean())
