"""The data folder: one directory a set, pictures paired with masks and soft alphas by name.

<set>/image/<name>.<webp|jpg|png>   RGB
<set>/mask/<name>.png               person or not, same size as the image
<set>/alpha/<name>.<webp|png>       8-bit grey, soft alpha
backgrounds/<set>/<name>.*          pictures without a person
cutouts/<name>.png                  RGBA, true alpha
splits/<split>.txt                  `<set>/<name>` a line
labels.csv                          optional: agreement of alpha and mask per picture
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError

SUFFIXES = (".webp", ".jpg", ".jpeg", ".png")


def _read(path: Path, flags: int) -> np.ndarray:
    data = path.read_bytes()
    array = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if array is None:
        raise PocketmatteError(f"{path}: cannot be decoded as a picture; remove or replace it")
    return array


def read_rgb(path: Path) -> np.ndarray:
    """Read a picture as RGB uint8, HWC."""
    return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_rgba(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a cut-out as RGB uint8 HWC and alpha float32 HW in [0, 1]."""
    bgra = _read(path, cv2.IMREAD_UNCHANGED)
    if bgra.ndim != 3 or bgra.shape[2] != 4:
        raise PocketmatteError(f"{path}: has no alpha channel; a cut-out must be an RGBA picture")
    return cv2.cvtColor(bgra[..., :3], cv2.COLOR_BGR2RGB), bgra[..., 3].astype(np.float32) / 255


def read_grey(path: Path) -> np.ndarray:
    """Read a mask or alpha as float32 HW in [0, 1]."""
    return _read(path, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255


@dataclass(frozen=True)
class Sample:
    """One picture of a data folder and where its labels lie."""

    name: str
    image: Path
    mask: Path | None
    alpha: Path | None

    @property
    def set(self) -> str:
        return self.name.split("/")[0]

    def read_image(self) -> np.ndarray:
        """RGB uint8, HWC."""
        return read_rgb(self.image)

    def read_mask(self) -> np.ndarray | None:
        """Bool HW: True where a person is; None when the picture has no mask."""
        return None if self.mask is None else read_grey(self.mask) > 0.5

    def read_alpha(self) -> np.ndarray | None:
        """Float32 HW in [0, 1]; None when the picture has no soft alpha."""
        return None if self.alpha is None else read_grey(self.alpha)


class DataFolder:
    """A folder in the layout above.

    Raises PocketmatteError when the folder, a split or a listed picture is missing.
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)
        if not self.root.is_dir():
            raise PocketmatteError(f"{root}: no such data folder; give --data a folder to read")

    def split(self, name: str) -> list[Sample]:
        """The samples that `splits/<name>.txt` lists, in its order."""
        path = self.root / "splits" / f"{name}.txt"
        if not path.is_file():
            raise PocketmatteError(
                f"{path}: no such split; this folder has: {', '.join(self.splits()) or 'none'}"
            )
        names = path.read_text(encoding="utf-8").split("\n")
        return [self.sample(line.strip()) for line in names if line.strip()]

    def splits(self) -> list[str]:
        """Names of the lists that there are."""
        return sorted(path.stem for path in (self.root / "splits").glob("*.txt"))

    def sample(self, name: str) -> Sample:
        """The sample called `<set>/<name>`."""
        group, _, stem = name.partition("/")
        image = self._find(group, "image", stem)
        if image is None:
            raise PocketmatteError(
                f"{self.root / group / 'image' / stem}.*: missing, though a split lists it; "
                "add the picture or remove the line"
            )
        mask, alpha = self._find(group, "mask", stem), self._find(group, "alpha", stem)
        return Sample(name, image, mask, alpha)

    def backgrounds(self) -> list[Path]:
        """Pictures without a main person."""
        return self._pictures(self.root / "backgrounds")

    def cutouts(self) -> list[Path]:
        """RGBA pictures of people with true alpha."""
        return self._pictures(self.root / "cutouts")

    def agreement(self) -> dict[str, float]:
        """IoU of soft alpha and mask per picture name, as far as `labels.csv` tells."""
        path = self.root / "labels.csv"
        if not path.is_file():
            return {}
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            return {r["picture"]: float(r["alpha_vs_mask_iou"] or 1) for r in rows}

    def _find(self, group: str, kind: str, stem: str) -> Path | None:
        paths = (self.root / group / kind / (stem + suffix) for suffix in SUFFIXES)
        return next((path for path in paths if path.is_file()), None)

    @staticmethod
    def _pictures(folder: Path) -> list[Path]:
        return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
