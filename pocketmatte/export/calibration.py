"""Pictures that int8 takes the ranges of its activations from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketmatte.data.layout import SUFFIXES, read_rgb
from pocketmatte.data.shards import open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import grid_size, shrink, to_batch
from pocketmatte.weights.card import Card

COUNT = 100


def calibration_pictures(folder: str | Path, count: int = COUNT) -> list[np.ndarray]:
    """RGB uint8 pictures, HWC, evenly taken: of a data folder's `train` split, else of all files.

    Raises PocketmatteError for a folder without pictures.
    """
    folder = Path(folder)
    labelled = (folder / "splits").is_dir() or any(folder.glob("*.tar"))
    if labelled or not folder.is_dir():
        samples = open_data(folder).split("train")
        return [sample.read_image() for sample in evenly(samples, count)]
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise PocketmatteError(f"{folder}: holds no pictures; give a folder with some people")
    return [read_rgb(path) for path in evenly(paths, count)]


def as_batches(
    pictures: list[np.ndarray], card: Card, size: tuple[int, int] | None
) -> list[np.ndarray]:
    """The pictures as the network gets them: shrunk, normalised, float32 `[1, 3, H, W]`.

    At `size`, or each at its own grid.
    """
    mean, std = np.float32(card.mean), np.float32(card.std)
    return [
        to_batch(
            shrink(image, size or grid_size(*image.shape[:2], card.area, card.stride)), mean, std
        )
        for image in pictures
    ]


def evenly(items: list, count: int) -> list:
    """At most `count` of the items, at equal distances."""
    return items[:: max(1, len(items) // count)][:count]
