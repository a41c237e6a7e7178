"""ONNX export: batch norms folded, any batch and any size, alpha in [0, 1] as output."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path

import onnx
import onnxslim
import torch
import yaml
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
    onnx.checker.check_model(model)
    return model.SerializeToString()


def read_card_fields(path: str | Path) -> dict:
    """Fields of a card that only a person knows (licence, description, training_data): YAML.

    Raises:
        PocketmatteError: missing file, bad YAML, or a field that cards do not have.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PocketmatteError(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
    allowed = ("description", "licence", "training_data")
    if not isinstance(values, dict) or set(values) - set(allowed):
        raise PocketmatteError(f"{path}: a YAML file with the fields {', '.join(allowed)}")
    return values


def export_onnx(checkpoint: Checkpoint, out: str | Path, name: str, **card_fields) -> Card:
    """Write `<name>.onnx` and its card `<name>.json` into the folder `out`.

    Args:
        card_fields: further fields of the card (description, licence, training_data, scores).

    Raises:
        PocketmatteError: the folder cannot be written.
    """
    out = Path(out)
    card = checkpoint.card(name)
    data = to_onnx(checkpoint.network())
    card.file, card.size_bytes = f"{name}.onnx", len(data)
    card.sha256 = hashlib.sha256(data).hexdigest()
    for key, value in card_fields.items():
        setattr(card, key, value)
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = out / f"{name}.onnx.partial"
        temporary.write_bytes(data)
        temporary.replace(out / card.file)
        card.write(out / f"{name}.json")
    except OSError as error:
        raise PocketmatteError(f"{out}: cannot write the export ({error.strerror})") from None
    return card
