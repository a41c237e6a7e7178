"""Short clips with true alpha: a person who moves apart from the background, as on a video call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.layout import read_grey, read_rgb
from pocketmatte.data.material import Material, cut_sides
from pocketmatte.data.synthesize import bleed_foreground
from pocketmatte.data.transforms import Generator, random_tone
from pocketmatte.errors import PocketmatteError

KINDS = ("still", "sway", "walk", "pan")
# moments at which the open shutter is looked through, in frames; more for fast movement
_MOMENTS = {"still": 1, "sway": 3, "walk": 7, "pan": 5}


@dataclass
class Clip:
    """A clip to be drawn frame by frame.

    kind: "still" (only the sensor's noise moves), "sway" (the person moves before a still
    camera), "walk" (the person crosses the picture) or "pan" (person and camera both move).
    """

    kind: str
    frames: int
    person: np.ndarray
    background: np.ndarray
    out: tuple[int, int]
    path: _Path
    noise: float
    quality: int
    seed: tuple[int, ...]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Frames: image RGB uint8 HWC, alpha float32 HW in [0, 1].

        Both are means over the time that the shutter is open, so fast edges are truly soft.
        """
        for index in range(self.frames):
            rng = np.random.default_rng((*self.seed, index))
            moments = (np.arange(_MOMENTS[self.kind]) + 0.5) / _MOMENTS[self.kind] - 0.5
            drawn = [self._draw(index + 0.5 * moment) for moment in moments]
            image = sum(picture for picture, _ in drawn) / len(drawn)
            alpha = sum(cover for _, cover in drawn) / len(drawn)
            yield self._sensor(rng, image), np.clip(alpha, 0, 1).astype(np.float32)

    def _draw(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        height, width = self.out
        scene = _warp(self.background, self.path.camera(time), self.out, cv2.BORDER_REFLECT_101)
        premultiplied = _warp(self.person, self.path.body(time), self.out, cv2.BORDER_CONSTANT)
        bend = self.path.bend(time)
        if bend:  # the upper body leans further than the hips
            y, x = np.indices((height, width), np.float32)
            x = x - np.float32(bend) * (1 - y / height) ** 2
            premultiplied = cv2.remap(premultiplied, x, y, cv2.INTER_LINEAR)
        alpha = premultiplied[..., 3]
        return premultiplied[..., :3] + (1 - alpha[..., None]) * scene, alpha

    def _sensor(self, rng: Generator, image: np.ndarray) -> np.ndarray:
        grain = rng.standard_normal(image.shape, np.float32) * np.float32(self.noise)
        picture = np.clip(image + grain, 0, 255).astype(np.uint8)
        code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        return cv2.imdecode(code, cv2.IMREAD_COLOR)


def make_clip(
    seed: int | tuple[int, ...],
    material: Material,
    out: tuple[int, int] = (288, 512),
    frames: int = 24,
    kind: str | None = None,
) -> Clip:
    """Draw a clip: who, before what, and how they move.

    Args:
        seed: the same seed gives the same clip, on any machine and in any order.
        material: people (RGBA) and backgrounds.
        out: (height, width).
        frames: number of frames, at 25 a second.
        kind: one of KINDS; None draws one.

    Raises PocketmatteError for an unknown kind or fewer than one frame.
    """
    if kind not in (None, *KINDS):
        raise PocketmatteError(f"unknown kind of clip {kind!r}; choose from {', '.join(KINDS)}")
    if frames < 1:
        raise PocketmatteError(f"a clip of {frames} frames; give at least 1")
    seed = (seed,) if isinstance(seed, int) else tuple(seed)
    rng = np.random.default_rng((*seed, 1_000_003))
    kind = kind or str(rng.choice(KINDS, p=(0.15, 0.4, 0.2, 0.25)))
    for _ in range(12):  # whoever moves is better seen whole
        rgba = material.people[int(rng.integers(len(material.people)))]
        if not any(cut_sides(rgba)):
            break
    rgba = bleed_foreground(rgba)
    background = material.backgrounds[int(rng.integers(len(material.backgrounds)))]
    cover = rgba[..., 3:].astype(np.float32) / 255
    colour = random_tone(rng, np.ascontiguousarray(rgba[..., :3]), 0.6).astype(np.float32)
    path = _Path(rng, kind, rgba.shape[:2], background.shape[:2], out, frames)
    return Clip(
        kind=kind,
        frames=frames,
        person=np.dstack([colour * cover, cover]),
        background=random_tone(rng, background, 0.6).astype(np.float32),
        out=out,
        path=path,
        noise=float(rng.uniform(1, 7)),
        quality=int(rng.integers(55, 95)),
        seed=seed,
    )


def read_clip(folder: str | Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames of a clip on disk: image RGB uint8 HWC, alpha float32 HW in [0, 1].

    Raises PocketmatteError when the folder is no clip or a frame is missing.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / "clip.json").read_text(encoding="utf-8"))
        frames = int(facts["frames"])
    except (OSError, ValueError, KeyError, TypeError):
        raise PocketmatteError(f"{folder}: not a clip; it has no readable clip.json") from None
    for index in range(frames):
        image, alpha = folder / "image" / f"{index:04d}.webp", folder / "alpha" / f"{index:04d}.png"
        if not (image.is_file() and alpha.is_file()):
            raise PocketmatteError(f"{image}: frame or its alpha is missing; make the clip again")
        yield read_rgb(image), read_grey(alpha)


