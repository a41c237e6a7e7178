"""Soft alphas for unlabelled pictures, from teacher networks."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from pocketmatte.data.label_fuse import BAND, agreement, fuse
from pocketmatte.data.layout import SUFFIXES, DataFolder, Sample
from pocketmatte.data.write import encode_label, write_bytes, write_lines
from pocketmatte.errors import PocketmatteError

COLUMNS = ("picture", "teacher_agreement_iou", "alpha_vs_mask_iou", "soft_share", "person_share")
KEPT_SPLIT = "labelled"
_SAVE_SECONDS = 10

Progress = Callable[[int, int, dict], None]


class Teacher(Protocol):
    """Anything that mattes: what `load_model` gives, or your own wrapper of another network."""

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """RGB uint8 HWC -> float32 HW in [0, 1], of the same size."""
        ...


@dataclass
class Labelled:
    """What `label` did. kept: names good enough to train on, as in splits/labelled.txt."""

    pictures: int
    there_before: int
    kept: list[str]
    failures: list[str]


def label(
    root: str | Path,
    teachers: Sequence[Teacher],
    *,
    splits: Sequence[str] = ("unlabelled",),
    out: str | Path | None = None,
    keep: float = 0.93,
    person: tuple[float, float] = (0.04, 0.98),
    band: float = BAND,
    redo: bool = False,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Labelled:
    """Write a soft alpha for each picture of some splits that has none; see `label_fuse.fuse`.

    Writes <set>/alpha/<name>.png, one row a picture into labels.csv, and splits/labelled.txt with
    the pictures that are good enough: teachers agree and the person's share of the picture is in
    range. Stopped at any time, a second call goes on where it stood.

    Args:
        root: data folder.
        teachers: in order: the one that best knows who is person first, the one with the best
            edges last.
        splits: which pictures. Where they have masks, the mask is one more opinion.
        out: write into this folder instead, in the same layout, and leave `root` untouched.
        keep: smallest IoU between any two teachers.
        person: smallest and largest share of the picture.
        band: where alphas may be soft, as a share of the long side.
        redo: replace alphas that are there.
        limit: the first so many pictures only.
        progress: called after each picture with (done, total, its row).

    Raises PocketmatteError when the folder or a split is missing or there is no teacher. Pictures
    that cannot be read are named in `failures`.
    """
    if not teachers:
        raise PocketmatteError("no teacher given; name at least one network file")
    folder = DataFolder(root)
    target = folder.root if out is None else Path(out)
    samples = [s for split in splits for s in folder.split(split)][:limit]
    table = _Table(target / "labels.csv")
    todo = [s for s in samples if redo or not _is_done(s, target, table)]
    done = Labelled(0, len(samples) - len(todo), [], [])
    try:
        for sample in todo:
            try:
                row = _label_one(sample, teachers, target, band)
            except PocketmatteError as error:
                done.failures.append(str(error))
                continue
            table.add(row)
            done.pictures += 1
            if progress:
                progress(done.pictures + len(done.failures), len(todo), row)
    finally:
        table.save()
    done.kept = table.kept(keep, person)
    write_lines(target / "splits" / f"{KEPT_SPLIT}.txt", done.kept)
    return done


def _label_one(sample: Sample, teachers, target: Path, band: float) -> dict:
    image, mask = sample.read_image(), sample.read_mask()
    if mask is not None and mask.shape != image.shape[:2]:
        raise PocketmatteError(f"{sample.mask}: another size than its picture; repair it first")
    alphas = [_ask(teacher, image, sample) for teacher in teachers]
    fused = fuse(alphas, mask, band)
    stem = sample.name.partition("/")[2]
    for suffix in SUFFIXES[:-1]:  # would be found before the new .png
        (target / sample.set / "alpha" / (stem + suffix)).unlink(missing_ok=True)
    write_bytes(target / sample.set / "alpha" / f"{stem}.png", encode_label(fused))
    against = "" if mask is None else f"{agreement([fused, mask.astype(np.float32)]):.3f}"
    soft = float(((fused > 0.05) & (fused < 0.95)).mean())
    return {
        "picture": sample.name,
        "teacher_agreement_iou": f"{agreement(alphas):.3f}",
        "alpha_vs_mask_iou": against,
        "soft_share": f"{soft:.4f}",
        "person_share": f"{float((fused > 0.5).mean()):.4f}",
    }


def _ask(teacher: Teacher, image: np.ndarray, sample: Sample) -> np.ndarray:
    alpha = teacher.alpha(image)
    if alpha.shape != image.shape[:2]:
        raise PocketmatteError(
            f"{sample.image}: a teacher answered {alpha.shape} to a picture of {image.shape[:2]}; "
            "its alpha must have the picture's size"
        )
    return np.clip(alpha, 0, 1).astype(np.float32)


def _is_done(sample: Sample, target: Path, table: _Table) -> bool:
    stem = sample.name.partition("/")[2]
    names = (target / sample.set / "alpha" / (stem + suffix) for suffix in SUFFIXES)
    there = any(path.is_file() for path in names)
    # an alpha without a row came with the data, unless we were stopped between the two
    return there and (sample.name in table.rows or not table.ours)


class _Table:
    """labels.csv: read at the start, saved now and then and at the end; foreign rows stay."""

    def __init__(self, path: Path):
        self.path, self.rows, self.ours = path, {}, set()
        self._saved = time.monotonic()
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if row.get("picture")]
            self.rows = {row["picture"]: row for row in rows}
            self.ours = {name for name, row in self.rows.items() if row.get("person_share")}

    def add(self, row: dict) -> None:
        self.rows[row["picture"]] = row
        self.ours.add(row["picture"])
        if time.monotonic() - self._saved > _SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        if not self.ours:
            return
        text = io.StringIO()
        writer = csv.DictWriter(
            text, COLUMNS, restval="", extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(self.rows.values())
        write_bytes(self.path, text.getvalue().encode())
        self._saved = time.monotonic()

    def kept(self, keep: float, person: tuple[float, float]) -> list[str]:
        """Names of the pictures labelled by us that are good enough, in order."""
        return [
            name
            for name, row in self.rows.items()
            if name in self.ours
            and float(row["teacher_agreement_iou"]) >= keep
            and person[0] <= float(row["person_share"]) <= person[1]
        ]
