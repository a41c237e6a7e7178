"""Readers of other people's data folders, one line each in the table; each a generator of Items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError


@dataclass
class Item:
    """One picture of a foreign folder with its labels.

    name: unique in the folder; slashes become underscores. image: a file, taken over as it is, or
    RGB uint8 HWC. mask: bool HW. alpha: float32 HW in [0, 1]. split: as the folder itself
    divides its pictures, or None.
    kind: "picture", "cutout" (image is an RGBA file) or "background".
    """

    name: str
    image: Path | np.ndarray
    mask: np.ndarray | None = None
    alpha: np.ndarray | None = None
    split: str | None = None
    kind: str = "picture"


Reader = Callable[[Path], Iterator[Item]]

# name -> (module, function, what the folder looks like)
_FORMATS = {
    "folders": ("folders", "read_folders", "images/ beside masks/ and/or alphas/, names alike"),
    "rgba": ("folders", "read_rgba_photos", "RGBA pictures that still hold their background"),
    "cutouts": ("folders", "read_cutouts", "RGBA cut-outs, the background gone"),
    "backgrounds": ("folders", "read_backgrounds", "pictures without people"),
    "trimap": ("folders", "read_trimap", "images/, trimaps/ and alphas/"),
    "seed": ("seed", "read_seed", "img_uint8.npy and msk_uint8.npy"),
    "supervisely": ("supervisely", "read_supervisely", "<dataset>/img and <dataset>/ann/*.json"),
    "coco": ("coco", "read_coco", "annotations/instances_<split>.json and <split>/*.jpg"),
    "eg1800": ("portraits", "read_eg1800", "EG1800 / PFCN, in any of its three layouts"),
    "aisegment": ("portraits", "read_aisegment", "clip_img/ and matting/ (RGBA), two levels deep"),
    "p3m": ("portraits", "read_p3m", "P3M-10k: train/ and validation/P3M-500-*/"),
    "ppm": ("portraits", "read_ppm", "PPM-100: image/ and matte/, or train/ and val/"),
}


def list_formats() -> dict[str, str]:
    """Names of the formats that `convert` reads, and what such a folder looks like."""
    return {name: text for name, (_, _, text) in _FORMATS.items()}


def get_reader(name: str) -> Reader:
    """The reader of a format: f(folder) yields Items. Raises PocketmatteError when unknown."""
    if name not in _FORMATS:
        raise PocketmatteError(f"unknown format {name!r}; known are: {', '.join(_FORMATS)}")
    module, function, _ = _FORMATS[name]
    return getattr(import_module(f"pocketmatte.data.formats.{module}"), function)
