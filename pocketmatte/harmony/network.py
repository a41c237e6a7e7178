"""Harmonisers: from two layers to a `Change` of the person's colours."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.harmony.change import Change, no_change, read_proposals
from pocketmatte.matting.preprocess import grid_size, shrink
from pocketmatte.runtimes import open_runtime
from pocketmatte.weights import Card, find_weights, list_models

DEFAULT = "harmonize"
Harmonizer = Callable[[np.ndarray, np.ndarray, np.ndarray], Change]
"""Takes foreground and background (RGB uint8 HWC) and alpha (float32 HW in [0, 1])."""

_FINE = 4  # pixels per cell of the grid, each way, that are read at all


class LearnedHarmonizer:
    """A network of ours: sees both layers on a small grid, proposes a change."""

    def __init__(self, path: Path, card: Card, device: str | None = None):
        self.card = card
        self.runtime = open_runtime(path, None, device, threads=1)

    def __call__(self, foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> Change:
        size = grid_size(*alpha.shape, self.card.area, self.card.stride)
        if self.card.sizes:
            size = tuple(self.card.sizes[0])
        fore, cover, back = (quick_shrink(layer, size) for layer in (foreground, alpha, background))
        if not cover.any():
            return no_change()
        return read_proposals(self.runtime(to_layers(fore, cover, back))[0], cover)


def to_layers(foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray) -> np.ndarray:
    """What the network sees, float32 [1, 8, H, W]: each layer premultiplied, with its share.

    foreground, background: RGB uint8 HWC of the grid's size. alpha: float32 HW in [0, 1].
    """
    layers = np.empty((1, 8, *alpha.shape), np.float32)
    shares = layers[0, 3], layers[0, 7] = alpha, 1 - alpha
    for first, picture, share in zip((0, 4), (foreground, background), shares, strict=True):
        for channel, plane in enumerate(cv2.split(picture)):
            cv2.multiply(
                plane, share, dst=layers[0, first + channel], scale=1 / 255, dtype=cv2.CV_32F
            )
    return layers


def quick_shrink(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Area-average a layer to (height, width), reading a few pixels per cell only."""
    fine = size[0] * _FINE, size[1] * _FINE
    if layer.shape[0] > fine[0] and layer.shape[1] > fine[1]:
        layer = cv2.resize(layer, fine[::-1], interpolation=cv2.INTER_NEAREST)
    return shrink(layer, size)


@lru_cache(maxsize=4)
def open_harmonizer(network: str = DEFAULT) -> Harmonizer:
    """The harmoniser of that name or file; it stays loaded for the next call.

    network: a released harmoniser, an `.onnx` or `.pt` file of ours with its card, any other
    `.onnx` file, or a `.caffemodel` with its `.prototxt` beside it: see `ForeignHarmonizer`.
    Raises PocketmatteError when there is no such network or file, or it cannot be read.
    """
    path = Path(network)
    released = [card.name for card in list_models("harmonize")]
    foreign = path.suffix == ".caffemodel" or (path.suffix == ".onnx" and not _has_card(path))
    if network not in released and foreign:
        from pocketmatte.harmony.foreign import ForeignHarmonizer

        return ForeignHarmonizer(path)
    if network not in released and not path.is_file():
        raise PocketmatteError(
            f"{network}: neither a released harmoniser ({', '.join(released)}) nor a file; "
            "check the name"
        )
    return LearnedHarmonizer(*find_weights(network, "harmonize"))


def _has_card(path: Path) -> bool:
    """Whether an ONNX file has a card of ours beside it, and not only its own description."""
    beside = path.with_suffix(".json")
    return beside.is_file() and '"architecture"' in beside.read_text(encoding="utf-8")
