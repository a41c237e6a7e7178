"""The network as it is shipped: alpha out, not logits."""

from __future__ import annotations

from torch import Tensor, nn

from pocketmatte.models.registry import Model


class AlphaNetwork(nn.Module):
    """Turns a network's logits into alpha, so that no user has to."""

    def __init__(self, network: Model):
        super().__init__()
        self.network = network

    def forward(self, src: Tensor) -> Tensor:
        return self.network(src).sigmoid()
