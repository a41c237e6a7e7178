"""Render the sheet of 24 composites: `python docs/harmonize_sheet.py [OUT.jpg]`.

Three people in free pictures before eight scenes that are rendered here or beside this file: pasted
as they are, with Reinhard's transfer, harmonised. On the right, the person came from a camera that
is off. Two portraits are of `examples/`; the third shows Luis Pedro Coelho, author of the package
mahotas, which ships it under the MIT licence.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

import pocketmatte as pm
from pocketmatte.data.grades import draw_grade
from pocketmatte.filters import get_filter
from pocketmatte.matting.preprocess import shrink
from pocketmatte.media.photo import read_photo, write_photo

ROOT = Path(__file__).parents[1]
HEIGHT, WIDTH = 176, 150
LOOKS = (("alpha_blend", {}), ("color_transfer", {"strength": 1}), ("harmonize", {}))


def portraits() -> list[np.ndarray]:
    """RGB uint8 pictures of people."""
    images = [read_photo(ROOT / name).image for name in PEOPLE]
    return [image[: image.shape[1] + 60] for image in images]


def scenes() -> list[np.ndarray]:
    """Two pictures and six rendered lights: noon, dusk, night, neon, snow, forest."""
    files = [read_photo(ROOT / "docs" / "backgrounds" / f"{n}.jpg").image for n in FILES]
    return files + [_rendered(top, bottom, seed) for seed, (top, bottom) in enumerate(LIGHTS)]


PEOPLE = ("examples/collins.jpg", "examples/hopper.jpg", "docs/portraits/coelho.jpg")
_FAULT = 1.3  # of the cameras that are off, see `draw_grade`
FILES = ("beach", "lights")
LIGHTS = (
    ((150, 200, 245), (235, 225, 200)),
    ((250, 150, 80), (90, 50, 60)),
    ((10, 14, 34), (28, 32, 60)),
    ((150, 20, 140), (20, 60, 120)),
    ((235, 240, 248), (205, 215, 230)),
    ((60, 95, 50), (30, 50, 25)),
)


def _rendered(top: tuple, bottom: tuple, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    down = np.linspace(0, 1, 400)[:, None, None] ** 1.5
    scene = np.array(top) * (1 - down) + np.array(bottom) * down
    blobs = cv2.resize(rng.normal(0, 1, (9, 8, 1)).astype(np.float32), (340, 400))
    scene = scene * (1 + 0.16 * blobs[..., None])
    return np.clip(scene, 0, 255).astype(np.uint8)


def main(out: Path) -> None:
    cells = []
    for image in portraits():
        image = shrink(image, (2 * HEIGHT, 2 * WIDTH))
        matte = pm.matte(image)
        for number, scene in enumerate(scenes()):
            person = matte.foreground
            if number % 2:
                person = draw_grade(np.random.default_rng(len(cells)), _FAULT)(person)
            layers = person, matte.alpha, shrink(scene, image.shape[:2])
            panels = [get_filter(name)(*layers, **options) for name, options in LOOKS]
            cells.append(np.hstack([shrink(panel, (HEIGHT, WIDTH)) for panel in panels]))
    gap = np.full((HEIGHT, 10, 3), 255, np.uint8)
    rows = [np.hstack([cells[i], gap, cells[i + 1]]) for i in range(0, len(cells), 2)]
    between = np.full((6, rows[0].shape[1], 3), 255, np.uint8)
    sheet = np.vstack([part for row in rows for part in (row, between)][:-1])
    write_photo(out, sheet, quality=85)


if __name__ == "__main__":
    default = ROOT / "docs" / "images" / "harmonize.jpg"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
