"""The public portrait sets, by the folder layouts in which they are published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pocketmatte.data.formats import Item
from pocketmatte.data.formats.files import (
    nothing_found,
    pictures,
    read_mask,
    stems,
    subfolder,
)
from pocketmatte.data.formats.matfile import read_mat
from pocketmatte.data.layout import read_grey, read_rgba
from pocketmatte.errors import PocketmatteError


def read_eg1800(root: Path) -> Iterator[Item]:
    """EG1800 / PFCN (Shen et al. 2016) in any of the layouts in which it goes round.

    - Images/00001.png, Labels/00001.png, eg1800_train.txt, eg1800_test.txt
    - images_data_crop/00001.jpg, GT_png/00001_mask.png, EG1800_train.txt, EG1800_val.txt
    - images_data_crop/00001.jpg, images_mask/00001_mask.mat, as first published

    Pictures without a label, and labels without a picture, are left out: the links of some
    pictures are dead. Splits are those of the lists; without lists there are none.
    """
    images = subfolder(root, ("images", "images_data_crop"))
    labels = subfolder(root, ("labels", "gt_png", "images_mask"))
    if images is None or labels is None:
        raise nothing_found(root, "Images/ and Labels/, nor images_data_crop/ and GT_png/")
    splits = {}
    for path in sorted(root.glob("*.txt")):
        split = next((s for s in ("train", "test", "val") if s in path.stem.lower()), None)
        for line in path.read_text(encoding="utf-8").split() if split else ():
            splits.setdefault(Path(line).stem, split)
    masks = {p.stem.removesuffix("_mask"): p for p in sorted(labels.iterdir()) if p.is_file()}
    for stem, image in stems(images).items():
        path = masks.get(stem)
        if path is not None and (not splits or stem in splits):
            yield Item(stem, image, mask=_eg1800_mask(path), split=splits.get(stem))


def read_aisegment(root: Path) -> Iterator[Item]:
    """AISegment matting-human: clip_img/<group>/clip_<n>/<name>.jpg with its RGBA twin in
    matting/<group>/matting_<n>/<name>.png, whose alpha channel is the matte.
    """
    base = next(
        (p.parent for p in [root / "clip_img", *sorted(root.glob("*/clip_img"))] if p.is_dir()),
        None,
    )
    if base is None:
        raise nothing_found(root, "clip_img/ and matting/")
    for image in pictures(base / "clip_img"):
        group, clip, name = ("", "", *image.relative_to(base / "clip_img").parts)[-3:]
        twin = base / "matting" / group / clip.replace("clip_", "matting_", 1) / name
        twin = twin.with_suffix(".png")
        if twin.is_file():
            yield Item(f"{group}/{clip}/{image.stem}", image, alpha=read_rgba(twin)[1])


def read_p3m(root: Path) -> Iterator[Item]:
    """P3M-10k (Li et al. 2021): train/blurred_image and train/mask; validation/P3M-500-P with
    blurred_image/ and P3M-500-NP with original_image/, mask/ and trimap/. The masks are alphas.
    """
    parts = [
        ("train", "train"),
        ("validation/P3M-500-P", "test"),
        ("validation/P3M-500-NP", "test"),
    ]
    found = [(root / place, split) for place, split in parts if (root / place).is_dir()]
    if not found:
        raise nothing_found(root, "train/blurred_image nor validation/P3M-500-*")
    for folder, split in found:
        images = subfolder(folder, ("original_image", "blurred_image"))
        if images is None:
            raise nothing_found(folder, "original_image/ nor blurred_image/")
        yield from _matted(images, folder / "mask", f"{folder.name}/", split)


def read_ppm(root: Path) -> Iterator[Item]:
    """PPM-100 (Ke et al. 2022): image/ and matte/, or train/ and val/ with fg/ and alpha/."""
    folders = [(root, None), (root / "train", "train"), (root / "val", "val")]
    pairs = []
    for folder, split in folders:
        images = subfolder(folder, ("image", "fg"))
        mattes = subfolder(folder, ("matte", "alpha"))
        if images and mattes:
            pairs.append((images, mattes, "" if split is None else f"{split}/", split))
    if not pairs:
        raise nothing_found(root, "image/ and matte/, nor train/fg and train/alpha")
    for pair in pairs:
        yield from _matted(*pair)


def _matted(images: Path, mattes: Path, prefix: str, split: str | None) -> Iterator[Item]:
    alphas = stems(mattes)
    for stem, image in stems(images).items():
        if stem not in alphas:
            raise PocketmatteError(f"{image}: has no matte in {mattes}; the set is incomplete")
        yield Item(prefix + stem, image, alpha=read_grey(alphas[stem]), split=split)


def _eg1800_mask(path: Path) -> np.ndarray:
    if path.suffix != ".mat":
        return read_mask(path)
    arrays = [a for a in read_mat(path).values() if a.ndim == 2 and a.size > 1]
    if not arrays:
        raise PocketmatteError(f"{path}: holds no mask; download the set again")
    return arrays[0] > 0
