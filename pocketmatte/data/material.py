"""What synthetic pictures are made of, read from disk when asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketmatte.data.convert import shrink_to
from pocketmatte.data.layout import DataFolder, Sample, read_grey, read_rgb, read_rgba
from pocketmatte.errors import PocketmatteError

PEOPLE = ("cutouts", "labelled", "all")


class Pictures(Sequence):
    """A list of pictures that lie on disk; the last few read stay in memory."""

    def __init__(self, items: Sequence, read: Callable, keep: int = 64):
        self._items, self._read, self._keep = list(items), read, keep
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> np.ndarray:
        index = range(len(self._items))[index]
        if index not in self._cache:
            self._cache[index] = self._read(self._items[index])
            while len(self._cache) > self._keep:
                self._cache.popitem(last=False)
        return self._cache[index]


@dataclass
class Material:
    """people, objects: RGBA uint8. backgrounds: RGB uint8."""

    people: Sequence[np.ndarray]
    backgrounds: Sequence[np.ndarray]
    objects: Sequence[np.ndarray] = ()


def load_material(
    data: DataFolder, people: str = "all", split: str = "train", side: int = 768
) -> Material:
    """The people, objects and backgrounds of a data folder.

    Args:
        people: "cutouts" (true alpha), "labelled" (pictures of the split that have an alpha), or
            "all" of them.
        split: never a split that something is judged on.
        side: pictures are shrunk to this length of the longer side.

    Objects come from objects_true_alpha/, where the folder has it.

    Raises PocketmatteError when there are no people or no backgrounds, or for split "test".
    """
    if people not in PEOPLE:
        raise PocketmatteError(f"unknown people {people!r}; choose from {', '.join(PEOPLE)}")
    if split == "test":
        raise PocketmatteError("split test is for judging; synthesize from another one")
    items: list[Path | Sample] = []
    if people != "labelled":
        items += data.cutouts()
    if people != "cutouts" and (data.root / "splits" / f"{split}.txt").is_file():
        items += [sample for sample in data.split(split) if sample.alpha]
    backgrounds = data.backgrounds()
    if not items:
        raise PocketmatteError(
            f"{data.root}: no people to paste; it needs RGBA files in cutouts/ or pictures with "
            f"alphas in split {split}"
        )
    if not backgrounds:
        raise PocketmatteError(
            f"{data.root}: no pictures in backgrounds/; add some: "
            "pocketmatte data convert FOLDER --from backgrounds"
        )
    folder = data.root / "objects_true_alpha"
    images = sorted((folder / "image").glob("*")) if folder.is_dir() else []
    objects = [data.sample(f"objects_true_alpha/{path.stem}") for path in images]

    def rgba(item: Path | Sample) -> np.ndarray:
        return _trim(shrink_to(_read_rgba(item), side))

    return Material(
        Pictures(items, rgba),
        Pictures(backgrounds, lambda path: shrink_to(read_rgb(path), side)),
        Pictures([s for s in objects if s.alpha], rgba),
    )


def cut_sides(rgba: np.ndarray) -> tuple[bool, bool, bool]:
    """Whether the photo's frame has cut the person (RGBA uint8) at the left, the top, the right."""
    solid = rgba[..., 3] > 127
    left, right = solid[:, :2].all(1).mean() > 0.12, solid[:, -2:].all(1).mean() > 0.12
    return bool(left), bool(solid[:2].all(0).mean() > 0.2), bool(right)


def _read_rgba(item: Path | Sample) -> np.ndarray:
    if isinstance(item, Path):
        rgb, alpha = read_rgba(item)
    else:
        rgb, alpha = item.read_image(), read_grey(item.alpha)
        if alpha.shape != rgb.shape[:2]:
            raise PocketmatteError(f"{item.alpha}: another size than its picture; run data check")
    return np.dstack([rgb, np.round(alpha * 255).astype(np.uint8)])


def _trim(rgba: np.ndarray) -> np.ndarray:
    """Without the empty margins, so that scale and place mean the same for all."""
    rows, columns = (np.flatnonzero(rgba[..., 3].max(axis) > 12) for axis in (1, 0))
    if not len(rows):
        return rgba
    return rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
