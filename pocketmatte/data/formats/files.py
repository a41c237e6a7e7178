"""Finding pictures and their partners in folders of any make."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketmatte.data.layout import read_grey
from pocketmatte.errors import PocketmatteError

PICTURES = (".webp", ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def pictures(folder: Path) -> list[Path]:
    """All picture files below a folder, sorted; hidden ones left out."""
    paths = (p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    return sorted(p for p in paths if not p.name.startswith("."))


def stems(folder: Path) -> dict[str, Path]:
    """Pictures below a folder by their relative name without suffix."""
    return {p.relative_to(folder).with_suffix("").as_posix(): p for p in pictures(folder)}


def subfolder(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of several customary names that is a folder here; upper or lower case."""
    if not folder.is_dir():
        return None
    here = {p.name.lower(): p for p in sorted(folder.iterdir()) if p.is_dir()}
    return next((here[name] for name in names if name in here), None)


def read_mask(path: Path) -> np.ndarray:
    """A mask file as bool HW; person stored as 1 (instead of 255) is understood."""
    mask = read_grey(path)
    top = float(mask.max())
    return mask > (0 if 0 < top <= 1.5 / 255 else 0.5)


def nothing_found(folder: Path, wanted: str) -> PocketmatteError:
    return PocketmatteError(f"{folder}: holds no {wanted}; give another folder or another --from")
