"""LiteRT (once TensorFlow Lite): one fixed size, NHWC, for phones and browsers (extra `litert`)."""

from __future__ import annotations

import tempfile
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import litert_torch
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.alpha import AlphaNetwork
from pocketmatte.export.formats import Files, Request
from pocketmatte.export.litert_notes import write_notes
from pocketmatte.export.litert_precision import lower_precision
from pocketmatte.models.registry import Model


def to_litert(network: Model, request: Request) -> Files:
    """The network as a LiteRT file: float32 [1, H, W, 3] to alpha [1, H, W, 1].

    A flat output is [H * W], a packed one [1, H, W / bits, 1].

    Raises:
        PocketmatteError: the converter does not know an operator of the network.
    """
    data = _converted(network, request.size, request.output, request.bits)
    data = lower_precision(data, network, request)
    return {".tflite": write_notes(data, request.notes)}


class Cropped(nn.Module):
    """A transposed convolution with output padding, which the converter does not know.

    It is computed whole, and cut as its paddings say: the same numbers, at the cost of a slice.
    """

    def __init__(self, conv: nn.ConvTranspose2d):
        super().__init__()
        self.conv = deepcopy(conv)
        self.before, self.added = conv.padding, conv.output_padding
        self.conv.padding = self.conv.output_padding = (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        whole = self.conv(x)
        (top, left), (below, right) = self.before, self.added
        height, width = whole.shape[2] - 2 * top + below, whole.shape[3] - 2 * left + right
        return whole[:, :, top : top + height, left : left + width]


def _convertible(network: Model) -> Model:
    """The network with what the converter does not know put in other words."""
    network = deepcopy(network).eval()
    for part in network.modules():
        if not isinstance(part, nn.Sequential):
            continue
        for index, conv in enumerate(part):
            if not isinstance(conv, nn.ConvTranspose2d) or not any(conv.output_padding):
                continue
            if index + 1 < len(part) and isinstance(part[index + 1], nn.BatchNorm2d):
                conv = fuse_conv_bn_eval(conv, part[index + 1], transpose=True)
                part[index + 1] = nn.Identity()  # behind the cut the converter would not fold it
            part[index] = Cropped(conv)
    return network


@lru_cache(maxsize=1)  # the precisions of one network come in a row
def _converted(network: Model, size: tuple[int, int], output: str, bits: int) -> bytes:
    module = AlphaNetwork(_convertible(network), output, bits).eval()
    outputs = None if output == "flat" else [0]
    module = litert_torch.to_channel_last_io(module, args=[0], outputs=outputs)
    try:
        converted = litert_torch.convert(module, (torch.zeros(1, *size, network.channels),))
    except Exception as error:  # the converter raises classes of its own, of several layers
        reason = str(error).strip().split("\n")[0]
        raise PocketmatteError(
            f"LiteRT cannot convert this architecture ({reason}); export to onnx instead"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        converted.export(str(path))
        return path.read_bytes()
