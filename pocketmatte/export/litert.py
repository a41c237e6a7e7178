"""LiteRT (once TensorFlow Lite): one fixed size, NHWC, for phones and browsers (extra `litert`)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import litert_torch
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.alpha import AlphaNetwork
from pocketmatte.models.registry import Model


def to_litert(network: Model, size: tuple[int, int]) -> bytes:
    """The network as a LiteRT model: float32 [1, H, W, 3] to alpha [1, H, W, 1].

    Raises:
        PocketmatteError: the converter does not know an operator of the network.
    """
    module = litert_torch.to_channel_last_io(AlphaNetwork(network).eval(), args=[0], outputs=[0])
    try:
        converted = litert_torch.convert(module, (torch.zeros(1, *size, 3),))
    except Exception as error:  # the converter raises classes of its own, of several layers
        reason = str(error).strip().split("\n")[0]
        raise PocketmatteError(
            f"LiteRT cannot convert this architecture ({reason}); export to onnx instead"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        converted.export(str(path))
        return path.read_bytes()
