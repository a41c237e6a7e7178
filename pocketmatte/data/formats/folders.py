"""Plain folders: pictures beside masks, alphas or trimaps of the same name, and RGBA files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.formats import Item
from pocketmatte.data.formats.files import nothing_found, pictures, read_mask, stems, subfolder
from pocketmatte.data.layout import read_grey, read_rgba
from pocketmatte.errors import PocketmatteError

IMAGES = ("images", "image", "imgs", "img", "photos", "input", "inputs", "rgb", "original", "fg")
MASKS = ("masks", "mask", "labels", "label", "gt", "seg", "segmentation", "annotations")
ALPHAS = ("alphas", "alpha", "mattes", "matte", "pha", "matting")
TRIMAPS = ("trimaps", "trimap")
SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val"}
SPLITS |= {"validation": "val", "test": "test", "testing": "test"}
_ENDINGS = ("", "_mask", "_matte", "_alpha", "_trimap", "-mask", "-matte", "-alpha", "_seg", "_gt")


def read_folders(root: Path) -> Iterator[Item]:
    """images/ with masks/ and alphas/ beside it, alone or below train/, val/ and test/.

    Pictures without any label come too, for `data label`. A folder without an images/ folder is
    taken for pictures without labels.
    """
    for folder, split in _divisions(root, IMAGES):
        yield from _paired(folder, split)


def read_trimap(root: Path) -> Iterator[Item]:
    """images/, trimaps/ and alphas/: the alpha counts inside the trimap's unknown region only.

    Outside it the trimap is certain: 0 or 1. A missing alpha gives the mask alone.
    """
    for folder, split in _divisions(root, IMAGES):
        trimaps = subfolder(folder, TRIMAPS)
        if trimaps is None:
            raise nothing_found(folder, "trimaps/ folder")
        alphas = _labels(subfolder(folder, ALPHAS))
        known = _labels(trimaps)
        for stem, image in stems(subfolder(folder, IMAGES) or folder).items():
            path = _partner(known, stem)
            if path is None:
                continue
            trimap, soft = read_grey(path), _partner(alphas, stem)
            if soft is None:
                yield Item(_named(stem, split), image, mask=trimap > 0.75, split=split)
                continue
            alpha = read_grey(soft)
            if alpha.shape != trimap.shape:
                raise PocketmatteError(
                    f"{soft}: another size than its trimap {path.name}; make them the same"
                )
            alpha = np.where(trimap > 0.9, 1, np.where(trimap < 0.1, 0, alpha))
            yield Item(_named(stem, split), image, alpha=alpha.astype(np.float32), split=split)


def read_rgba_photos(root: Path) -> Iterator[Item]:
    """RGBA pictures whose colours outside the person are still the photo's.

    Becomes a picture and its alpha. For cut-outs whose background was wiped, use "cutouts".
    """
    for path in _some(root, "RGBA pictures"):
        rgb, alpha = read_rgba(path)
        yield Item(_stem(root, path), rgb, alpha=alpha)


def read_cutouts(root: Path) -> Iterator[Item]:
    """RGBA cut-outs, kept as they are below cutouts/."""
    for path in _some(root, "RGBA cut-outs"):
        read_rgba(path)
        yield Item(_stem(root, path), path, kind="cutout")


def read_backgrounds(root: Path) -> Iterator[Item]:
    """Pictures without people, kept as they are below backgrounds/."""
    for path in _some(root, "pictures"):
        yield Item(_stem(root, path), path, kind="background")


def _paired(folder: Path, split: str | None) -> Iterator[Item]:
    masks, alphas = (_labels(subfolder(folder, names)) for names in (MASKS, ALPHAS))
    for stem, image in stems(subfolder(folder, IMAGES) or folder).items():
        mask, alpha = _partner(masks, stem), _partner(alphas, stem)
        yield Item(
            _named(stem, split),
            image,
            mask=None if mask is None else read_mask(mask),
            alpha=None if alpha is None else _read_alpha(alpha),
            split=split,
        )


def _read_alpha(path: Path) -> np.ndarray:
    """A grey alpha file, or the alpha channel of an RGBA one."""
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is not None and picture.ndim == 3 and picture.shape[2] == 4:
        return read_rgba(path)[1]
    return read_grey(path)


def _divisions(root: Path, images: tuple[str, ...]) -> list[tuple[Path, str | None]]:
    """The folder itself, or its train/, val/, test/ where these hold the images/."""
    below = [p for p in sorted(root.iterdir()) if p.is_dir() and p.name.lower() in SPLITS]
    if below and subfolder(root, images) is None:
        return [(p, SPLITS[p.name.lower()]) for p in below]
    if not pictures(subfolder(root, images) or root):
        raise nothing_found(root, "pictures")
    return [(root, None)]


def _named(stem: str, split: str | None) -> str:
    return f"{split}/{stem}" if split else stem


def _labels(folder: Path | None) -> dict[str, Path]:
    return {} if folder is None else stems(folder)


def _partner(labels: dict[str, Path], stem: str) -> Path | None:
    return next((labels[stem + ending] for ending in _ENDINGS if stem + ending in labels), None)


def _some(root: Path, wanted: str) -> list[Path]:
    paths = pictures(root)
    if not paths:
        raise nothing_found(root, wanted)
    return paths


def _stem(root: Path, path: Path) -> str:
    return path.relative_to(root).with_suffix("").as_posix()
