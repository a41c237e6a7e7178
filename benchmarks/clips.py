"""Synthetic clips with true alpha: a person who moves apart from the background."""

from collections.abc import Iterator

import cv2
import numpy as np


def astronaut() -> np.ndarray:
    """A free portrait with a matte, from scikit-image and GrabCut: RGBA uint8, HWC."""
    from skimage.data import astronaut as picture

    image = picture()[:, :460]
    mask = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(mask, (210, 400), (215, 240), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (222, 130), (85, 115), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (222, 120), (52, 72), 0, 0, 360, cv2.GC_FGD, -1)
    cv2.ellipse(mask, (210, 420), (120, 180), 0, 0, 360, cv2.GC_FGD, -1)
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(image[..., ::-1].copy(), mask, None, *models, 3, cv2.GC_INIT_WITH_MASK)
    person = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    person = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    alpha = cv2.GaussianBlur(person * 255, (0, 0), 1.2)
    return np.dstack([image, alpha])


def rendered_scene(seed: int, width: int = 900, height: int = 600) -> np.ndarray:
    """A busy background of discs and boxes: RGB uint8, HWC."""
    rng = np.random.default_rng(seed)
    scene = cv2.resize(rng.integers(30, 220, (4, 6, 3), dtype=np.uint8), (width, height))
    for _ in range(60):
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        x, y = int(rng.integers(width)), int(rng.integers(height))
        size = int(rng.integers(8, 70))
        if rng.random() < 0.5:
            cv2.circle(scene, (x, y), size, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(scene, (x, y), (x + size, y + 2 * size), colour, -1)
    return scene


def clip(
    person: np.ndarray,
    scene: np.ndarray,
    kind: str = "sway",
    frames: int = 40,
    size: tuple[int, int] = (360, 640),
    noise: float = 4.0,
    seed: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield image (RGB uint8, HWC) and true alpha (float32 HW) for each frame.

    person: RGBA uint8. scene: RGB uint8. kind: "still" (only the sensor's noise moves), "sway"
    (the person moves before a still camera) or "walk" (the camera pans as well).
    noise: of the sensor, in levels; the frame then goes through JPEG, as webcams do.
    """
    height, width = size
    rng = np.random.default_rng(seed)
    zoom = 1.15 * max(width / scene.shape[1], height / scene.shape[0])
    behind = cv2.resize(scene, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    fit = 0.95 * height / person.shape[0]
    colour = np.float32(person[..., :3])
    cover = np.float32(person[..., 3]) / 255
    for index in range(frames):
        sway = 0.0 if kind == "still" else np.sin(index / 12)
        pan = 0.5 + (0.5 * np.sin(index / 25) if kind == "walk" else 0)
        x = int(pan * (behind.shape[1] - width))
        y = (behind.shape[0] - height) // 2
        place = cv2.getRotationMatrix2D(
            (person.shape[1] / 2, person.shape[0]), 4 * sway, fit * (1 + 0.02 * sway)
        )
        place[:, 2] += (
            width / 2 - person.shape[1] / 2 + 0.08 * width * sway,
            height - person.shape[0],
        )
        # the alpha is moved together with premultiplied colours, so it stays exact
        alpha = cv2.warpAffine(cover, place, (width, height), flags=cv2.INTER_AREA)
        shown = cv2.warpAffine(colour * cover[..., None], place, (width, height))
        image = shown + (1 - alpha[..., None]) * behind[y : y + height, x : x + width]
        image += rng.normal(0, noise, image.shape)
        encoded = cv2.imencode(
            ".jpg",
            np.clip(image, 0, 255).astype(np.uint8)[..., ::-1],
            [cv2.IMWRITE_JPEG_QUALITY, 88],
        )[1]
        yield cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1].copy(), np.clip(alpha, 0, 1)
