"""Exponential moving average of weights: a smoother, better network for free."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """Keeps `average`, a copy of a network whose weights trail behind the trained ones.

    The decay grows from 0 to `decay` over the first steps, so that the random start is
    forgotten. `keep` is the share that the start has in the result, for a start worth keeping.
    """

    def __init__(self, network: nn.Module, decay: float, keep: float = 0.0):
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay, self.keep = decay, keep
        self.start = copy.deepcopy(self.average) if keep else None

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the network; buffers (batch statistics) too."""
        decay = min(self.decay, (1 + step) / (10 + step))
        _move(self.average, network, 1 - decay)

    @torch.no_grad()
    def result(self) -> nn.Module:
        """What to validate and release: the average, or its mean with the start (WiSE-FT)."""
        if not self.keep:
            return self.average
        mean = copy.deepcopy(self.average)
        _move(mean, self.start, self.keep)
        return mean


def _move(network: nn.Module, goal: nn.Module, share: float) -> None:
    ours, theirs = network.state_dict(), goal.state_dict()
    floats = [key for key, value in ours.items() if value.is_floating_point()]
    torch._foreach_lerp_([ours[k] for k in floats], [theirs[k] for k in floats], share)
