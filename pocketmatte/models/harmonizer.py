"""A network that says how a pasted person's colours must change to belong to the scene.

It sees both layers small, premultiplied by their share of each pixel, so that means over person
and scene are plain global pooling. Every cell of its coarse output proposes a colour matrix and
a tone curve for the whole person, and a gain for its own place. What is done with them at full
size stands in `pocketmatte.harmony.change`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.models.layers import conv_bn
from pocketmatte.models.registry import Model, register_model

_UNIT = 0.1  # of what is proposed: a step of training then moves colours by little
PROPOSAL = 24
"""Channels out: 12 of the matrix, 9 of the curve, 3 of the gain."""


class Harmonizer(Model):
    """Plain convolutions, global pooling, no resizing.

    `forward(layers)` takes `[B, 8, H, W]`: foreground times alpha, alpha, background times
    (1 - alpha), 1 - alpha, all in [0, 1]; and returns `[B, 24, H/8, W/8]`.
    """

    task, channels, output = "harmonize", 8, "change"
    stride = 8
    input_size = (80, 80)

    def __init__(self, widths: tuple[int, int, int] = (32, 48, 64), context: int = 128):
        super().__init__()
        first, second, wide = widths
        self.details = conv_bn(8, first, stride=2, activation=nn.ReLU)
        self.shrink = nn.Sequential(
            conv_bn(first, second, stride=2, activation=nn.ReLU),
            conv_bn(second, wide, stride=2, activation=nn.ReLU),
        )
        self.scene = conv_bn(wide, wide, activation=nn.ReLU)
        self.context = nn.Sequential(
            nn.Conv2d(2 * (first + wide), context, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(context, context, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(context, wide, 1),
        )
        self.propose = nn.Sequential(
            nn.ReLU(inplace=True),
            conv_bn(wide, wide, activation=nn.ReLU),
            nn.Conv2d(wide, PROPOSAL, 1),
        )
        nn.init.zeros_(self.propose[-1].weight)  # a fresh network changes nothing
        nn.init.zeros_(self.propose[-1].bias)

    def forward(self, layers: Tensor) -> Tensor:
        alpha = layers[:, 3:4]
        details = self.details(layers)
        cells = self.shrink(details)
        cells = cells + self.scene(cells)
        near, far = functional.avg_pool2d(alpha, 2), functional.avg_pool2d(alpha, 8)
        means = torch.cat([*_means(details, near), *_means(cells, far)], 1)
        return self.propose(cells + self.context(means)) * _UNIT

    def finish(self, raw: Tensor) -> Tensor:
        return raw


def _means(features: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the features over the person and over the scene, `[B, C, 1, 1]` each."""
    person = _pool(features * alpha) / (_pool(alpha) + 1e-3)
    scene = _pool(features * (1 - alpha)) / (_pool(1 - alpha) + 1e-3)
    return person, scene


def _pool(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, 1)


@register_model(task="harmonize")
def pocket_harmonizer(**options) -> Model:
    """0.17 M parameters, about 20 MMAC at 80x80."""
    return Harmonizer(**options)
