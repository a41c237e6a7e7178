"""Exponential moving average of weights: a smoother, better network for free."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """Keeps `average`, a copy of a network whose weights trail behind the trained ones.

    The decay grows from 0 to `decay` over the first steps, so that the random start is
    forgotten.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the network; buffers (batch statistics) too."""
        decay = min(self.decay, (1 + step) / (10 + step))
        ours, theirs = self.average.state_dict(), network.state_dict()
        floats = [key for key, value in ours.items() if value.is_floating_point()]
        torch._foreach_lerp_([ours[k] for k in floats], [theirs[k] for k in floats], 1 - decay)
