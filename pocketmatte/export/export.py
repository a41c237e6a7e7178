"""From checkpoint to file and card, in any of the formats of the table."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from pocketmatte.errors import PocketmatteError
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.weights.card import Card


class Format(NamedTuple):
    """A line of the table: `function(network, size) -> bytes` of a module in this folder."""

    module: str
    function: str
    suffix: str
    fixed_size: bool


FORMATS = {
    "onnx": Format("pocketmatte.export.onnx", "to_onnx", ".onnx", False),
    "litert": Format("pocketmatte.export.litert", "to_litert", ".tflite", True),
}


def export(
    checkpoint: Checkpoint,
    out: str | Path,
    to: str = "onnx",
    *,
    name: str | None = None,
    size: tuple[int, int] | None = None,
) -> Card:
    """Write the network and its card `<stem>.json` into the folder `out`.

    A format that runs any size brings the checkpoint `<stem>.pt` along, without what only
    resuming needs: fine-tuning and further exports can start from the network's name.

    Args:
        to: a key of `FORMATS`.
        name: of the network; None takes the recipe's.
        size: (height, width) for formats of one fixed size; None takes the architecture's. Their
            files are called `<name>-<height>x<width>`.

    Returns:
        The card, `file` naming what was written.

    Raises:
        PocketmatteError: unknown format, a size that the network cannot run, a missing package,
            or a folder that cannot be written.
    """
    if to not in FORMATS:
        raise PocketmatteError(f"unknown format {to!r}; known are: {', '.join(FORMATS)}")
    chosen = FORMATS[to]
    network, card = checkpoint.network(), checkpoint.card()
    card.name = name or card.name
    stem = card.name
    size = size or network.input_size
    if any(side % network.stride or side <= 0 for side in size):
        raise PocketmatteError(
            f"size {size[0]}x{size[1]}: both sides must be multiples of {network.stride}"
        )
    if chosen.fixed_size:
        card.sizes = [tuple(size)]
        stem = f"{stem}-{size[0]}x{size[1]}"
    data = _convert(chosen, to, network, size)
    card.file, card.size_bytes = stem + chosen.suffix, len(data)
    card.sha256 = _sha256(data)
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not chosen.fixed_size:
            card.checkpoint = f"{stem}.pt"
            recipe = {**checkpoint.recipe, "name": card.name}
            replace(checkpoint, recipe=recipe, training={}).save(out / card.checkpoint)
            card.checkpoint_sha256 = _sha256((out / card.checkpoint).read_bytes())
        temporary = out / f"{card.file}.partial"
        temporary.write_bytes(data)
        temporary.replace(out / card.file)
        card.write(out / f"{stem}.json")
    except OSError as error:
        raise PocketmatteError(f"{out}: cannot write the export ({error.strerror})") from None
    return card


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _convert(chosen: Format, to: str, network, size: tuple[int, int]) -> bytes:
    try:
        function = getattr(import_module(chosen.module), chosen.function)
    except ImportError as error:
        raise PocketmatteError(
            f"exporting to {to} needs the package {error.name!r}; install it"
        ) from None
    return function(network, size)