class _Path:
    """Smooth random motion of body and camera, as sums of slow sines."""

    def __init__(self, rng: Generator, kind: str, person, background, out, frames: int):
        self.out, self.person, self.background = out, person, background
        (height, width), (tall, wide) = out, person
        moves = {"still": 0.0, "sway": 1.0, "walk": 0.6, "pan": 1.0}[kind]
        camera = 1.0 if kind == "pan" else 0.0
        self.fit = min(rng.uniform(0.75, 1.15) * height / tall, 1.3 * width / wide)
        self.middle = rng.normal(0.5, 0.1) * width
        self.stride = 0.0
        if kind == "walk":
            self.stride = rng.choice([-1, 1]) * rng.uniform(0.3, 0.8) * width / max(frames, 12)
            self.middle -= self.stride * frames / 2
        self.x = _waves(rng, 0.06 * width * moves)
        self.y = _waves(rng, 0.025 * height * moves)
        self.turn = _waves(rng, 0.05 * moves)
        self.grow = _waves(rng, 0.05 * moves)
        self.lean = _waves(rng, 0.05 * width * moves)
        self.camera_x = _waves(rng, 0.1 * width * camera)
        self.camera_y = _waves(rng, 0.04 * height * camera)
        # room to pan without running into the mirrored border
        need = 1.0 + 0.3 * camera
        self.zoom = need * rng.uniform(1, 1.4) * max(height / background[0], width / background[1])

    def body(self, time: float) -> np.ndarray:
        scale, angle = self.fit * np.exp(self.grow(time)), self.turn(time)
        cos, sin = np.cos(angle), np.sin(angle)
        linear = scale * np.array([[cos, -sin], [sin, cos]])
        foot = np.array([self.middle + self.stride * time + self.x(time), self.out[0] * 1.04])
        foot[1] += abs(sin) * scale * self.person[1] / 2 + abs(self.y(time))
        anchor = np.array([(self.person[1] - 1) / 2, self.person[0] - 1])
        return np.column_stack([linear, foot - linear @ anchor])

    def camera(self, time: float) -> np.ndarray:
        goal = np.array([(self.out[1] - 1) / 2, (self.out[0] - 1) / 2])
        goal += (self.camera_x(time), self.camera_y(time))
        linear = np.eye(2) * self.zoom
        centre = np.array([(self.background[1] - 1) / 2, (self.background[0] - 1) / 2])
        return np.column_stack([linear, goal - linear @ centre])

    def bend(self, time: float) -> float:
        return float(self.lean(time))


def _waves(rng: Generator, size: float):
    """A smooth function of the frame number, about `size` high."""
    weights = rng.normal(0, 1, 3) * (1, 0.5, 0.25) * size
    periods, phases = rng.uniform(20, 60, 3) / (1, 2, 3), rng.uniform(0, 2 * np.pi, 3)
    return lambda time: float((weights * np.sin(2 * np.pi * time / periods + phases)).sum())


def _warp(picture: np.ndarray, view: np.ndarray, out: tuple[int, int], border: int) -> np.ndarray:
    """Like transforms.warp, but shrinks by halves until sampling no longer skips pixels."""
    while np.sqrt(abs(np.linalg.det(view[:, :2]))) < 0.6 and min(picture.shape[:2]) > 2:
        height, width = picture.shape[:2]
        half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        factor = np.array([width / half.shape[1], height / half.shape[0]])
        offset = view[:, 2] + view[:, :2] @ ((factor - 1) / 2)
        picture, view = half, np.column_stack([view[:, :2] * factor, offset])
    return cv2.warpAffine(picture, view, out[::-1], flags=cv2.INTER_LINEAR, borderMode=border)
