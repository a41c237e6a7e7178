"""Time each stage from a picture to a composite."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.timing import Timing
from pocketmatte.filters import get_filter
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import grid_size, shrink, to_batch
from pocketmatte.matting.refine import guided_upsample

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
    card = model.card
    grid = grid_size(*image.shape[:2], card.area, card.stride)
    given = None if alpha is None else shrink(alpha, grid)
    background = np.ascontiguousarray(image[:, ::-1])
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for run in range(-warm_up, runs):
        marks = _one_frame(model, image, given, background)
        if run >= 0:
            for stage, seconds in zip(STAGES, np.diff(marks), strict=True):
                times[stage].append(float(seconds))
    return {stage: Timing(tuple(seconds)) for stage, seconds in times.items()}


def _one_frame(model, image, given, background) -> list[float]:
    """The moments between the stages, in seconds."""
    card, blend = model.card, get_filter("alpha_blend")
    mean, std = np.array(card.mean, np.float32), np.array(card.std, np.float32)
    marks = [perf_counter()]
    small = shrink(image, grid_size(*image.shape[:2], card.area, card.stride))
    batch = to_batch(small, mean, std)
    marks.append(perf_counter())
    coarse = model.runtime(batch)[0, 0]
    marks.append(perf_counter())
    alpha = guided_upsample(coarse if given is None else given, image, small=small)
    marks.append(perf_counter())
    foreground = estimate_foreground(image, alpha)
    marks.append(perf_counter())
    blend(foreground, alpha, background)
    marks.append(perf_counter())
    return marks
