"""Convolution blocks shared by encoders and decoders."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional


def make_divisible(value: float, divisor: int = 8) -> int:
    """Round to a multiple of `divisor`, never down by more than 10 % (MobileNet's rule)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class HiddenParts(NamedTuple):
    """The layers of a block around channels that nobody outside sees: what pruning shrinks."""

    first: nn.Module
    """Sees the block's input."""
    makers: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]
    """Convolutions with these channels at their output; depthwise ones filter them in place."""
    gate: nn.Module | None
    """Looks at these channels' means, `reduce` and `expand` being its convolutions."""
    projection: nn.Module
    """Reads them: a pointwise convolution, alone or with its batch norm."""


def conv_bn(
    channels_in: int,
    channels_out: int,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = nn.ReLU6,
) -> nn.Sequential:
    """Convolution without bias, batch norm, activation."""
    layers: list[nn.Module] = [
        nn.Conv2d(
            channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(channels_out),
    ]
    if activation is not None:
        layers.append(activation(inplace=True))
    return nn.Sequential(*layers)


def separable_conv(channels_in: int, channels_out: int, activation=nn.ReLU6) -> nn.Sequential:
    """Depthwise 3x3, then pointwise convolution; activation only after the second."""
    depthwise = conv_bn(channels_in, channels_in, groups=channels_in, activation=None)
    return nn.Sequential(depthwise, conv_bn(channels_in, channels_out, 1, activation=activation))


class SameConv2d(nn.Conv2d):
    """Convolution padded as TensorFlow's "SAME": with stride 2, more after than before."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 1, **options):
        super().__init__(channels_in, channels_out, kernel, padding=kernel // 2, **options)

    def forward(self, x: Tensor) -> Tensor:
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        if stride == 1:
            return super().forward(x)
        before = (kernel - stride) // 2
        after = kernel - stride - before
        x = functional.pad(x, (before, after, before, after))
        return functional.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)


def same_conv(
    channels_in: int,
    channels_out: int,
    kernel: int = 1,
    activation: type[nn.Module] = nn.ReLU,
    **options,
) -> nn.Sequential:
    """`SameConv2d` with bias, activation; for networks published with folded batch norms."""
    conv = SameConv2d(channels_in, channels_out, kernel, **options)
    return nn.Sequential(conv, activation(inplace=True))


class SqueezeExcite(nn.Module):
    """Channel gating from the global mean (Hu 2018), with MobileNetV3's hard sigmoid."""

    def __init__(self, channels: int, reduced: int):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)
        self.relu, self.gate = nn.ReLU(inplace=True), nn.Hardsigmoid(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.expand(self.relu(self.reduce(self.pool(x)))))


class InvertedResidual(nn.Module):
    """Expand, filter depthwise, project (MobileNetV2, Sandler 2018; with SE: V3, Howard 2019).

    `expand` ends at the input's resolution, `reduce` begins with the (strided) depthwise filter.
    """

    def __init__(
        self,
        channels_in: int,
        hidden: int,
        channels_out: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        squeeze: bool = False,
        activation: type[nn.Module] = nn.ReLU6,
    ):
        super().__init__()
        self.stride, self.channels_in, self.hidden = stride, channels_in, hidden
        self.channels, self.squeeze = channels_out, squeeze
        self.residual = stride == 1 and channels_in == channels_out
        self.expand = (
            nn.Identity()
            if hidden == channels_in
            else conv_bn(channels_in, hidden, 1, activation=activation)
        )
        self.reduce = nn.Sequential(
            conv_bn(hidden, hidden, kernel, stride, hidden, activation),
            SqueezeExcite(hidden, make_divisible(hidden / 4)) if squeeze else nn.Identity(),
            conv_bn(hidden, channels_out, 1, activation=None),
        )

    def hidden_parts(self) -> HiddenParts | None:
        """None where the expansion is left out or a squeeze looks at it."""
        if self.squeeze or isinstance(self.expand, nn.Identity):
            return None
        depthwise, _, project = self.reduce
        makers = [tuple(self.expand[:2]), tuple(depthwise[:2])]
        return HiddenParts(self.expand, makers, None, project)

    def forward(self, x: Tensor) -> Tensor:
        y = self.reduce(self.expand(x))
        return x + y if self.residual else y
