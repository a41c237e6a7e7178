"""What a harmoniser's proposals do to colours, in torch, and how far that is from the answer.

The same arithmetic as `pocketmatte.harmony.change`, which a test holds it to.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEVELS = 255.0
_PLAIN = 12.0  # levels


def apply_proposals(proposals: Tensor, foreground: Tensor, alpha: Tensor) -> Tensor:
    """Change the foreground: colour matrix, tone curve, gain map.

    proposals: `[B, 24, h, w]`. foreground: `[B, 3, H, W]` in [0, 1]. alpha: `[B, 1, H, W]`.
    Returns `[B, 3, H, W]`, clamped to [0, 1] with the gradient kept.
    """
    size = proposals.shape[2:]
    weight = functional.adaptive_avg_pool2d(alpha, size) + 1e-6
    votes = (proposals[:, :21] * weight).sum((2, 3)) / weight.sum((2, 3))
    matrix = votes[:, :9].view(-1, 3, 3) + torch.eye(3, device=votes.device)
    offset, steps = votes[:, 9:12], votes[:, 12:21].exp() / 9
    colours = torch.einsum("bij,bjhw->bihw", matrix, foreground) + offset[..., None, None]
    # a gradient kept here would push colours ever further out, where they change nothing
    colours = colours.clamp(0, 1)
    curve = sum(
        steps[:, index, None, None, None] * (colours * 9 - index).clamp(0, 1) for index in range(9)
    )
    gain = functional.interpolate(
        proposals[:, 21:], size=foreground.shape[2:], mode="bilinear", align_corners=False
    )
    return _clamp(curve * gain.exp())


def foreground_loss(changed: Tensor, target: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Loss, and the mean squared error over the person in levels of 255 (fMSE), per batch.

    Every picture counts alike, however large its person.
    """
    weight = alpha / alpha.sum((2, 3), keepdim=True).clamp_min(1.0)
    difference = changed - target
    squared = (difference.square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    absolute = (difference.abs().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    return (0.5 * absolute + 10 * squared).mean(), squared.mean() * LEVELS**2


def mismatch_loss(mismatch: Tensor, foreground: Tensor, target: Tensor, alpha: Tensor) -> Tensor:
    """Cross entropy of the belief that person and scene do not match.

    mismatch: logits `[B, 1, 1, 1]`. A person matches who is right as he is; from a mean error of
    `_PLAIN` levels on, he plainly does not.
    """
    weight = alpha / alpha.sum((2, 3), keepdim=True).clamp_min(1.0)
    error = ((foreground - target).abs().mean(1, keepdim=True) * weight).sum((2, 3), keepdim=True)
    truth = (error * (LEVELS / _PLAIN)).clamp(0, 1)
    return functional.binary_cross_entropy_with_logits(mismatch, truth)


def _clamp(x: Tensor) -> Tensor:
    """Into [0, 1]; colours outside still learn where they should be."""
    return x + (x.clamp(0, 1) - x).detach()
