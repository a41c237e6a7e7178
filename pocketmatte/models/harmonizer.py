"""A network that says how a pasted person's colours must change to belong to the scene.

It sees both layers small, premultiplied by their share of each pixel. What it decides by is mostly
statistics that it need not learn to take: mean, spread and palette of either layer, and the mean
colours of a few regions (skin, cloth, sky, ...), which it learns to find. Of these it proposes one
colour matrix and tone curve for the whole person, and a gain for every cell; and it says how far
it believes that the person does not match, which holds the proposal back, down to nothing at all.
What is done with them at full size stands in `pocketmatte.harmony.change`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.models.layers import conv_bn
from pocketmatte.models.registry import Model, register_model

_UNIT = 0.2  # of what is proposed: a step of training then moves colours by little
_DARK = 0.04  # added before logarithms are taken
PROPOSAL = 24
"""Channels out: 12 of the matrix, 9 of the curve, 3 of the gain."""


class Harmonizer(Model):
    """Plain convolutions, products and global pooling, no resizing.

    `forward(layers)` takes `[B, 8, H, W]`: foreground times alpha, alpha, background times
    (1 - alpha), 1 - alpha, all in [0, 1]; and returns `[B, 24, H/8, W/8]`. In training it returns
    the belief that the layers do not match too, `[B, 1, 1, 1]`, see `held_back`.
    """

    task, channels, output = "harmonize", 8, "change"
    stride = 8
    input_size = (64, 64)

    def __init__(
        self,
        widths: tuple[int, int, int] = (24, 40, 64),
        depth: int = 2,
        palette: int = 24,
        regions: int = 12,
        context: int = 128,
        doubt: int = 64,
    ):
        super().__init__()
        first, second, wide = widths
        self.details = conv_bn(8, first, stride=2, activation=nn.ReLU)
        self.shrink = nn.Sequential(
            conv_bn(first, second, stride=2, activation=nn.ReLU),
            conv_bn(second, wide, stride=2, activation=nn.ReLU),
        )
        self.blocks = nn.ModuleList(conv_bn(wide, wide, activation=nn.ReLU) for _ in range(depth))
        self.palette = nn.Conv2d(6, palette, 1)
        self.person_regions = nn.Conv2d(wide, regions, 1)
        self.scene_regions = nn.Conv2d(wide, regions, 1)
        known = 2 * (9 + palette + 6 * regions + first + wide)
        self.facts = _Evened(known, affine=False)
        self.context = nn.Sequential(
            nn.Conv2d(known, context, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(context, context, 1),
            nn.ReLU(inplace=True),
        )
        self.whole = nn.Conv2d(context, PROPOSAL, 1)
        self.cells = nn.Conv2d(context, wide, 1)
        self.propose = nn.Sequential(
            nn.ReLU(inplace=True),
            conv_bn(wide, wide // 2, activation=nn.ReLU),
            nn.Conv2d(wide // 2, PROPOSAL, 1),
        )
        self.mismatch = nn.Sequential(
            nn.Conv2d(known, doubt, 1), nn.ReLU(inplace=True), nn.Conv2d(doubt, 1, 1)
        )
        # a fresh network changes nothing
        for last in (self.whole, self.propose[-1], self.mismatch[-1]):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, layers: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        proposals, mismatch = self.decide(*self.observe(layers))
        return (proposals, mismatch) if self.training else proposals

    def observe(self, layers: Tensor) -> tuple[Tensor, Tensor]:
        """What is known of both layers, `[B, K, 1, 1]`, and of each cell, `[B, C, H/8, W/8]`.

        The first three of what is known are the person's mean colour.
        """
        details = self.details(layers)
        cells = self.shrink(details)
        for block in self.blocks:
            cells = cells + block(cells)
        fine, coarse = functional.avg_pool2d(layers, 2), functional.avg_pool2d(layers, 8)
        facts = []
        for start, regions in ((0, self.person_regions), (4, self.scene_regions)):
            colour, share = _colours(fine[:, start : start + 4])
            palette = functional.relu(self.palette(colour))
            mean = _mean(colour, share)
            spread = (_mean((colour[:, :3] - mean[:, :3]).square(), share) + 1e-4).sqrt()
            place, cover = _colours(coarse[:, start : start + 4])
            facts += [mean, spread, _mean(palette, share), _mean(details, share)]
            facts += [_mean(cells, cover), _region_means(place, regions(cells).sigmoid() * cover)]
        return torch.cat(facts, 1), cells

    def decide(self, facts: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Proposals, held back by the belief that the layers do not match, and that belief."""
        even = self.facts(facts)
        context, mismatch = self.context(even), self.mismatch(even)
        proposals = self.propose(cells + self.cells(context)) + self.whole(context)
        return _about(facts[:, :3], proposals * _UNIT) * held_back(mismatch), mismatch

    def finish(self, raw: Tensor) -> Tensor:
        return raw


class _Evened(nn.BatchNorm2d):
    """A batch norm before a convolution: a difference and a product, which every runtime has."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        mean, scale = self.running_mean, (self.running_var + self.eps).rsqrt()
        return (x - mean.view(1, -1, 1, 1)) * scale.view(1, -1, 1, 1)


def held_back(mismatch: Tensor) -> Tensor:
    """The share of a proposal that is carried out: 0 up to a belief of -1, 1 from 0 on."""
    return (mismatch + 1).clamp(0, 1)


def _colours(layer: Tensor) -> tuple[Tensor, Tensor]:
    """Colours and their logarithms `[B, 6, h, w]`, and the share `[B, 1, h, w]` of one layer."""
    share = layer[:, 3:]
    colour = layer[:, :3] / (share + 1e-3)
    return torch.cat([colour, (colour + _DARK).log()], 1), share


def _mean(features: Tensor, share: Tensor) -> Tensor:
    """Mean of the features where the layer is, `[B, C, 1, 1]`."""
    return _pool(features * share) / (_pool(share) + 1e-3)


def _region_means(colours: Tensor, regions: Tensor) -> Tensor:
    """Mean of each of the colours' channels in each region, `[B, 6 * regions, 1, 1]`."""
    each = [regions * colours[:, i : i + 1] for i in range(colours.shape[1])]
    size = _pool(regions) + 1e-3
    return _pool(torch.cat(each, 1)) / torch.cat([size] * len(each), 1)


def _about(person: Tensor, proposals: Tensor) -> Tensor:
    """Let the matrix turn and stretch colours about the person's mean, not about black.

    So the offset alone moves the mean and the matrix alone the spread, which learns better.
    """
    matrix, offset, rest = proposals[:, :9], proposals[:, 9:12], proposals[:, 12:]
    moved = matrix * torch.cat([person] * 3, 1)
    offset = offset - (moved[:, 0::3] + moved[:, 1::3] + moved[:, 2::3])
    return torch.cat([matrix, offset, rest], 1)


def _pool(x: Tensor) -> Tensor:
    return functional.adaptive_avg_pool2d(x, 1)


@register_model(task="harmonize")
def pocket_harmonizer(**options) -> Model:
    """0.23 M parameters, about 12 MMAC at 64x64."""
    return Harmonizer(**options)
