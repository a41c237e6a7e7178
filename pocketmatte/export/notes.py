"""What is written into an exported file, so that it explains itself without its card."""

from __future__ import annotations

import json

from pocketmatte import __version__
from pocketmatte.weights.card import Card

_OUTPUTS = {
    "alpha": "alpha, float32 in [0, 1], at the input's size",
    "flat": "alpha, float32 in [0, 1], row by row in one axis",
    "packed": "mask bits, {bits} pixels of a row in each float, the first worth 2^-{half}",
}


def notes(card: Card, output: str, bits: int, channels_last: bool) -> dict[str, str]:
    """Labels, normalisation, layout, terms: all values are text, as the formats want it."""
    if card.task == "harmonize":
        return _harmonizer_notes(card)
    layout = "[1, height, width, 3]" if channels_last else "[1, 3, height, width]"
    return {
        "name": card.name,
        "labels": json.dumps(["person"]),
        "input": f"RGB, float32 {layout}: (pixel / 255 - mean) / std, once",
        "mean": json.dumps(list(card.mean)),
        "std": json.dumps(list(card.std)),
        "output": _OUTPUTS[output].format(bits=bits, half=bits // 2),
        "precision": card.precision,
        "sizes": json.dumps([list(size) for size in card.sizes]) if card.sizes else "any",
        "stride": str(card.stride),
        "description": card.description,
        "licence": card.licence,
        "made_by": f"pocketmatte {__version__}",
    }


def _harmonizer_notes(card: Card) -> dict[str, str]:
    return {
        "name": card.name,
        "input": "8 channels in [0, 1]: foreground * alpha, alpha, background * (1 - alpha), "
        "1 - alpha",
        "output": "24 channels a cell: see pocketmatte.harmony.change.read_proposals",
        "stride": str(card.stride),
        "description": card.description,
        "licence": card.licence,
        "made_by": f"pocketmatte {__version__}",
    }
