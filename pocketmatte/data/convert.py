"""Bring other people's data into this project's layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.formats import Item, get_reader
from pocketmatte.data.layout import SUFFIXES, read_rgb
from pocketmatte.data.near_duplicates import Fingerprint, fingerprint, groups, near_duplicates
from pocketmatte.data.write import encode_label, encode_rgb, write_bytes, write_lines
from pocketmatte.errors import PocketmatteError

Progress = Callable[[int, str], None]


@dataclass
class Converted:
    """What came in: numbers of pictures, by kind and by split, and why others stayed out."""

    set: str
    pictures: int = 0
    cutouts: int = 0
    backgrounds: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def convert(
    source: str | Path,
    format: str,
    out: str | Path,
    *,
    name: str | None = None,
    val: float = 0.0,
    side: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Converted:
    """Convert a folder, one picture in memory at a time.

    Args:
        source: the foreign folder.
        format: a name from `list_formats()`.
        out: data folder to add a set to; made when missing. Other sets and their places in the
            splits stay; converting the same set again replaces it.
        name: of the set; the source folder's when None.
        val: share of the training pictures to draw for the split `val`, 0 to 0.9. Near-duplicates
            go to one side together.
        side: shrink pictures and labels to this length of the longer side.
        limit: stop after so many pictures.
        seed: of the drawing.
        progress: called after each picture with (done, its name).

    Pictures come as the source divides them (`train`, `val`, `test`), else into `train`; those
    without labels into `unlabelled`. A picture that cannot be read, or whose label has another
    size, is left out and named in `failures`.

    Raises PocketmatteError when the folder is not of that format or nothing could be converted.
    """
    source, out = Path(source), Path(out)
    if not source.is_dir():
        raise PocketmatteError(f"{source}: no such folder; give the one that holds the data")
    if not 0 <= val <= 0.9:
        raise PocketmatteError(f"val is {val}; give a share of the pictures, 0 to 0.9")
    reader, group = get_reader(format), _set_name(name or source.resolve().name)
    done = Converted(group)
    members: list[tuple[str, str, Fingerprint | None]] = []
    used: set[str] = set()
    for count, item in enumerate(_guarded(reader(source))):
        if limit is not None and count >= limit:
            break
        stem = _unique(item.name.strip("/").replace("/", "_"), used)
        try:
            mark = _write(item, out, group, stem, side, with_print=val > 0)
        except (PocketmatteError, cv2.error) as error:
            done.failures.append(str(error))
            continue
        if item.kind == "picture":
            done.pictures += 1
            labelled = item.mask is not None or item.alpha is not None
            split = (item.split or "train") if labelled else "unlabelled"
            members.append((f"{group}/{stem}", split, mark))
        elif item.kind == "cutout":
            done.cutouts += 1
        else:
            done.backgrounds += 1
        if progress:
            progress(count + 1, item.name)
    if not done.pictures + done.cutouts + done.backgrounds:
        cause = done.failures[0] if done.failures else "it holds no pictures"
        raise PocketmatteError(f"{source}: nothing converted: {cause}")
    if members:
        done.splits = _write_splits(out / "splits", group, _drawn(members, val, seed))
    return done


def _guarded(items):
    """Errors of the system while reading become one line."""
    try:
        yield from items
    except OSError as error:
        raise PocketmatteError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _set_name(text: str) -> str:
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in text).strip(".")
    if not name or name in ("backgrounds", "cutouts", "splits"):
        raise PocketmatteError(f"{text!r} cannot name a set of pictures; give --set NAME")
    return name


def _unique(stem: str, used: set[str]) -> str:
    candidate, number = stem, 1
    while candidate.lower() in used:  # some file systems do not tell A from a
        number += 1
        candidate = f"{stem}-{number}"
    used.add(candidate.lower())
    return candidate


def _write(
    item: Item, out: Path, group: str, stem: str, side: int | None, with_print: bool
) -> Fingerprint | None:
    if item.kind != "picture":
        folder = out / ("cutouts" if item.kind == "cutout" else "backgrounds") / group
        write_bytes(folder / (stem + item.image.suffix.lower()), item.image.read_bytes())
        return None
    file = item.image if isinstance(item.image, Path) else None
    image = item.image if file is None else read_rgb(file)
    labels = {"mask": item.mask, "alpha": item.alpha}
    for kind, label in labels.items():
        if label is not None and label.shape != image.shape[:2]:
            raise PocketmatteError(
                f"{file or item.name}: {image.shape[1]}x{image.shape[0]}, but its {kind} is "
                f"{label.shape[1]}x{label.shape[0]}; left out"
            )
    shrunk = side is not None and max(image.shape[:2]) > side
    if shrunk:
        image = shrink_to(image, side)
    base = out / group
    for kind in ("image", "mask", "alpha"):
        for suffix in SUFFIXES:  # an older one of another suffix would shadow the new file
            (base / kind / (stem + suffix)).unlink(missing_ok=True)
    for kind, label in labels.items():
        if label is not None:
            if shrunk:
                label = shrink_to(label.astype(np.float32), side)
            mask = (np.asarray(label, np.float32) > 0.5) if kind == "mask" else label
            write_bytes(base / kind / f"{stem}.png", encode_label(mask))
    if file is not None and not shrunk and file.suffix.lower() in SUFFIXES:
        write_bytes(base / "image" / (stem + file.suffix.lower()), file.read_bytes())
    else:
        suffix = ".webp" if shrunk else ".png"
        write_bytes(base / "image" / (stem + suffix), encode_rgb(image, suffix))
    return fingerprint(image) if with_print else None


def shrink_to(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture or label with its longer side at most `side`, averaged over areas."""
    factor = side / max(picture.shape[:2])
    if factor >= 1:
        return picture
    height, width = (max(1, round(n * factor)) for n in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _drawn(members, val: float, seed: int) -> dict[str, list[str]]:
    """Names by split, with whole groups of near-duplicates drawn from train into val."""
    splits: dict[str, list[str]] = {}
    train = [(name, mark) for name, split, mark in members if split == "train"]
    chosen: set[str] = set()
    if val > 0 and train:
        alike = groups(len(train), near_duplicates([mark for _, mark in train]))
        rng = np.random.default_rng(seed)
        goal = round(val * len(train))
        for index in rng.permutation(len(alike)):
            if len(chosen) + len(alike[index]) <= goal:
                chosen |= {train[i][0] for i in alike[index]}
    for name, split, _ in members:
        splits.setdefault("val" if name in chosen else split, []).append(name)
    return splits


def _write_splits(folder: Path, group: str, splits: dict[str, list[str]]) -> dict[str, int]:
    """Replace this set's lines in all split files, keep those of other sets."""
    present = {path.stem for path in folder.glob("*.txt")}
    for split in sorted(present | splits.keys()):
        path = folder / f"{split}.txt"
        old = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        kept = [line for line in old if line.strip() and not line.startswith(f"{group}/")]
        write_lines(path, kept + splits.get(split, []))
    return {split: len(names) for split, names in sorted(splits.items())}
