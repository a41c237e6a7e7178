"""What the Python package says, for the page's unit tests: `python apps/web/fixtures.py`.

Writes apps/web/tests/fixtures.json. The pictures are rendered.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.filters.color_transfer import color_transfer
from pocketmatte.filters.harmonize import _PACE, judge
from pocketmatte.harmony.change import read_proposals
from pocketmatte.harmony.network import to_layers
from pocketmatte.matting.foreground import solve_layers
from pocketmatte.matting.preprocess import grid_size, shrink
from pocketmatte.matting.refine import guided_upsample
from pocketmatte.matting.solidify import solidify
from pocketmatte.matting.temporal import TemporalFilter

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "pocketmatte" / "web" / "page"
FULL, GRID = (72, 90), (24, 30)
SLIGHT = 0.16  # of a change
PICTURES = [(480, 640), (720, 1280), (1280, 720), (512, 512), (3000, 400), (1, 1), (1080, 1920)]


def scene(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A head before a textured wall: RGB uint8 and soft alpha."""
    rng = np.random.default_rng(5)
    height, width = FULL
    wall = rng.integers(0, 256, (6, 7, 3)).astype(np.uint8)
    image = cv2.resize(wall, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    alpha = np.zeros(FULL, np.float32)
    cv2.ellipse(alpha, ((width * 0.5 + shift, height * 0.4), (26, 33), 8), 1.0, -1)
    cv2.ellipse(alpha, ((width * 0.5 + shift, height * 1.05), (68, 56), 0), 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.5)
    image += alpha[..., None] * (np.float32((205, 150, 120)) - image)
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8), alpha


def numbers(array: np.ndarray, digits: int = 4) -> list:
    if array.dtype == np.uint8:
        return array.ravel().tolist()
    return np.round(array.astype(float), digits).ravel().tolist()


def build() -> dict:
    image, alpha = scene()
    small, coarse = shrink(image, GRID), shrink(alpha, GRID)
    doubtful = np.clip(coarse * 0.9 + 0.08, 0, 1)
    tangled = cv2.resize(np.random.default_rng(3).random((9, 8)), GRID[::-1]).astype(np.float32)
    fore, back = solve_layers(small, coarse)
    wall = np.ascontiguousarray(np.flipud(image))
    steady, steps = TemporalFilter(flow=False), []
    for shift in (0.0, 0.0, 3.0, 3.0):
        frame, matte = scene(shift)
        frame, matte = shrink(frame, GRID), shrink(matte, GRID)
        matte = np.clip(matte + 0.1 * np.sin(len(steps)), 0, 1).astype(np.float32)
        result = steady(matte, frame)
        steps.append(
            {"image": numbers(frame), "alpha": numbers(matte), "expected": numbers(result)}
        )
    return {
        "grid": {"height": GRID[0], "width": GRID[1]},
        "full": {"height": FULL[0], "width": FULL[1]},
        "image": numbers(image),
        "small": numbers(small),
        "alpha": numbers(coarse),
        "doubtful": numbers(doubtful),
        "solidified": numbers(solidify(doubtful)),
        "tangled": numbers(tangled),
        "untangled": numbers(solidify(tangled, 2.0)),
        "upsampled": numbers(guided_upsample(coarse, image, trust=0.5, small=small)),
        "fore": numbers(fore),
        "back": numbers(back),
        "transferred": numbers(color_transfer(small, coarse, shrink(wall, GRID))),
        "wall": numbers(shrink(wall, GRID)),
        "temporal": steps,
        "harmony": harmony(small, coarse, shrink(wall, GRID)),
        "grids": [[*size, *grid_size(*size, 30976, 32)] for size in PICTURES],
        "patched": {entry["name"]: _patched(entry) for entry in networks()},
    }


def harmony(image: np.ndarray, alpha: np.ndarray, scene: np.ndarray) -> dict:
    """Two proposals for one person, and what becomes of them."""
    rng, cells = np.random.default_rng(8), (3, 4)
    raw = [rng.normal(0, 0.25, (24, *cells)).astype(np.float32) for _ in range(2)]
    changes = [read_proposals(proposals, alpha) for proposals in raw]
    mean = changes[0].toward(changes[1], _PACE)
    sizes = [judge(change, image, alpha) for change in (*changes, changes[0] * SLIGHT)]
    return {
        "cells": {"height": cells[0], "width": cells[1]},
        "layers": numbers(to_layers(image, alpha, scene)[0].transpose(1, 2, 0)),
        "proposals": [numbers(proposals.transpose(1, 2, 0), 7) for proposals in raw],
        "applied": [numbers(change.apply(image, alpha)) for change in (*changes, mean)],
        "judged": sizes,
        "slight": SLIGHT,
        "pace": _PACE,
    }


def networks() -> list[dict]:
    """What the page's listing says of its networks."""
    listing = json.loads((PAGE / "models.json").read_text())
    return [*listing["networks"], listing["harmonizer"]]


def _patched(entry: dict) -> str:
    sys.path.insert(0, str(HERE))
    from patches import apply_patches

    data = (PAGE / entry["file"]).read_bytes()
    return hashlib.sha256(apply_patches(data, entry["patches"], 192, 160)).hexdigest()


def main() -> None:
    (HERE / "tests" / "fixtures.json").write_text(json.dumps(build(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
