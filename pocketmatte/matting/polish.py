"""Steady the refined alpha: refinement takes detail from the picture, and the sensor's noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from pocketmatte.matting.temporal import TemporalFilter, move, scaled
from pocketmatte.matting.tiles import Rectangle, sample


@dataclass(frozen=True, eq=False)
class Past:
    """How a `TemporalFilter` used the past of one frame, at its grid; see there."""

    still: np.ndarray
    flow: np.ndarray | None = None

    @classmethod
    def of(cls, steady: TemporalFilter) -> Past | None:
        """What it did to its last frame; None when it knew no past."""
        return None if steady.still is None else cls(steady.still, steady.flow)

    def flow_at(self, shape: tuple[int, int]) -> np.ndarray | None:
        """The flow, still at the grid, but in pixels of a picture of this (height, width)."""
        if self.flow is None or not self.flow.any():
            return None
        return scaled(self.flow, np.divide(shape, self.still.shape))


class Polish:
    """Averages refined alpha with its own past, as `TemporalFilter` did at the grid.

    Call it with every frame of a clip, in order.
    """

    def __init__(self):
        self._last: np.ndarray | None = None

    def __call__(
        self, alpha: np.ndarray, past: Past | None, rectangles: Iterable[Rectangle]
    ) -> np.ndarray:
        """Steady one frame's alpha, in place.

        alpha: float32 HW in [0, 1], of any size. past: of this frame; None starts afresh, as a
        new size does. rectangles: where alpha is soft, from `refine`.
        Returns alpha; do not write into it afterwards, the next frame needs it.
        """
        last, self._last = self._last, alpha
        if last is None or past is None or last.shape != alpha.shape:
            return alpha
        flow = past.flow_at(alpha.shape)
        for area in rectangles:
            came = None if flow is None else sample(flow, area, alpha.shape)
            blend_past(alpha[area], last, area, sample(past.still, area, alpha.shape), came)
        return alpha


def blend_past(
    now: np.ndarray,
    last: np.ndarray,
    area: Rectangle,
    share: np.ndarray,
    flow: np.ndarray | None,
) -> None:
    """Mix the last frame's alpha into one rectangle of this one's, in place.

    now: float32 HW, the rectangle. last: float32, the whole. share: of the last one, float32 HW.
    flow: where it was, float32 HW2, or None where nothing moved.
    """
    corner = area[0].start, area[1].start
    before = last[area] if flow is None else move(last, flow, corner)
    change = cv2.subtract(before, now)
    change *= share
    now += change
