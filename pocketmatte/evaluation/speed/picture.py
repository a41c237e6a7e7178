"""A drawn portrait with its true alpha: something to time on any machine, without any file."""

from __future__ import annotations

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError


def draw_portrait(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Head, hair and shoulders before a textured wall; the same for the same size.

    Returns image (RGB uint8 HWC) and alpha (float32 HW in [0, 1]). About 3 % of the alpha's
    pixels are soft, as in portraits: the time of the refinement and of the foreground colours
    depends on it. Raises PocketmatteError for sizes under 32 or over 8192 pixels.
    """
    if not (32 <= height <= 8192 and 32 <= width <= 8192):
        raise PocketmatteError(
            f"{height}x{width} is no size to time; give height x width from 32 to 8192, "
            "such as 720x1280"
        )
    rng = np.random.default_rng(7)
    unit = min(height, width)
    centre = np.array([width / 2, height * 0.42])
    alpha, hair = _shapes(rng, height, width, unit, centre)
    tiles = rng.integers(90, 170, (9, 16, 1)) + rng.integers(-20, 20, (9, 16, 3))
    wall = cv2.resize(tiles.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    person = _person(height, width, unit, centre, hair)
    weight = cv2.merge([alpha] * 3)
    image = wall + weight * (person - wall.astype(np.float32))
    grain = rng.normal(0, 4, (height, width, 1)).astype(np.float32)
    return np.clip(image + grain, 0, 255).astype(np.uint8), alpha


def _shapes(rng, height, width, unit, centre) -> tuple[np.ndarray, np.ndarray]:
    """Alpha of the whole person, and of the hair alone."""
    body = np.zeros((height, width), np.float32)
    head = _ellipse(centre, 0.34 * unit, 0.44 * unit)
    neck = _ellipse(centre, 0.2 * unit, 0.4 * unit, down=0.24 * unit)
    for part in (head, neck):
        cv2.ellipse(body, part, 1.0, -1)
    cv2.ellipse(body, _ellipse((centre[0], height * 1.06), 1.05 * unit, 0.7 * unit), 1.0, -1)
    body = cv2.GaussianBlur(body, (0, 0), max(unit / 500, 0.5))
    hair = np.zeros((height, width), np.float32)
    top = centre - (0, 0.1 * unit)
    cv2.ellipse(hair, _ellipse(top, 0.4 * unit, 0.42 * unit), 1.0, -1)
    for angle in rng.uniform(-np.pi, 0, 220):
        out = np.array([np.cos(angle) * 0.2, np.sin(angle) * 0.21]) * unit
        tip = top + out * rng.uniform(1.05, 1.3) + rng.normal(0, 0.015 * unit, 2)
        ends = [tuple(np.rint(point).astype(int).tolist()) for point in (top + out * 0.9, tip)]
        cv2.line(hair, *ends, float(rng.uniform(0.3, 0.9)), max(unit // 400, 1), cv2.LINE_AA)
    hair = cv2.GaussianBlur(hair, (0, 0), max(unit / 700, 0.5))
    return np.clip(np.maximum(body, hair), 0, 1), hair


def _person(height, width, unit, centre, hair) -> np.ndarray:
    """Colours of the person, float32 HWC: shirt, skin, hair."""
    person = np.empty((height, width, 3), np.float32)
    person[:] = (46, 74, 120)
    chin = int(centre[1] + 0.33 * unit)
    person[:chin] = (206, 158, 134)
    face = np.zeros((height, width), np.uint8)
    cv2.ellipse(face, _ellipse(centre, 0.27 * unit, 0.36 * unit, down=0.03 * unit), 1, -1)
    weight = cv2.merge([hair * (face == 0)] * 3)
    person += weight * (np.float32((52, 36, 28)) - person)
    for side in (-1, 1):
        eye = (centre[0] + side * 0.065 * unit, centre[1] - 0.01 * unit)
        cv2.ellipse(person, _ellipse(eye, 0.05 * unit, 0.025 * unit), (40, 30, 30), -1)
    mouth = _ellipse(centre, 0.1 * unit, 0.03 * unit, down=0.12 * unit)
    cv2.ellipse(person, mouth, (150, 70, 70), -1)
    return person


def _ellipse(centre, width, height, down=0.0):
    return (float(centre[0]), float(centre[1] + down)), (float(width), float(height)), 0.0
