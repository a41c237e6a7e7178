"""What a network costs: parameters and multiply-adds."""

from __future__ import annotations

import torch
from torch import nn


def count_parameters(network: nn.Module, folded: bool = False) -> int:
    """Trainable numbers; `folded` counts what is left once batch norms are merged away.

    A batch norm behind a convolution without bias leaves one bias per channel.
    """
    total = sum(parameter.numel() for parameter in network.parameters())
    if folded:
        total -= sum(m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    return total


@torch.no_grad()
def count_macs(network: nn.Module, size: tuple[int, int]) -> int:
    """Multiply-adds of all convolutions for one picture of (height, width)."""
    counts = []

    def count(module, inputs, output):
        per_position = module.weight[0].numel()
        at = inputs[0] if isinstance(module, nn.ConvTranspose2d) else output
        counts.append(at.numel() * per_position)

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, kinds)]
    training = network.training
    try:
        channels = getattr(network, "channels", 3)
        network.eval()(torch.zeros(1, channels, *size, device=next(network.parameters()).device))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return sum(counts)
