"""What the page needs from the package: weights, cards, backgrounds, icons.

    pip install ".[mobile]" && python apps/web/prepare.py

`npm run build` runs it first. Writes to apps/web/generated, from there Vite copies it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
from patches import grid_patches

from pocketmatte.filters.harmonize import _CLEAR, _NOISE, _PACE
from pocketmatte.harmony.network import DEFAULT as HARMONIZER
from pocketmatte.weights import Card, find_weights, list_models

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OUT = HERE / "generated"
BACKGROUND_SIZE = (960, 720)
BACKGROUND_QUALITY = 60
SMALLEST = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 9),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT),
]


def write_network(card: Card, folder: Path) -> dict:
    """Convert one network; its entry in models.json."""
    if card.sizes:
        raise ValueError(f"{card.name}: the page runs networks at any grid, not at fixed sizes")
    path, _ = find_weights(card.name)
    data, patches = grid_patches(onnx.load(path), card.stride)
    file = f"models/{card.name}-{hashlib.sha256(data).hexdigest()[:8]}.tflite"
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(data)
    return {
        "name": card.name,
        "description": card.description,
        "licence": card.licence,
        "parameters": card.parameters,
        "file": file,
        "bytes": len(data),
        "mean": card.mean,
        "std": card.std,
        "area": card.area,
        "stride": card.stride,
        "scores": {key: card.scores.get("test", {}).get(key) for key in ("iou", "boundary_f")},
        "patches": patches,
    }


def write_backgrounds(folder: Path) -> list[dict]:
    """The example backgrounds, smaller."""
    folder.mkdir()
    entries = []
    for path in sorted((ROOT / "docs" / "backgrounds").glob("*.jpg")):
        picture = cv2.resize(cv2.imread(str(path)), BACKGROUND_SIZE, interpolation=cv2.INTER_AREA)
        file = folder / f"{path.stem}.webp"
        cv2.imwrite(str(file), picture, [cv2.IMWRITE_WEBP_QUALITY, BACKGROUND_QUALITY])
        entries.append({"name": path.stem, "file": f"{folder.name}/{file.name}"})
    return entries


def draw_icon(side: int, margin: float) -> np.ndarray:
    """A person whose half is cut out: RGBA uint8. margin: share left free around."""
    scale = 4
    size = side * scale
    y, x = np.mgrid[0:size, 0:size] / size
    y, x = ((v - 0.5) / (1 - 2 * margin) + 0.5 for v in (y, x))
    head = np.hypot(x - 0.5, y - 0.38) < 0.17
    body = (np.hypot((x - 0.5) / 0.34, (y - 0.98) / 0.38) < 1) & (y < 0.92)
    checks = (np.floor(x * 10) + np.floor(y * 10)) % 2 > 0
    image = np.zeros((size, size, 4), np.uint8)
    image[:] = (64, 42, 24, 255)
    image[checks & (x > 0.5)] = (84, 60, 38, 255)
    image[head | body] = (178, 232, 255, 255)
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


def source_hash(folder: Path = HERE) -> str:
    """One fingerprint of all that the page is made of, weights aside."""
    kinds = ("*.ts", "*.css", "*.html", "*.py", "*.webmanifest", "package*.json", "tsconfig.json")
    made = {"node_modules", "generated", "tests"}
    files = {
        path
        for kind in kinds
        for path in folder.rglob(kind)
        if made.isdisjoint(path.relative_to(folder).parts)
    }
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(HERE / "static", OUT)
    networks = [write_network(card, OUT) for card in list_models()]
    _, harmonizer = find_weights(HARMONIZER)
    backgrounds = write_backgrounds(OUT / "backgrounds")
    listing = {
        "networks": networks,
        "harmonizer": write_network(harmonizer, OUT)
        | {"noise": _NOISE, "clear": _CLEAR, "pace": _PACE},
        "backgrounds": backgrounds,
    }
    (OUT / "models.json").write_text(json.dumps(listing, separators=(",", ":")) + "\n")
    weights = {card.name: card.sha256 for card in (*list_models(), harmonizer)}
    build = {"sources": source_hash(), "weights": weights}
    (OUT / "build.json").write_text(json.dumps(build, indent=2) + "\n")
    for side, margin, name in ((192, 0, "icon-192"), (512, 0, "icon-512"), (512, 0.16, "maskable")):
        cv2.imwrite(str(OUT / f"{name}.png"), draw_icon(side, margin), SMALLEST)


if __name__ == "__main__":
    main()
