"""Steady the refined alpha: refinement takes detail from the picture, and the sensor's noise."""

from collections.abc import Iterable

import cv2
import numpy as np

from pocketmatte.matting.refine import Rectangle, sample


class Polish:
    """Averages refined alpha with its own past, where `TemporalFilter` saw nothing move.

    Call it with every frame of a clip, in order.
    """

    def __init__(self):
        self._past: np.ndarray | None = None

    def __call__(
        self, alpha: np.ndarray, still: np.ndarray | None, rectangles: Iterable[Rectangle]
    ) -> np.ndarray:
        """Steady one frame's alpha, in place.

        alpha: float32 HW in [0, 1], of any size. still: `TemporalFilter.still` of this frame;
        None starts afresh, as a new size does. rectangles: where alpha is soft, from `refine`.
        Returns alpha; do not write into it afterwards, the next frame needs it.
        """
        past, self._past = self._past, alpha
        if past is None or still is None or past.shape != alpha.shape:
            return alpha
        for area in rectangles:
            now = alpha[area]
            change = cv2.subtract(past[area], now)
            cv2.multiply(change, sample(still, area, alpha.shape), dst=change)
            cv2.add(now, change, dst=now)
        return alpha
