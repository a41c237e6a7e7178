"""ONNX export: batch norms folded, any batch and any size, alpha in [0, 1] as output."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import onnx
import onnxslim
import torch
from torch import Tensor, nn

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.models.registry import Model
from pocketmatte.weights.card import Card

OPSET = 17


class _Alpha(nn.Module):
    """Turns logits into alpha, so that no user has to."""

    def __init__(self, network: Model):
        super().__init__()
        self.network = network

    def forward(self, src: Tensor) -> Tensor:
        return self.network(src).sigmoid()


def to_onnx(network: Model) -> bytes:
    """The network as an ONNX model: `src` [B, 3, H, W] to `pha` [B, 1, H, W], B, H, W dynamic."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # the tracing exporter is deprecated but makes the leaner graph of the two
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Alpha(network).eval(),
            (torch.zeros(1, 3, *network.input_size),),
            buffer,
            input_names=["src"],
            output_names=["pha"],
            dynamic_axes={
                "src": {0: "batch", 2: "height", 3: "width"},
                "pha": {0: "batch", 2: "height", 3: "width"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnxslim.slim(onnx.load_from_string(buffer.getvalue()))
    del model.graph.value_info[:]  # inferred shapes: no runtime needs them, and they weigh
    onnx.checker.check_model(model)
    return model.SerializeToString()


def export_onnx(checkpoint: Checkpoint, out: str | Path, name: str | None = None) -> Card:
    """Write `<name>.onnx` and its card `<name>.json` into the folder `out`.

    Args:
        name: of the network; None takes the recipe's.

    Raises:
        PocketmatteError: the folder cannot be written.
    """
    out, card = Path(out), checkpoint.card()
    card.name = name or card.name
    data = to_onnx(checkpoint.network())
    card.file, card.size_bytes = f"{card.name}.onnx", len(data)
    card.sha256 = hashlib.sha256(data).hexdigest()
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = out / f"{card.file}.partial"
        temporary.write_bytes(data)
        temporary.replace(out / card.file)
        card.write(out / f"{card.name}.json")
    except OSError as error:
        raise PocketmatteError(f"{out}: cannot write the export ({error.strerror})") from None
    return card
