"""Decoder steps: each doubles the resolution and merges the encoder's features of that size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.models.layers import conv_bn, separable_conv


class DeconvStep(nn.Module):
    """Transposed convolution, then concatenation with the skip (the 2019 decoder A)."""

    def __init__(self, channels_in: int, channels_out: int, skip: int, dropout: float = 0.0):
        super().__init__()
        self.up = nn.Sequential(
            nn.ConvTranspose2d(channels_in, channels_out, 3, 2, 1, output_padding=1),
            nn.BatchNorm2d(channels_out),
            nn.Dropout(dropout),
            nn.ReLU(inplace=True),
        )
        self.channels = channels_out + skip

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = self.up(x)
        return x if skip is None else torch.cat([x, skip], 1)


class BilinearStep(nn.Module):
    """Bilinear upsampling and convolution, then concatenation (the 2019 decoder B)."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        skip: int,
        dropout: float = 0.0,
        conv=conv_bn,
    ):
        super().__init__()
        self.conv = conv(channels_in, channels_out, activation=nn.ReLU)
        self.dropout = nn.Dropout(dropout)
        self.channels = channels_out + skip

    def forward(self, x: Tensor, skip: Tensor | None) -> Tensor:
        x = self.dropout(self.conv(upsample(x)))
        return x if skip is None else torch.cat([x, skip], 1)


class AddStep(nn.Module):
    """Bilinear upsampling, addition of the projected skip, convolution: the lean decoder.

    Adding instead of concatenating keeps the convolution after it narrow.
    """

    def __init__(self, channels_in: int, channels_out: int, skip: int, separable: bool):
        super().__init__()
        self.lateral = conv_bn(skip, channels_in, 1)
        self.conv = (separable_conv if separable else conv_bn)(channels_in, channels_out)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.conv(upsample(x) + self.lateral(skip))


def upsample(x: Tensor) -> Tensor:
    """Double height and width bilinearly, sampling at half-pixel centres.

    The half-pixel rule keeps the matte where the picture is; `align_corners=True` or asymmetric
    sampling would shift it sideways at even sizes.
    """
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
