"""Supervisely projects: people as polygons and as bitmaps, in one JSON file a picture."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.formats import Item
from pocketmatte.data.formats.files import PICTURES, nothing_found
from pocketmatte.data.formats.polygons import draw_polygon
from pocketmatte.errors import PocketmatteError

PERSON = ("person", "human", "portrait", "people")


def read_supervisely(root: Path) -> Iterator[Item]:
    """<dataset>/img/<name>.jpg with <dataset>/ann/<name>.jpg.json (or <name>.json).

    Objects whose class title begins with person, human, portrait or people are drawn in the
    file's order; other classes ("neutral": do not know) are cut out of what lies under them, as
    the tool itself shows them. Pictures without any person are left out.
    """
    folders = [p.parent for p in sorted(root.rglob("ann")) if (p.parent / "img").is_dir()]
    if not folders:
        raise nothing_found(root, "<dataset>/img and <dataset>/ann")
    for folder in folders:
        for path in sorted((folder / "ann").glob("*.json")):
            image = _image(folder / "img", path.stem)
            mask = _mask(path)
            if mask.any():
                prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
                yield Item(f"{prefix}{image.stem}", image, mask=mask)


def _image(folder: Path, name: str) -> Path:
    if (folder / name).is_file():
        return folder / name
    found = next((p for s in PICTURES if (p := folder / f"{name}{s}").is_file()), None)
    if found is None:
        raise PocketmatteError(f"{folder / name}: missing, though an annotation describes it")
    return found


def _mask(path: Path) -> np.ndarray:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        size = content["size"]
        mask = np.zeros((int(size["height"]), int(size["width"])), np.uint8)
        for entry in content["objects"]:
            _draw(mask, entry, int(entry["classTitle"].lower().startswith(PERSON)))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error, cv2.error) as error:
        raise PocketmatteError(
            f"{path}: not a Supervisely annotation ({type(error).__name__}: {error}); "
            "export the project again"
        ) from error
    return mask.astype(bool)


def _draw(mask: np.ndarray, entry: dict, value: int) -> None:
    bitmap = entry.get("bitmap")
    if bitmap:
        packed = zlib.decompress(base64.b64decode(bitmap["data"]))
        tile = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED)
        if tile is None:
            raise ValueError("its bitmap is no PNG")
        filled = (tile[..., -1] if tile.ndim == 3 else tile) > 0
        x, y = (int(v) for v in bitmap["origin"])
        top, left = max(0, y), max(0, x)
        filled = filled[top - y : mask.shape[0] - y, left - x : mask.shape[1] - x]
        mask[top : top + filled.shape[0], left : left + filled.shape[1]][filled] = value
        return
    points = entry.get("points") or {}
    if points.get("exterior"):
        shape = np.zeros_like(mask)
        draw_polygon(shape, points["exterior"])
        for hole in points.get("interior") or []:
            draw_polygon(shape, hole, 0)
        mask[shape > 0] = value
