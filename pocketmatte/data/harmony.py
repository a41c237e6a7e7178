"""Pairs for harmonisation: a person whose colours were changed, and the colours that belong.

As iHarmony4 is made (Cong et al. 2020, "DoveNet"): in a real photo the person and the room share
one light and one camera, so the photo is the answer; the person's colours are changed, and a
network must find the way back. So that it must look at the room too, person and room are first
given another light in common (a `World`), and the person is handed in without it. Every function
takes a `numpy.random.Generator` first; the same state gives the same result. Pictures are RGB
uint8 HWC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pocketmatte.data.grades import Grade, draw_grade, draw_lamp, draw_mood, lit, relight
from pocketmatte.data.synthesize import random_background
from pocketmatte.data.transforms import Generator
from pocketmatte.filters.color_transfer import color_transfer
from pocketmatte.matting.foreground import solve_layers

_STRENGTHS = (0.3, 2.0)  # of changes; the mean squared change is about iHarmony4's
_RECOLOURED = 0.4  # share of changes that are taken from another picture
_PLAIN = 0.4  # share of photos that keep their own light
_AS_TAKEN = 0.8  # of `moods`: share of people as the camera saw them, without the scene's light

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
class World:
    """One light over everything: a grade and, of some, a coloured lamp at one side."""

    grade: Grade
    lamp: np.ndarray | None = None
    """Gains, float32 [H, W, 3], of pictures of that size."""

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """RGB uint8 in and out."""
        picture = self.grade(picture)
        return picture if self.lamp is None else lit(picture, self.lamp)


def draw_world(rng: Generator, size: tuple[int, int], mood: float = 0.5) -> World:
    """Draw a light for pictures of that size; `mood`: how often it is a strong one."""
    if rng.random() >= mood:
        return World(draw_grade(rng, rng.uniform(0.2, 1.4)))
    lamp = draw_lamp(rng, size, rng.uniform(0.3, 1.3), 0.5) if rng.random() < 0.35 else None
    return World(draw_mood(rng), lamp)


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


def world_pair(rng: Generator, rgba: np.ndarray) -> Pair:
    """A real photo (RGBA uint8) in a strong light, but the person without it.

    Nothing is wrong with the person: how to change it can only be read from the scene.
    """
    photo = np.ascontiguousarray(rgba[..., :3])
    graded = draw_world(rng, photo.shape[:2], mood=1)(photo)
    return Pair(photo, rgba[..., 3].astype(np.float32) / 255, graded, graded)


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
    composites: float = 0.5,
    untouched: float = 0.25,
    moods: float = 0.5,
) -> Pair:
    """Draw a pair for training.

    layers: a view of what `split_layers` gives. backgrounds: RGB uint8, of any size.
    others: layers of other people, whose colours the person may get.
    composites: share with the person before one of the backgrounds. No photo tells how a person
        would look there, so both are given one light: that much must agree.
    untouched: share that matches already, in whatever light, so that the network learns to leave
        it alone: a blue person is right where everything is blue.
    moods: how much the scene counts: share of lights that are strong ones, and four fifths of it
        the share of people in another light who need nothing but that light.
    """
    rgba, room = layers
    person, alpha = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3].astype(np.float32) / 255
    target, plain = person, True
    if rng.random() < composites:
        world, plain = draw_world(rng, alpha.shape, moods), False
        target, room = world(person), world(random_background(rng, backgrounds, alpha.shape))
    elif rng.random() >= _PLAIN:
        world, plain = draw_world(rng, alpha.shape, moods), False
        target, room = world(person), world(room)
    if rng.random() < untouched:
        return Pair(target, alpha, room, target)
    if not plain and rng.random() < moods * _AS_TAKEN:
        return Pair(person, alpha, room, target)
    start = target if rng.random() < 0.5 else person
    if rng.random() < _RECOLOURED:
        other, walls = others[rng.integers(len(others))]
        colours = other[other[..., 3] > 200, :3] if rng.random() < 0.7 else walls.reshape(-1, 3)
        if colours.size:
            return Pair(recolour(rng, start, alpha, colours), alpha, room, target)
    return Pair(change_colours(rng, start), alpha, room, target)
