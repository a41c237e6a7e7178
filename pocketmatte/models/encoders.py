"""MobileNet encoders: an image in, five feature maps out, at strides 2, 4, 8, 16 and 32."""

from __future__ import annotations

from torch import Tensor, nn

from pocketmatte.models.layers import InvertedResidual, conv_bn, make_divisible


class Encoder(nn.Module):
    """A stem and a chain of blocks; features are taken where the resolution is about to halve.

    `forward(src [B, 3, H, W])` returns `[B, channels[i], H / 2**(i+1), W / 2**(i+1)]`, i = 0..4.

    Args:
        tap_expanded: take the strided block's expanded channels (wider, costlier decoder)
            instead of that block's input.
    """

    def __init__(
        self,
        stem: nn.Module,
        blocks: list[InvertedResidual],
        channels: int,
        *,
        tap_expanded: bool = False,
    ):
        super().__init__()
        self.stem, self.blocks = stem, nn.ModuleList(blocks)
        self.tap_expanded = tap_expanded
        self.channels = [
            block.hidden if tap_expanded else block.channels_in
            for block in blocks
            if block.stride == 2
        ] + [channels]

    def forward(self, x: Tensor) -> list[Tensor]:
        x, features = self.stem(x), []
        for block in self.blocks:
            if block.stride == 2:
                hidden = block.expand(x)
                features.append(hidden if self.tap_expanded else x)
                x = block.reduce(hidden)
            else:
                x = block(x)
        return [*features, x]


# channels, blocks, stride of the first: MobileNetV2, table 2
_V2_STAGES = (
    (16, 1, 1),
    (24, 2, 2),
    (32, 3, 2),
    (64, 4, 2),
    (96, 3, 1),
    (160, 3, 2),
    (320, 1, 1),
)


def mobilenet_v2(width: float = 1.0, expansion: float = 6.0, depth: int = 17, **options) -> Encoder:
    """MobileNetV2 (Sandler 2018) without its classifier.

    Args:
        width: multiplier of every block's channels (the "depth multiplier" of Keras).
        expansion: hidden channels per input channel; below 6 the blocks are thinner while the
            channels between them, and so ImageNet's features, stay.
        depth: keep so many of the 17 blocks; 16 leave out the 320-channel one.
        options: passed to `Encoder`.
    """
    channels = make_divisible(32 * width)
    stem, blocks = conv_bn(3, channels, stride=2), []
    for out, count, stride in _V2_STAGES:
        out = make_divisible(out * width)
        for index in range(count):
            hidden = make_divisible(channels * expansion) if blocks else channels
            step = stride if index == 0 else 1
            blocks.append(InvertedResidual(channels, hidden, out, stride=step))
            channels = out
    blocks = blocks[:depth]
    return Encoder(stem, blocks, blocks[-1].channels, **options)


_RE, _HS = nn.ReLU, nn.Hardswish
# kernel, hidden, out, squeeze, activation, stride: MobileNetV3, tables 1 and 2
_V3 = {
    "large": (
        (3, 16, 16, False, _RE, 1),
        (3, 64, 24, False, _RE, 2),
        (3, 72, 24, False, _RE, 1),
        (5, 72, 40, True, _RE, 2),
        (5, 120, 40, True, _RE, 1),
        (5, 120, 40, True, _RE, 1),
        (3, 240, 80, False, _HS, 2),
        (3, 200, 80, False, _HS, 1),
        (3, 184, 80, False, _HS, 1),
        (3, 184, 80, False, _HS, 1),
        (3, 480, 112, True, _HS, 1),
        (3, 672, 112, True, _HS, 1),
        (5, 672, 160, True, _HS, 2),
        (5, 960, 160, True, _HS, 1),
        (5, 960, 160, True, _HS, 1),
    ),
    "small": (
        (3, 16, 16, True, _RE, 2),
        (3, 72, 24, False, _RE, 2),
        (3, 88, 24, False, _RE, 1),
        (5, 96, 40, True, _HS, 2),
        (5, 240, 40, True, _HS, 1),
        (5, 240, 40, True, _HS, 1),
        (5, 120, 48, True, _HS, 1),
        (5, 144, 48, True, _HS, 1),
        (5, 288, 96, True, _HS, 2),
        (5, 576, 96, True, _HS, 1),
        (5, 576, 96, True, _HS, 1),
    ),
}


def mobilenet_v3(size: str = "large", width: float = 1.0, **options) -> Encoder:
    """MobileNetV3 (Howard 2019), `size` "large" or "small", without its classifier."""
    channels = make_divisible(16 * width)
    stem, blocks = conv_bn(3, channels, stride=2, activation=nn.Hardswish), []
    for kernel, hidden, out, squeeze, activation, stride in _V3[size]:
        hidden, out = make_divisible(hidden * width), make_divisible(out * width)
        block = InvertedResidual(
            channels,
            hidden,
            out,
            kernel=kernel,
            stride=stride,
            squeeze=squeeze,
            activation=activation,
        )
        blocks.append(block)
        channels = out
    return Encoder(stem, blocks, channels, **options)
