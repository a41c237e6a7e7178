"""Several networks with different pasts look at the same picture; their logits are averaged.

Networks that began with different knowledge (MediaPipe's selfies, ImageNet) err in different
places, so their mean is better than each (Hansen and Salamon 1990). To the outside it is one
network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pocketmatte.models.pocket_unet import pocket_balanced
from pocketmatte.models.registry import Model, register_model
from pocketmatte.models.selfie_unet import selfie_unet

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class Expert(nn.Module):
    """A network with its own normalisation and limited confidence.

    `forward` takes src in [0, 1] and gives logits.
    """

    limit = 8.0

    def __init__(self, network: Model, normalisation: tuple[tuple, tuple]):
        super().__init__()
        self.network = network
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def forward(self, src: Tensor) -> Tensor:
        logits = self.network((src - self.mean) / self.std)
        return logits.clamp(-self.limit, self.limit)


class Experts(Model):
    """The mean of its members' logits; src in [0, 1], so a recipe's mean is 0 and its std is 1."""

    def __init__(self, *members: Expert):
        super().__init__()
        self.members = nn.ModuleList(members)
        self.stride = max(member.network.stride for member in members)
        self.input_size = (256, 256)

    def forward(self, src: Tensor) -> Tensor:
        return sum(member(src) for member in self.members) / len(self.members)


@register_model
def experts_best() -> Experts:
    """Selfie-UNet and Pocket-UNet: the architecture of the `best` preset."""
    return Experts(Expert(selfie_unet(), PLAIN), Expert(pocket_balanced(), IMAGENET))
