"""Batch norms in fine-tuning: keep the statistics that the start has learned from much data."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_norms(network: nn.Module) -> None:
    """Let batch norms use their running statistics though the rest trains.

    Their scales and shifts go on learning. To be called after every `network.train()`.
    """
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
