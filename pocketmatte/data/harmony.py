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

from pocketmatte.data.synthesize import random_background
from pocketmatte.data.transforms import Generator
from pocketmatte.filters.color_transfer import color_transfer
from pocketmatte.matting.foreground import solve_layers

_GREY = np.full((3, 3), 1 / 3)
_STRENGTHS = (0.3, 2.0)  # of changes; the mean squared change is about iHarmony4's
_RECOLOURED = 0.4  # share of changes that are taken from another picture
_DISPLAY = 2.2  # exposure and white balance act on linear light

Layers = tuple[np.ndarray, np.ndarray]
"""A person, RGBA uint8 HWC, and the room, RGB uint8 HWC."""


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


def recolour(rng: Generator, picture: np.ndarray, alpha: np.ndarray, other: np.ndarray):
    """The person in the mean and spread of colours of another picture (Reinhard 2001).

    other: RGB uint8, pixels (N, 3). Half to all of the way, as far as `limit` lets it.
    """
    swatch = other[rng.integers(len(other), size=alpha.shape)]
    strength, limit = rng.uniform(0.5, 1), rng.uniform(1.3, 3)
    return color_transfer(picture, alpha, swatch, strength=strength, limit=limit)


def photo_pair(rng: Generator, rgba: np.ndarray) -> Pair:
    """A real photo (RGBA uint8) whose person was changed; the photo itself is the answer."""
    photo = np.ascontiguousarray(rgba[..., :3])
    return Pair(change_colours(rng, photo), rgba[..., 3].astype(np.float32) / 255, photo, photo)


def split_layers(rgba: np.ndarray) -> Layers:
    """Person (RGBA uint8) and room (RGB uint8) of a small photo, each without the other.

    Where they are left mixed, the person's old colours shine through its soft edge and tell the
    network an answer that no pasted person has.
    """
    photo, alpha = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3]
    person, room = solve_layers(photo, alpha.astype(np.float32) / 255)
    person[alpha == 255], room[alpha == 0] = photo[alpha == 255], photo[alpha == 0]
    return np.dstack([person, alpha]), room


def training_pair(
    rng: Generator,
    layers: Layers,
    backgrounds: Sequence[np.ndarray],
    others: Sequence[Layers],
    composites: float = 0.25,
    untouched: float = 0.2,
) -> Pair:
    """Draw a pair for training.

    layers: a view of what `split_layers` gives. backgrounds: RGB uint8, of any size.
    others: layers of other people, whose colours the person may get.
    composites: share with the person before one of the backgrounds. No photo tells how a person
        would look there, so both are given one strong grade: that much must agree. Half of the
        time the person still is as the camera saw it, as when pasted by a user.
    untouched: share that matches already, so that the network learns to leave it alone.
    """
    rgba, room = layers
    person, alpha = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3].astype(np.float32) / 255
    start = target = person
    if rng.random() < composites:
        world = draw_grade(rng, rng.uniform(0.5, 1.6))
        target = world(person)
        room = world(random_background(rng, backgrounds, alpha.shape))
        if rng.random() < 0.5:
            start = target
    elif rng.random() < 0.5:
        world = draw_grade(rng, rng.uniform(0, 1))
        start, room = (world(layer) for layer in (person, room))
        target = start
    if rng.random() < untouched:
        return Pair(start, alpha, room, target)
    if rng.random() < _RECOLOURED:
        other, walls = others[rng.integers(len(others))]
        colours = other[other[..., 3] > 200, :3] if rng.random() < 0.7 else walls.reshape(-1, 3)
        if colours.size:
            return Pair(recolour(rng, start, alpha, colours), alpha, room, target)
    return Pair(change_colours(rng, start), alpha, room, target)


def _hue_rotation(angle: float) -> np.ndarray:
    """Turn colours about the grey axis (Rodrigues)."""
    return cv2.Rodrigues(np.full(3, angle / 3**0.5))[0]
