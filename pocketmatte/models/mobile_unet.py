"""Mobile-UNet, the family of the 2019 Portrait-Segmentation project.

A MobileNet encoder and a U-Net decoder that upsamples by transposed convolution or by bilinear
resizing and convolution, with skip connections and dropout.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from pocketmatte.models.decoders import BilinearStep, DeconvStep
from pocketmatte.models.encoders import Encoder, mobilenet_v2, mobilenet_v3
from pocketmatte.models.layers import separable_conv
from pocketmatte.models.registry import Model, register_model


class MobileUNet(Model):
    """Encoder, five decoder steps of the given widths, a pointwise head."""

    def __init__(self, encoder: Encoder, step, widths: tuple[int, ...], size: int, dropout: float):
        super().__init__()
        self.encoder, self.input_size = encoder, (size, size)
        *skips, channels = encoder.channels
        self.steps = nn.ModuleList()
        for width, skip in zip(widths, [*reversed(skips), 0], strict=True):
            # no dropout at full resolution: it would only roughen the edge
            self.steps.append(step(channels, width, skip, dropout=dropout if skip else 0.0))
            channels = self.steps[-1].channels
        self.head = nn.Conv2d(channels, 1, 1)

    def forward(self, src: Tensor) -> Tensor:
        *skips, x = self.encoder(src)
        for step, skip in zip(self.steps, [*reversed(skips), None], strict=True):
            x = step(x, skip)
        return self.head(x)


_SEED_WIDTHS = (512, 256, 128, 64, 32)
_V3_WIDTHS = (128, 64, 48, 32, 16)


@register_model
def munet_mnv2_050_deconv(dropout: float = 0.5) -> MobileUNet:
    """MobileNetV2 0.5, transposed convolutions, 128x128: the project's `deconv_fin_munet`."""
    encoder = mobilenet_v2(0.5, tap_expanded=True)
    return MobileUNet(encoder, DeconvStep, _SEED_WIDTHS, 128, dropout)


@register_model
def munet_mnv2_050_bilinear(dropout: float = 0.5) -> MobileUNet:
    """MobileNetV2 0.5, bilinear upsampling, 128x128: the project's `bilinear_fin_munet`."""
    encoder = mobilenet_v2(0.5, tap_expanded=True)
    return MobileUNet(encoder, BilinearStep, _SEED_WIDTHS, 128, dropout)


def _munet_v3(width: float, dropout: float) -> MobileUNet:
    step = partial(BilinearStep, conv=separable_conv)
    return MobileUNet(mobilenet_v3("large", width), step, _V3_WIDTHS, 224, dropout)


@register_model
def munet_mnv3_large_100(dropout: float = 0.2) -> MobileUNet:
    """MobileNetV3-large 1.0, lean bilinear decoder, 224x224."""
    return _munet_v3(1.0, dropout)


@register_model
def munet_mnv3_large_050(dropout: float = 0.2) -> MobileUNet:
    """MobileNetV3-large 0.5, lean bilinear decoder, 224x224."""
    return _munet_v3(0.5, dropout)
