"""Shared material: small data folders of rendered people, real free portraits."""

import cv2
import numpy as np
import pytest


def render_person(rng, height=96, width=72):
    """A picture of a head and shoulders before a textured wall, and its soft alpha."""
    wall = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    image = cv2.resize(wall, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    alpha = np.zeros((height, width), np.float32)
    x, y = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.35, 0.5)
    head = (int(width * 0.16), int(height * 0.18))
    cv2.ellipse(alpha, ((x, y), (2 * head[0], 2 * head[1]), 0), 1.0, -1)
    shoulders = (x, height * 1.05), (width * 0.75, height * 0.8), 0
    cv2.ellipse(alpha, shoulders, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.0)
    skin = np.float32(rng.uniform((120, 80, 60), (235, 190, 170)))
    shirt = np.float32(rng.uniform(20, 230, 3))
    person = np.where(np.arange(height)[:, None, None] < y + head[1], skin, shirt)
    image += alpha[..., None] * (person - image)
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8), alpha


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """A data folder in the project's layout: 24 training, 4 validation, 3 test pictures."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    splits = {"train": 24, "val": 4, "test": 3, "unlabelled": 2}
    (root / "splits").mkdir()
    for split, count in splits.items():
        group = "unlabelled" if split == "unlabelled" else "people"
        names = [f"{split}{index}" for index in range(count)]
        lines = "".join(f"{group}/{name}\n" for name in names)
        (root / "splits" / f"{split}.txt").write_text(lines)
        for kind in ("image", "mask", "alpha"):
            (root / group / kind).mkdir(parents=True, exist_ok=True)
        for name in names:
            image, alpha = render_person(rng)
            levels = np.round(alpha * 255).astype(np.uint8)
            cv2.imwrite(str(root / group / "image" / f"{name}.png"), image[..., ::-1])
            cv2.imwrite(str(root / group / "alpha" / f"{name}.png"), levels)
            if group == "people":
                mask = np.where(alpha > 0.5, 255, 0).astype(np.uint8)
                cv2.imwrite(str(root / group / "mask" / f"{name}.png"), mask)
    (root / "backgrounds" / "walls").mkdir(parents=True)
    (root / "cutouts").mkdir()
    for index in range(4):
        image, alpha = render_person(rng)
        rgba = np.dstack([image[..., ::-1], np.round(alpha * 255).astype(np.uint8)])
        cv2.imwrite(str(root / "cutouts" / f"{index}.png"), rgba)
        wall = cv2.resize(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8), (120, 90))
        cv2.imwrite(str(root / "backgrounds" / "walls" / f"{index}.png"), wall)
    return root


@pytest.fixture(scope="session")
def astronaut():
    """Eileen Collins (NASA), RGB uint8, 512x512."""
    return pytest.importorskip("skimage.data").astronaut()
