"""COCO annotations: masks of the category "person" from polygons and run lengths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pocketmatte.data.formats import Item
from pocketmatte.data.formats.files import nothing_found
from pocketmatte.data.formats.polygons import decode_runs, decode_text, draw_polygon
from pocketmatte.errors import PocketmatteError

PERSON = "person"


def read_coco(root: Path) -> Iterator[Item]:
    """Pictures with at least one person; all people of a picture, crowds too, make its mask.

    Reads annotations/instances_<split>.json (or any .json in annotations/ or in the folder
    itself) with the pictures in <split>/, images/<split>/, images/ or the folder itself. Lin et
    al. 2014, "Microsoft COCO: Common Objects in Context", section "Data format".
    """
    files = sorted((root / "annotations").glob("*.json")) or sorted(root.glob("*.json"))
    # caption and keypoint files list the same pictures without masks of everyone
    files = [f for f in files if not f.name.startswith(("captions", "person_keypoints"))]
    if not files:
        raise nothing_found(root, "annotations/*.json")
    for path in files:
        yield from _read(root, path)


def _read(root: Path, path: Path) -> Iterator[Item]:
    try:
        with path.open(encoding="utf-8") as file:
            content = json.load(file, object_hook=_compact)
        people = {c["id"] for c in content["categories"] if c["name"].lower() == PERSON}
        images, annotations = content["images"], content["annotations"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PocketmatteError(
            f"{path}: not COCO instance annotations ({type(error).__name__}: {error}); "
            "it must hold images, annotations and categories"
        ) from error
    if not people:
        raise PocketmatteError(f"{path}: has no category {PERSON!r}; nothing to convert")
    by_image: dict = {}
    for annotation in annotations:
        if annotation["category_id"] in people:
            by_image.setdefault(annotation["image_id"], []).append(annotation["segmentation"])
    split = path.stem.removeprefix("instances_")
    for image in images:
        if image["id"] in by_image:
            file = _picture(root, split, image["file_name"])
            mask = _mask(by_image[image["id"]], image["height"], image["width"], path, image["id"])
            name = f"{split}/{Path(image['file_name']).with_suffix('').as_posix()}"
            yield Item(name, file, mask=mask, split=_division(split))


def _compact(entry: dict) -> dict:
    """Keep of an annotation what a mask needs, polygons as arrays: a tenth of the memory."""
    if "segmentation" not in entry or "category_id" not in entry:
        return entry
    shape = entry["segmentation"]
    if isinstance(shape, list):
        shape = [np.asarray(polygon, np.float32) for polygon in shape]
    kept = {key: entry[key] for key in ("image_id", "category_id")}
    return kept | {"segmentation": shape}


def _division(split: str) -> str | None:
    return next((name for name in ("train", "val", "test") if split.startswith(name)), None)


def _picture(root: Path, split: str, name: str) -> Path:
    places = (root / split, root / "images" / split, root / "images", root)
    found = next((place / name for place in places if (place / name).is_file()), None)
    if found is None:
        raise PocketmatteError(
            f"{root / split / name}: missing, though the annotations list it; "
            "put the pictures beside annotations/"
        )
    return found


def _mask(shapes: list, height: int, width: int, path: Path, number) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    try:
        for shape in shapes:
            if isinstance(shape, dict):
                counts = shape["counts"]
                runs = decode_text(counts) if isinstance(counts, str) else counts
                mask |= decode_runs(runs, *shape["size"])
            else:
                for polygon in shape:
                    draw_polygon(mask, polygon)
    except (ValueError, KeyError, TypeError) as error:
        raise PocketmatteError(
            f"{path}: the segmentation of image {number} is damaged ({error}); remove it"
        ) from error
    return mask.astype(bool)
