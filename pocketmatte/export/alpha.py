"""The network as it is shipped: alpha out, not logits; or flat, or as a packed mask."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketmatte.mobile.bitpack import packing_kernel, step_factors
from pocketmatte.models.registry import Model


class AlphaNetwork(nn.Module):
    """Turns a network's logits into what is shipped, so that no user has to.

    Args:
        output: `alpha` [B, 1, H, W]; `flat` [B * H * W], the same numbers in one row; or
            `packed`, [B, 1, H, W / bits], see `PackMask`.
    """

    def __init__(self, network: Model, output: str = "alpha", bits: int = 16):
        super().__init__()
        self.network = network
        self.last = {"alpha": nn.Identity, "flat": Flat}.get(output, lambda: PackMask(bits))()

    def forward(self, src: Tensor) -> Tensor:
        return self.last(self.network.finish(self.network(src)))


class Flat(nn.Module):
    """All numbers in one row: what the 2019 project's apps read."""

    def forward(self, alpha: Tensor) -> Tensor:
        return alpha.reshape(-1)


class PackMask(nn.Module):
    """The mask `alpha > 0.5` with `bits` pixels in each float; the width is a multiple of that.

    The same layers as `mobile.pack_onnx` appends; `mobile.bitpack.unpack_mask` takes it apart.
    """

    def __init__(self, bits: int = 16):
        super().__init__()
        self.level, self.slopes = step_factors(0.5)
        self.bits = bits
        self.register_buffer("kernel", torch.from_numpy(packing_kernel(bits).copy()))

    def forward(self, alpha: Tensor) -> Tensor:
        first, second = (float(np.float32(slope)) for slope in self.slopes)
        mask = ((alpha - float(self.level)) * first * second).clamp(0, 1)
        return functional.conv2d(mask, self.kernel, stride=(1, self.bits))
