"""From what the user typed to a file and the size to run it at."""

from __future__ import annotations

import re
from pathlib import Path

from pocketmatte.errors import PocketmatteError


def find_network(
    name_or_path: str, size: tuple[int, int] | None = None
) -> tuple[Path, tuple[int, int] | None]:
    """The network's file, and the (height, width) for its free sizes.

    A released network, or a file with its card beside it, is taken at the size its card counts
    MACs for, unless `size` is given.

    Raises PocketmatteError when there is no such network or it is not an .onnx or .tflite file.
    """
    path = Path(name_or_path)
    if path.suffix == ".pt":
        raise PocketmatteError(f"{path}: a checkpoint; run `pocketmatte export {path}` first")
    if path.suffix in (".onnx", ".tflite"):
        if not path.is_file():
            raise PocketmatteError(f"{path}: no such file; check the name")
        card = _card_beside(path)
    elif path.suffix and path.is_file():
        raise PocketmatteError(f"{path}: not an .onnx or .tflite file; export the network first")
    else:
        from pocketmatte.weights import find_weights

        path, card = find_weights(name_or_path)
    if size is None and card is not None and all(card.macs_size):
        size = tuple(card.macs_size)
    return path, size


def parse_size(text: str) -> tuple[int, int]:
    """ "192x160" as (height, width); PocketmatteError for anything else."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip())
    if not match or not all(int(side) for side in match.groups()):
        raise PocketmatteError(f"{text!r} is no size; write HEIGHTxWIDTH, as 192x160")
    return int(match[1]), int(match[2])


def _card_beside(path: Path):
    from pocketmatte.weights.card import card_path, read_card

    try:
        return read_card(card_path(path))
    except PocketmatteError:
        return None
