"""Time each stage from a picture to a composite."""

from __future__ import annotations

from copy import copy
from time import perf_counter

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.timing import Timing
from pocketmatte.filters import get_filter
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import shrink

STAGES = ("shrink", "network", "refine", "foreground", "composite")


def time_stages(
    model, image: np.ndarray, alpha: np.ndarray | None = None, runs: int = 10, warm_up: int = 2
) -> dict[str, Timing]:
    """Time the stages of matting one picture and putting it on a background.

    Args:
        model: a `Model`.
        image: RGB uint8 HWC.
        alpha: float32 HW in [0, 1], of the image's size. What the stages after the network work
            on, so that their time does not depend on what the network makes of a drawn picture;
            None takes the network's own answer.
        runs: frames that count, after `warm_up` frames that do not.

    Returns a Timing for each of `STAGES`: shrink (grid, area average, normalise), network, refine
    (guided upsampling to full size), foreground (colours free of the old background), composite
    (on a picture of the same size). Stages run one after the other, frame after frame, as in a
    live pipeline, so caches are as warm as there.
    """
    if runs < 1:
        raise PocketmatteError(f"{runs} runs cannot be timed; ask for at least one")
    model = copy(model)
    model.runtime = watch = Watch(model.runtime, alpha)
    background = np.ascontiguousarray(image[:, ::-1])
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for run in range(-warm_up, runs):
        marks = _one_frame(model, watch, image, background)
        if run >= 0:
            for stage, seconds in zip(STAGES, marks, strict=True):
                times[stage].append(seconds)
    return {stage: Timing(tuple(seconds)) for stage, seconds in times.items()}


class Watch:
    """A runtime that notes when the real one was called and when it answered.

    batch: what the network was given last. So the model's own code is timed, not a copy of it.
    """

    def __init__(self, runtime, alpha: np.ndarray | None = None):
        self._runtime, self._alpha = runtime, alpha
        self._given: np.ndarray | None = None
        self.batch: np.ndarray | None = None
        self.called = self.answered = self.back = 0.0

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.batch = batch
        self.called = perf_counter()
        answer = self._runtime(batch)
        self.answered = perf_counter()
        if self._alpha is not None:
            if self._given is None or self._given.shape != answer.shape[2:]:
                self._given = shrink(self._alpha, answer.shape[2:])
            answer = self._given[None, None]
        self.back = perf_counter()
        return answer


def _one_frame(model, watch: Watch, image, background) -> list[float]:
    """Seconds of each stage."""
    blend = get_filter("alpha_blend")
    start = perf_counter()
    alpha = model.alpha(image)
    refined = perf_counter()
    foreground = estimate_foreground(image, alpha)
    coloured = perf_counter()
    blend(foreground, alpha, background)
    end = perf_counter()
    return [
        watch.called - start,
        watch.answered - watch.called,
        refined - watch.back,
        coloured - refined,
        end - coloured,
    ]
