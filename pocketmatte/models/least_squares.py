"""Pointwise convolutions by regression instead of training."""

from __future__ import annotations

import torch
from torch import Tensor

RIDGE = 1e-5


def ridge(seen: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """The pointwise step from what is seen to what is wanted, by ridge regression.

    Args:
        seen: `[B, C, H, W]`; wanted: `[B, K, H, W]`.

    Returns weight `[K, C]` and offset `[K]`, float64.
    """
    rows, goals = (t.movedim(1, -1).flatten(0, -2).double() for t in (seen, wanted))
    mean, goal_mean = rows.mean(0), goals.mean(0)
    rows, goals = rows - mean, goals - goal_mean
    gram = rows.T @ rows
    penalty = RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    weight = torch.linalg.solve(gram + penalty, rows.T @ goals).T
    return weight, goal_mean - weight @ mean


def narrowing(seen: Tensor, reader: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Fewer channels between two linear steps, so that the second hardly notices.

    Args:
        seen: what lies between them, `[B, C, H, W]`.
        reader: weight of the convolution that reads it, `[K, C, h, w]`.
        rank: channels to be left.

    Returns `down [rank, C]` and `up [C, rank]`: `up @ down @ x` stands for x (SVD of the reader,
    weighed by the covariance of x; as for low-rank layers, Zhang 2016).
    """
    rows = seen.movedim(1, -1).flatten(0, -2).double()
    covariance = rows.T @ rows / len(rows)
    covariance += RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance))
    values, vectors = torch.linalg.eigh(covariance)
    root, inverse = (vectors * values**power @ vectors.T for power in (0.5, -0.5))
    outputs = reader.double().movedim(1, -1).flatten(0, -2)
    kept = torch.linalg.svd(outputs @ root, full_matrices=False).Vh[:rank]
    return kept @ inverse, root @ kept.T
