"""Render the README's picture from the example portraits: `python docs/pictures.py`."""

from pathlib import Path

import numpy as np

import pocketmatte as pm
from pocketmatte.matting.preprocess import shrink
from pocketmatte.media.photo import read_photo, write_photo

ROOT = Path(__file__).parents[1]
HEIGHT, WIDTH = 420, 390


def checkerboard(shape: tuple[int, int], cell: int = 16) -> np.ndarray:
    """The usual sign for transparency, RGB uint8."""
    rows, columns = np.indices(shape) // cell
    return np.repeat(np.where((rows + columns) % 2, 205, 240).astype(np.uint8)[..., None], 3, 2)


def panels(name: str, background: str) -> list[np.ndarray]:
    """Photo, alpha, cut-out on a checkerboard, composite: RGB uint8 of one height."""
    image = read_photo(ROOT / "examples" / name).image
    image = shrink(image[: image.shape[1] + 40], (HEIGHT, WIDTH))
    matte = pm.matte(image)
    alpha = np.repeat(np.round(matte.alpha * 255).astype(np.uint8)[..., None], 3, 2)
    cutout = pm.compose(matte, checkerboard(image.shape[:2]))
    composite = pm.compose(matte, ROOT / "docs" / "backgrounds" / background)
    return [image, alpha, cutout, composite]


def main() -> None:
    rows = [panels("collins.jpg", "beach.jpg"), panels("hopper.jpg", "lights.jpg")]
    gap = np.full((HEIGHT, 8, 3), 255, np.uint8)
    lines = [np.hstack([part for panel in row for part in (panel, gap)][:-1]) for row in rows]
    between = np.full((8, lines[0].shape[1], 3), 255, np.uint8)
    sheet = np.vstack([lines[0], between, lines[1]])
    write_photo(ROOT / "docs" / "images" / "before_after.jpg", sheet, quality=88)


if __name__ == "__main__":
    main()
