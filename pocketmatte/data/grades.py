"""What light, lamps and cameras do to the colours of a whole picture.

Every function takes a `numpy.random.Generator` first; the same state gives the same result.
Pictures are RGB uint8 HWC.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pocketmatte.data.transforms import Generator

_GREY = np.full((3, 3), 1 / 3)
_DISPLAY = 2.2  # exposure and white balance act on linear light
_LEVELS = np.linspace(0, 1, 256)[:, None]
_THIRDS = np.arange(3) * (2 * np.pi / 3)


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

    def normal(spread: float, chance: float) -> float:
        value = rng.normal(0, spread * strength)
        return value if rng.random() < chance else 0.0

    warmth, green = normal(0.45, 0.6), normal(0.12, 0.4)
    light = np.exp2(normal(0.7, 0.6)) * np.exp([warmth / 2, green, -warmth / 2])
    curve = _exposed(rng, light)
    curve = curve.clip(0, 1) ** np.exp(normal(0.22, 0.5))
    pivot = rng.uniform(0.35, 0.6)
    curve = (curve - pivot) * np.exp(normal(0.22, 0.5)) + pivot
    haze = abs(normal(0.08, 0.25))
    curve = curve * (1 - haze) + haze * rng.uniform(0.6, 1.0, 3)
    saturation = np.exp(normal(0.35, 0.5))
    matrix = _hue_rotation(normal(0.1, 0.25)) @ _saturate(saturation)
    return Grade(curve, matrix, rng.random() < 0.5)


def draw_mood(rng: Generator) -> Grade:
    """Draw the light of a night, a sunset, a bulb, a neon sign, snow, a forest.

    Coloured of any hue (warm and cold ones come twice as often), from as bright as day to three
    stops darker, with the colours that such light leaves.
    """
    if rng.random() < 0.5:
        hue = rng.normal(0.5, 0.3) + (np.pi if rng.random() < 0.5 else 0)  # orange or blue
    else:
        hue = rng.uniform(0, 2 * np.pi)
    tint = np.exp(rng.uniform(0.15, 1.1) * np.cos(hue - _THIRDS))
    stops = rng.uniform(-3, 0.3) if rng.random() < 0.6 else rng.uniform(-0.8, 0.8)
    return Grade(_exposed(rng, np.exp2(stops) * tint), _saturate(rng.uniform(0.5, 1.15)))


def draw_lamp(rng: Generator, size: tuple[int, int], strength: float, tint: float) -> np.ndarray:
    """A lamp at one side: brighter there, darker opposite; gains, float32 [height, width, 3].

    strength: 0 changes nothing. tint: how far the channels differ.
    """
    height, width = size
    angle = rng.uniform(0, 2 * np.pi)
    x = np.linspace(-1, 1, width)[None] * np.cos(angle)
    y = np.linspace(-1, 1, height)[:, None] * np.sin(angle)
    along = np.tanh((x + y + rng.normal(0, 0.3)) * rng.uniform(0.7, 2.5))
    reach = rng.uniform(0.15, 0.6) * strength * np.exp(rng.normal(0, tint, 3))
    return np.exp(along[..., None] * reach).astype(np.float32)


def relight(rng: Generator, picture: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """The picture with a lamp at one side."""
    return lit(picture, draw_lamp(rng, picture.shape[:2], strength, 0.15))


def lit(picture: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """A picture times the gains of `draw_lamp`."""
    return cv2.multiply(picture, gains, dtype=cv2.CV_8U)


def _exposed(rng: Generator, light: np.ndarray) -> np.ndarray:
    """The curves, [256, 3], of pictures in another light (3 gains of linear light)."""
    gain = light ** (1 / _DISPLAY)
    curve = _LEVELS * gain
    if rng.random() < 0.5:  # a camera that rolls highlights off instead of clipping them
        curve = curve / (1 + (gain - 1) * _LEVELS)
    return curve


def _saturate(saturation: float) -> np.ndarray:
    return saturation * np.eye(3) + (1 - saturation) * _GREY


def _hue_rotation(angle: float) -> np.ndarray:
    """Turn colours about the grey axis (Rodrigues)."""
    return cv2.Rodrigues(np.full(3, angle / 3**0.5))[0]
