"""Pairs for harmonisation: a person whose colours were changed, and the colours that belong.

As iHarmony4 is made (Cong et al. 2020, "DoveNet"): in a real photo the person and the room share
one light and one camera, so the photo is the answer; the person's colours are changed, and a
network must find the way back. Every function takes a `numpy.random.Generator` first; the same
state gives the same result. Pictures are RGB uint8 HWC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pocketmatte.data.synthesize import bleed_foreground, random_background
from pocketmatte.data.transforms import Generator

_GREY = np.full((3, 3), 1 / 3)
_STRENGTHS = (0.3, 2.0)  # of changes; the mean squared change is about iHarmony4's
_DISPLAY = 2.2  # exposure and white balance act on linear light


@dataclass
class Pair:
    """One composite and its answer.

    foreground: the person with changed colours. alpha: float32 HW in [0, 1].
    background: what lies around. target: the foreground whose colours belong there.
    """

    foreground: np.ndarray
    alpha: np.ndarray
    background: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class Grade:
    """A change of colours, the same for every pixel: a curve per channel and a 3x3 matrix."""

    table: np.ndarray
    """[256, 3]: the new level in [0, 1] of each level."""
    matrix: np.ndarray
    matrix_first: bool = False

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """RGB uint8 in and out."""
        table = np.rint(self.table.clip(0, 1) * 255).astype(np.uint8)[None]
        if self.matrix_first:
            return cv2.LUT(cv2.transform(picture, self.matrix), table)
        return cv2.transform(cv2.LUT(picture, table), self.matrix)


def draw_grade(rng: Generator, strength: float = 1.0) -> Grade:
    """Draw exposure, white balance, gamma, contrast, haze, saturation and hue.

    strength: 0 changes nothing; 1 is what cameras, rooms and times of day differ by.
    """
    levels = np.linspace(0, 1, 256)[:, None]

    def normal(spread: float, chance: float) -> float:
        value = rng.normal(0, spread * strength)
        return value if rng.random() < chance else 0.0

    warmth, green = normal(0.45, 0.6), normal(0.12, 0.4)
    light = np.exp2(normal(0.7, 0.6)) * np.exp([warmth / 2, green, -warmth / 2])
    gain = light ** (1 / _DISPLAY)
    curve = levels * gain
    if rng.random() < 0.5:  # a camera that rolls highlights off instead of clipping them
        curve = curve / (1 + (gain - 1) * levels)
    curve = curve.clip(0, 1) ** np.exp(normal(0.22, 0.5))
    pivot = rng.uniform(0.35, 0.6)
    curve = (curve - pivot) * np.exp(normal(0.22, 0.5)) + pivot
    haze = abs(normal(0.08, 0.25))
    curve = curve * (1 - haze) + haze * rng.uniform(0.6, 1.0, 3)
    saturation = np.exp(normal(0.35, 0.5))
    matrix = _hue_rotation(normal(0.1, 0.25)) @ (saturation * np.eye(3) + (1 - saturation) * _GREY)
    return Grade(curve, matrix, rng.random() < 0.5)


def relight(rng: Generator, picture: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """A lamp at one side: brighter and tinted there, darker opposite."""
    height, width = picture.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    x = np.linspace(-1, 1, width)[None] * np.cos(angle)
    y = np.linspace(-1, 1, height)[:, None] * np.sin(angle)
    along = np.tanh((x + y + rng.normal(0, 0.3)) * rng.uniform(0.7, 2.5))
    reach = rng.uniform(0.15, 0.6) * strength * np.exp(rng.normal(0, 0.15, 3))
    gain = np.exp(along[..., None] * reach).astype(np.float32)
    return cv2.multiply(picture, gain, dtype=cv2.CV_8U)


def change_colours(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """A drawn grade, and every third time a lamp; from hardly visible to glaring."""
    strength = rng.uniform(*_STRENGTHS)
    picture = draw_grade(rng, strength)(picture)
    return relight(rng, picture, strength) if rng.random() < 0.35 else picture


def photo_pair(rng: Generator, rgba: np.ndarray) -> Pair:
    """A real photo (RGBA uint8) whose person was changed; the photo itself is the answer."""
    photo, alpha = _parts(rgba)
    return Pair(change_colours(rng, photo), alpha, photo, photo)


def training_pair(
    rng: Generator,
    rgba: np.ndarray,
    backgrounds: Sequence[np.ndarray],
    composites: float = 0.25,
    untouched: float = 0.12,
) -> Pair:
    """Draw a pair for training.

    rgba: a photo and its alpha, RGBA uint8. backgrounds: RGB uint8, of any size.
    composites: share with the person before one of the backgrounds. No photo tells how a person
        would look there, so both are given one strong grade: that much must agree.
    untouched: share that matches already, so that the network learns to leave it alone.
    """
    photo, alpha = _parts(rgba)
    if rng.random() < composites:
        photo = bleed_foreground(rgba)[..., :3]
        world = draw_grade(rng, rng.uniform(0.5, 1.3))
        target = world(photo)
        background = world(random_background(rng, backgrounds, alpha.shape))
    else:
        target = draw_grade(rng, rng.uniform(0, 1))(photo) if rng.random() < 0.5 else photo
        background = target
        if rng.random() < untouched:
            return Pair(target, alpha, background, target)
    return Pair(change_colours(rng, target), alpha, background, target)


def _parts(rgba: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(rgba[..., :3]), rgba[..., 3].astype(np.float32) / 255


def _hue_rotation(angle: float) -> np.ndarray:
    """Turn colours about the grey axis (Rodrigues)."""
    return cv2.Rodrigues(np.full(3, angle / 3**0.5))[0]
