"""Render the picture of all filters side by side: `python docs/filter_pictures.py`."""

from pathlib import Path

import cv2
import numpy as np

import pocketmatte as pm
from pocketmatte.filters import apply, get_filter, list_filters
from pocketmatte.matting.preprocess import shrink
from pocketmatte.media.background import cover
from pocketmatte.media.photo import read_photo, write_photo

ROOT = Path(__file__).parents[1]
HEIGHT, WIDTH = 330, 300
COLUMNS = 3


def layers() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The photo, and foreground, alpha and background of its composite."""
    image = read_photo(ROOT / "examples" / "collins.jpg").image
    image = shrink(image[: image.shape[1] + 40], (2 * HEIGHT, 2 * WIDTH))
    matte = pm.matte(image)
    behind = read_photo(ROOT / "docs" / "backgrounds" / "lights.jpg").image
    return image, matte.foreground, matte.alpha, cover(behind, 2 * WIDTH, 2 * HEIGHT)


def damaged(alpha: np.ndarray) -> np.ndarray:
    """A matte as it should not be: specks, a bystander, pinholes and a veil over the room."""
    rng = np.random.default_rng(4)
    alpha = np.maximum(alpha, 0.12 * (cv2.GaussianBlur(alpha, (0, 0), 40) > 0.03))
    for _ in range(60):
        centre = int(rng.integers(alpha.shape[1])), int(rng.integers(alpha.shape[0]))
        level = 0.0 if alpha[centre[1], centre[0]] > 0.5 else 1.0
        cv2.circle(alpha, centre, 2, level, -1, cv2.LINE_AA)
    cv2.circle(alpha, (240, 480), 14, 0.0, -1, cv2.LINE_AA)
    cv2.ellipse(alpha, (70, 190), (30, 60), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    return alpha.astype(np.float32)


def tile(image: np.ndarray, text: str) -> np.ndarray:
    """A picture with its name below."""
    image = shrink(image, (HEIGHT, WIDTH))
    label = np.full((34, WIDTH, 3), 255, np.uint8)
    cv2.putText(label, text, (6, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30,) * 3, 1, cv2.LINE_AA)
    return cv2.copyMakeBorder(
        np.vstack([image, label]), 0, 0, 4, 4, cv2.BORDER_CONSTANT, value=(255,) * 3
    )


def main() -> None:
    image, foreground, alpha, background = layers()
    tiles = [tile(image, "photo")]
    for entry in list_filters():
        if entry.kind == "alpha":
            continue
        behind = image if entry.name == "blur" else background
        tiles.append(tile(entry(foreground, alpha, behind), entry.name))
    bad = damaged(alpha)
    tiles += [blank(tiles[0])] * (-len(tiles) % COLUMNS)
    plain = get_filter("alpha_blend")
    tiles.append(tile(plain(foreground, bad, background), "a damaged matte"))
    for entry in list_filters():
        if entry.kind == "alpha":
            tiles.append(tile(entry(foreground, bad, background), entry.name))
    chain = "keep_largest,fill_holes,smooth_step:low=0.2,color_transfer,light_wrap"
    tiles.append(tile(apply(chain, foreground, bad, background), "a chain of five"))
    tiles += [blank(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    write_photo(ROOT / "docs" / "images" / "filters.jpg", np.vstack(rows), quality=86)


def blank(like: np.ndarray) -> np.ndarray:
    return np.full_like(like, 255)


if __name__ == "__main__":
    main()
