"""Synthetic pictures: people on other backgrounds, with the alpha known."""

from __future__ import annotations

import cv2
import numpy as np

from pocketmatte.data.transforms import Generator, random_tone, random_view, warp


def bleed_foreground(rgba: np.ndarray) -> np.ndarray:
    """Replace colours in the soft edge by those of the solid person nearby (RGBA uint8).

    Without it, a person pasted on a new background would carry a seam of the old one. This is
    one pass of blurred colour propagation, enough at training resolution.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    solid = alpha**8
    size = max(7, max(rgba.shape[:2]) // 10) | 1
    weight = cv2.blur(solid, (size, size))[..., None]
    spread = cv2.blur(rgba[..., :3] * solid, (size, size)) / np.maximum(weight, 1e-4)
    keep = np.where(weight > 1e-4, solid, 1.0)
    colours = rgba[..., :3] * keep + spread * (1 - keep)
    return np.dstack([np.round(colours).astype(np.uint8), rgba[..., 3]])


def random_background(
    rng: Generator, backgrounds: list[np.ndarray], out: tuple[int, int]
) -> np.ndarray:
    """A view of a background picture, at times with things in it; or a plain wall (RGB uint8)."""
    if rng.random() < 0.1:
        return _plain_wall(rng, out)
    scene = _view_of(rng, backgrounds, out)
    if rng.random() < 0.25:
        scene = _put_thing(rng, scene, _view_of(rng, backgrounds, out))
    if rng.random() < 0.15:  # a shallow depth of field
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(1, 5))
    return scene


def _view_of(rng: Generator, backgrounds: list[np.ndarray], out: tuple[int, int]) -> np.ndarray:
    picture = backgrounds[rng.integers(len(backgrounds))]
    view = random_view(rng, picture.shape[:2], out, (1.0, 2.5))
    return random_tone(rng, warp(picture, view, out, cv2.BORDER_REFLECT_101))


def _plain_wall(rng: Generator, out: tuple[int, int]) -> np.ndarray:
    """A colour with a soft gradient; down to a covered lens and up to a white-out."""
    level, spread = rng.uniform(-60, 315), rng.choice([0, 8, 25])
    corners = rng.normal(level, spread, (2, 2, 3)).clip(0, 255).astype(np.float32)
    return cv2.resize(corners, out[::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _put_thing(rng: Generator, scene: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """Put an object of random shape into a scene: what stands out is not always a person."""
    height, width = scene.shape[:2]
    blob = cv2.resize(rng.random((4, 4)).astype(np.float32), (width, height), None, 0, 0, 2)
    rows, cols = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    y, x = rng.uniform(-0.6, 0.6, 2)
    size = rng.uniform(0.3, 0.9)
    shape = blob - np.hypot(rows - y, cols - x).astype(np.float32) / size
    weight = np.clip(shape * 0.15 * width + 0.5, 0, 1)
    return cv2.blendLinear(texture, scene, weight, 1 - weight)


def paste(scene: np.ndarray, alpha: np.ndarray, rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a person (RGBA uint8) in front of a scene.

    Returns:
        The new scene (RGB uint8) and alpha (uint8): whatever belongs to any person.
    """
    weight = rgba[..., 3].astype(np.float32) / 255
    scene = cv2.blendLinear(
        np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(scene), weight, 1 - weight
    )
    union = 255 - (255 - alpha.astype(np.float32)) * (1 - weight)
    return scene, np.round(union).astype(np.uint8)


def random_person(
    rng: Generator, people: list[np.ndarray], out: tuple[int, int], zoom: tuple[float, float]
) -> np.ndarray:
    """A view of a cut-out person, tones changed, transparent outside (RGBA uint8)."""
    rgba = people[rng.integers(len(people))]
    view = random_view(rng, rgba.shape[:2], out, zoom)
    # no shift off a side where the person is cut by the frame would look pasted: keep the cut
    # at the view's bottom edge, where most portraits have it
    bottom = view[:, :2] @ ((rgba.shape[1] - 1) / 2, rgba.shape[0] - 1) + view[:, 2]
    view[1, 2] += max(0.0, out[0] - bottom[1])
    rgba = bleed_foreground(warp(rgba, view, out, cv2.BORDER_CONSTANT))
    return np.dstack([random_tone(rng, rgba[..., :3]), rgba[..., 3]])


def composite(
    rng: Generator,
    people: list[np.ndarray],
    backgrounds: list[np.ndarray],
    out: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """One to three people before a background; sometimes nobody.

    Args:
        people: RGBA uint8 pictures.
        backgrounds: RGB uint8 pictures without people.
        out: (height, width).

    Returns:
        Picture RGB uint8 HWC and alpha uint8 HW.
    """
    scene = random_background(rng, backgrounds, out)
    alpha = np.zeros(out, np.uint8)
    count = rng.choice(4, p=(0.14, 0.66, 0.15, 0.05))
    for number in range(count):
        zoom = (0.6, 1.5) if number == count - 1 else (0.4, 0.9)
        scene, alpha = paste(scene, alpha, random_person(rng, people, out, zoom))
    return scene, alpha
