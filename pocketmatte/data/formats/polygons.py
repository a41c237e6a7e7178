"""Polygons and run lengths as masks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def draw_polygon(mask: np.ndarray, points, value: int = 1) -> None:
    """Fill a polygon, float [[x, y], ...] in pixels, into a uint8 HW mask, in place."""
    points = np.asarray(points, np.float64).reshape(-1, 2)
    if len(points) >= 3:
        # coordinates run along pixel edges; 4 fractional bits keep half pixels
        fixed = np.round((points - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(mask, [fixed], value, lineType=cv2.LINE_8, shift=4)


def decode_runs(runs: Sequence[int], height: int, width: int) -> np.ndarray:
    """Run lengths, columns first, beginning with background, as bool HW (COCO's plain RLE)."""
    runs = np.asarray(runs, np.int64)
    if runs.sum() != height * width or (runs < 0).any():
        raise ValueError(f"run lengths sum to {runs.sum()}, not {height}x{width}")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def decode_text(text: str | bytes) -> list[int]:
    """COCO's compressed RLE text as run lengths.

    Each number is written in groups of 5 bits, lowest first, as the character 48 + group; bit 6
    (value 32) says that more follow, the last group's bit 5 (value 16) is the sign. From the
    fourth number on, the difference to the number two before is stored.
    """
    data = text.encode("ascii") if isinstance(text, str) else text
    runs: list[int] = []
    value = shift = 0
    for character in data:
        group = character - 48
        if not 0 <= group < 64:
            raise ValueError("not COCO run lengths")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("COCO run lengths end in the middle of a number")
    return runs
