"""Pocket-UNet, one of the two networks in `best`: few plain operators, every layer earns its ms.

Against Mobile-UNet: thinner inverted residuals instead of narrower features (so that ImageNet's
features survive), skips that are added instead of concatenated, a gate from the global mean that
tells "a person is here" to every pixel, and a head that predicts the four subpixels of a
half-resolution grid.
"""

from __future__ import annotations

from torch import Tensor, nn

from pocketmatte.models.decoders import AddStep
from pocketmatte.models.encoders import Encoder, mobilenet_v2
from pocketmatte.models.layers import conv_bn
from pocketmatte.models.registry import Model, register_model


class PocketUNet(Model):
    """Encoder, global gate, four adding decoder steps, subpixel head."""

    def __init__(self, encoder: Encoder, widths: tuple[int, ...], size: tuple[int, int]):
        super().__init__()
        self.encoder, self.input_size = encoder, size
        *skips, channels = encoder.channels
        self.bottleneck = conv_bn(channels, widths[0], 1)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, widths[0], 1), nn.Hardsigmoid()
        )
        outs = [*widths[1:], widths[-1]]
        self.steps = nn.ModuleList(
            # at high resolution a plain 3x3 costs more than everything before it
            AddStep(width, out, skip, separable=index > 1)
            for index, (width, out, skip) in enumerate(
                zip(widths, outs, reversed(skips), strict=True)
            )
        )
        self.head = nn.ConvTranspose2d(widths[-1], 1, 2, 2)

    def forward(self, src: Tensor) -> Tensor:
        *skips, x = self.encoder(src)
        x = self.bottleneck(x) * self.gate(x)
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
        return self.head(x)


@register_model
def pocket_balanced() -> PocketUNet:
    """MobileNetV2 with expansion 3: the first `balanced` preset, now a member of `best`."""
    encoder = mobilenet_v2(expansion=3, depth=16)
    return PocketUNet(encoder, (64, 32, 24, 16), (192, 160))
