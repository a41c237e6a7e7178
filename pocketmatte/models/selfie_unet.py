"""Selfie-UNet: MediaPipe's selfie segmentation network, made trainable.

A MobileNetV3-small encoder that stops at stride 16, a bottleneck gated by the global mean, and
three decoder steps whose skips are weighed channel by channel: 0.11 M parameters. Its published
weights (Apache-2.0, trained on far more people than open data sets hold) come with their batch
norms folded, so there are none here; `published.py` loads them. Fine-tuning on soft alphas turns
the mask network into a matting network.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.models.decoders import upsample
from pocketmatte.models.layers import HiddenParts, make_divisible, same_conv
from pocketmatte.models.registry import Model, register_model

# kernel, hidden, out, squeeze, activation, stride
_BLOCKS = (
    (3, 16, 16, True, nn.ReLU, 2),
    (3, 72, 24, False, nn.ReLU, 2),
    (3, 88, 24, False, nn.ReLU, 1),
    (5, 96, 32, True, nn.Hardswish, 2),
    (5, 128, 32, True, nn.Hardswish, 1),
    (5, 128, 32, True, nn.Hardswish, 1),
    (5, 96, 32, True, nn.Hardswish, 1),
    (5, 96, 32, True, nn.Hardswish, 1),
)


class ChannelGate(nn.Module):
    """Weights in (0, 1) for every channel, from the global mean."""

    def __init__(self, channels: int, reduced: int):
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = functional.adaptive_avg_pool2d(x, 1)
        return self.expand(self.reduce(mean).relu()).sigmoid()


class SelfieBlock(nn.Module):
    """MobileNetV3's inverted residual (Howard 2019); the expansion is always there."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        hidden: int,
        kernel: int,
        stride: int,
        squeeze: bool,
        activation: type[nn.Module],
    ):
        super().__init__()
        self.residual = stride == 1 and channels_in == channels_out
        self.stride, self.hidden = stride, hidden
        self.expand = same_conv(channels_in, hidden, 1, activation)
        self.filter = same_conv(hidden, hidden, kernel, activation, stride=stride, groups=hidden)
        self.squeeze = ChannelGate(hidden, make_divisible(hidden / 4)) if squeeze else None
        self.project = nn.Conv2d(hidden, channels_out, 1)

    def hidden_parts(self) -> HiddenParts:
        """What pruning shrinks."""
        makers = [(self.expand[0], None), (self.filter[0], None)]
        return HiddenParts(self.expand, makers, self.squeeze, self.project)

    def forward(self, x: Tensor) -> Tensor:
        y = self.filter(self.expand(x))
        if self.squeeze is not None:
            y = y * self.squeeze(y)
        y = self.project(y)
        return x + y if self.residual else y


class GatedStep(nn.Module):
    """Upsample, add the skip weighed by a gate on its channels, refine."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        self.reduce = nn.Conv2d(channels_in, channels, 1)
        self.gate = ChannelGate(channels, channels)
        self.mix = same_conv(channels, channels)
        self.filter = same_conv(channels, channels, 3, groups=channels)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.reduce(upsample(x))
        x = self.mix(x + skip * self.gate(x + skip))
        return x + self.filter(x)


class SelfieUNet(Model):
    """Encoder to stride 16, gated bottleneck, three gated decoder steps, subpixel head."""

    stride = 16
    input_size = (256, 256)

    def __init__(self):
        super().__init__()
        self.stem = same_conv(3, 16, 3, nn.Hardswish, stride=2)
        blocks, channels = [], 16
        for kernel, hidden, out, squeeze, activation, stride in _BLOCKS:
            shape = {"hidden": hidden, "kernel": kernel, "stride": stride}
            blocks.append(
                SelfieBlock(channels, out, **shape, squeeze=squeeze, activation=activation)
            )
            channels = out
        self.blocks = nn.ModuleList(blocks)
        self.bottleneck = same_conv(channels, 128)
        self.gate = nn.Conv2d(channels, 128, 1)
        self.steps = nn.ModuleList([GatedStep(128, 24), GatedStep(24, 16), GatedStep(16, 16)])
        self.head = nn.ConvTranspose2d(16, 1, 2, 2)

    def forward(self, src: Tensor) -> Tensor:
        half = self.stem(src)
        quarter = self.blocks[0](half)
        eighth = self.blocks[2](self.blocks[1](quarter))
        x = eighth
        for block in self.blocks[3:]:
            x = block(x)
        x = self.bottleneck(x) * self.gate(functional.adaptive_avg_pool2d(x, 1)).sigmoid()
        for step, skip in zip(self.steps, (eighth, quarter, half), strict=True):
            x = step(x, skip)
        return self.head(x)


@register_model
def selfie_unet() -> SelfieUNet:
    """The architecture of MediaPipe's general and landscape networks."""
    return SelfieUNet()
