"""Selfie-Mixer: MediaPipe's selfie multiclass network, made trainable, smaller, for any grid.

An encoder of inverted residuals with two stages of MobileViT v2 (Mehta and Rastegari 2022:
attention whose cost grows with the number of pixels, not its square) and a decoder that sums four
levels at half of the input's size. What the published graph keeps apart without a non-linearity in
between is one layer here (`published.py` multiplies the weights), and the attention looks at the
whole picture where the published one looks at every fourth pixel of a square grid: no reshapes, and
pictures need not be squashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.models.layers import HiddenParts, same_conv
from pocketmatte.models.registry import Model, register_model

PUBLISHED_LOCAL = (256, 384)
"""Channels before the published network's two 3x3 convolutions."""


class MixerBlock(nn.Module):
    """Inverted residual (MobileNetV2, Sandler 2018) with folded batch norms."""

    def __init__(self, channels_in: int, hidden: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.stride, self.hidden = stride, hidden
        self.residual = stride == 1 and channels_in == channels_out
        self.expand = same_conv(channels_in, hidden)
        self.filter = same_conv(hidden, hidden, 3, stride=stride, groups=hidden)
        self.project = nn.Conv2d(hidden, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y

    def hidden_parts(self) -> HiddenParts:
        """What pruning shrinks."""
        makers = [(self.expand[0], None), (self.filter[0], None)]
        return HiddenParts(self.expand, makers, None, self.project)


class Attention(nn.Module):
    """Separable self-attention and channel mixing, side by side on a residual.

    Every pixel has a score; the mean of the picture weighed by the scores' softmax is the
    `context`, and gates each pixel's own `value`.
    """

    residual = True

    def __init__(self, channels: int):
        super().__init__()
        self.hidden = channels
        self.score = nn.Conv2d(channels, 1, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        score = self.score(x)
        weight = (score - score.amax((2, 3), keepdim=True)).exp()
        pooled = functional.adaptive_avg_pool2d(x * weight, 1)
        context = self.key(pooled / functional.adaptive_avg_pool2d(weight, 1))
        return x + self.mix(x) + self.out(self.value(x).relu() * context)

    def hidden_parts(self) -> HiddenParts:
        """What pruning shrinks."""
        return HiddenParts(self.score, [(self.key, None), (self.value, None)], None, self.out)


class MixerStage(nn.Module):
    """Halve the size, look around (3x3 convolution), then attend to the whole picture."""

    def __init__(self, channels_in: int, hidden: int, local: int, channels: int, depth: int):
        super().__init__()
        self.reduce = MixerBlock(channels_in, hidden, local, 2)
        self.local = same_conv(local, channels, 3)
        self.mix = same_conv(channels, channels)
        self.attend = nn.Sequential(*(Attention(channels) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(self.mix(self.local(self.reduce(x))))


class Level(nn.Module):
    """A skip joins what comes from below; both go on, and to the decoder's sum."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        self.skip = nn.Conv2d(channels_in, channels, 1)
        self.filter = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, skip: Tensor, below: Tensor | None) -> tuple[Tensor, Tensor]:
        x = self.skip(skip)
        if below is not None:
            x = x + functional.interpolate(below, scale_factor=2.0, mode="nearest")
        return x, self.mix(self.filter(x))


class SelfieMixer(Model):
    """Encoder to stride 16, four decoder levels summed at half size, subpixel head.

    Args:
        local: channels before the 3x3 convolutions of the two stages.
        classes: 1 for alpha; 6 as published.
    """

    stride = 16
    input_size = (192, 192)
    landmarks = ("quarter", "eighth", "sixteenth", "trunk")
    # the sum of the levels, as ONNX and LiteRT name its parts
    sensitive = "levels|trunk|network/(Add|Resize)|Level_|SelfieMixer_network;"

    def __init__(self, local: Sequence[int] = PUBLISHED_LOCAL, classes: int = 1):
        super().__init__()
        self.stem = same_conv(3, 16, 3, stride=2)
        self.shallow = MixerBlock(16, 96, 64)
        self.quarter = nn.Sequential(MixerBlock(64, 384, 128, 2), MixerBlock(128, 768, 128))
        self.eighth = MixerStage(128, 768, local[0], 128, 2)
        self.sixteenth = MixerStage(128, 1536, local[1], 192, 4)
        self.levels = nn.ModuleList(Level(channels, 64) for channels in (192, 128, 128, 16))
        self.trunk = nn.Sequential(
            *(
                same_conv(channels, out, kernel, groups=groups)
                for channels in (64, 32, 32, 32, 32)
                for kernel, out, groups in ((3, channels, channels), (1, 32, 1))
            )
        )
        self.head = nn.ConvTranspose2d(32, classes, 2, 2)

    def forward(self, src: Tensor) -> Tensor:
        return self.head(self.features(src))

    def features(self, src: Tensor) -> Tensor:
        """What the head sees: `[B, 32, H/2, W/2]`."""
        half = self.stem(src)
        quarter = self.quarter(self.shallow(half))
        eighth = self.eighth(quarter)
        x, parts = None, []
        for level, skip, factor in zip(
            self.levels, (self.sixteenth(eighth), eighth, quarter, half), (8, 4, 2, 1), strict=True
        ):
            x, y = level(skip, x)
            parts.append(y if factor == 1 else _enlarge(y, factor))
        return self.trunk(reduce(torch.add, parts))


def _enlarge(x: Tensor, factor: int) -> Tensor:
    return functional.interpolate(
        x, scale_factor=float(factor), mode="bilinear", align_corners=False
    )


@register_model
def selfie_mixer(local: Sequence[int] = PUBLISHED_LOCAL) -> SelfieMixer:
    """The whole network, with one class: 3.2 M parameters."""
    return SelfieMixer(local)


@register_model
def selfie_mixer_best() -> SelfieMixer:
    """Half the width before the 3x3 convolutions: the architecture of the `best` preset, 2.3 M."""
    return SelfieMixer((128, 192))
