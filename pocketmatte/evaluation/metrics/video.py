"""Metrics of moving mattes. They take one frame at a time and remember only the one before."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pocketmatte.evaluation.metrics.checks import check_alpha, check_image, check_same_size

STILL_THRESHOLD = 0.04


class _FrameMean:
    """Running mean of a score per pair of frames."""

    def __init__(self) -> None:
        self._before = None
        self._total = 0.0
        self.count = 0

    @property
    def value(self) -> float:
        """Mean over all pairs of frames so far; 0.0 before the second frame."""
        return self._total / self.count if self.count else 0.0

    def cut(self) -> None:
        """Forget the last frame: the next one starts a new shot or clip."""
        self._before = None

    def _add(self, score: float) -> float:
        self._total += score
        self.count += 1
        return score


class DtSsd(_FrameMean):
    """Mean `dtssd` of a clip.

    >>> metric = DtSsd()
    >>> for predicted, truth in frames:
    ...     metric.update(predicted, truth)
    >>> metric.value
    """

    def update(self, predicted: np.ndarray, truth: np.ndarray) -> float | None:
        """Take a frame (float HW in [0, 1], both); return its score, None for a first frame."""
        _check_pair(predicted, truth)
        before, self._before = self._before, (predicted.copy(), truth.copy())
        if before is None:
            return None
        return self._add(dtssd(before[0], predicted, before[1], truth))


class Flicker(_FrameMean):
    """Mean `flicker` of a clip. Pairs of frames with no still pixel (a cut) are left out.

    `still_share` tells on how much of the picture the score rests.
    """

    def __init__(self, threshold: float = STILL_THRESHOLD) -> None:
        super().__init__()
        self.threshold = threshold
        self._still_total = 0.0
        self._pairs = 0

    @property
    def still_share(self) -> float:
        """Mean share of pixels that did not change, over all pairs of frames, in [0, 1]."""
        return self._still_total / self._pairs if self._pairs else 0.0

    def update(self, image: np.ndarray, alpha: np.ndarray) -> float | None:
        """Take a frame (RGB HWC and float HW); return its score, None when there is none."""
        _check_frame(image, alpha)
        before, self._before = self._before, (image.copy(), alpha.copy())
        if before is None:
            return None
        score, share = _flicker(before[0], before[1], image, alpha, self.threshold)
        self._still_total += share
        self._pairs += 1
        return None if share == 0 else self._add(score)


def dtssd(
    predicted_before: np.ndarray,
    predicted: np.ndarray,
    truth_before: np.ndarray,
    truth: np.ndarray,
) -> float:
    """Difference of the changes of alpha: sqrt(mean ((a1 - a0) - (t1 - t0))^2), in [0, 2].

    Erofeev et al. 2015, "Perceptually Motivated Benchmark for Video Matting" (dtSSD), per pair of
    frames and pixel; 0 is best. Papers often print it times 100. A constant error scores 0: read
    it beside `mad`. All four: float HW in [0, 1], the same size.
    Raises PocketmatteError on other types, ranges or sizes.
    """
    _check_pair(predicted_before, truth_before)
    _check_pair(predicted, truth)
    check_same_size(predicted_before, predicted, "alpha of the frame before", "alpha")
    change = np.subtract(predicted, predicted_before, dtype=np.float32)
    change -= np.subtract(truth, truth_before, dtype=np.float32)
    return math.sqrt(float(np.square(change).mean(dtype=np.float64)))


def flicker(
    image_before: np.ndarray,
    alpha_before: np.ndarray,
    image: np.ndarray,
    alpha: np.ndarray,
    threshold: float = STILL_THRESHOLD,
) -> float:
    """Change of alpha where the picture did not change: mean |a1 - W a0| over S, in [0, 1].

    W moves the frame before onto this one by dense optical flow (DIS, Kroeger et al. 2016). S are
    the still pixels: inside the frame before, and no colour channel (averaged over 3x3 pixels)
    differs by more than `threshold` from the moved frame. No still pixel: 0.0. 0 is best.
    It needs no truth. Resampling gives even a true alpha a small flicker where things move:
    measure the truth, when there is one, for the floor.

    Images RGB HWC, uint8 or float in [0, 1]; alphas float HW in [0, 1]; all the same size.
    Raises PocketmatteError on other types, ranges or sizes.
    """
    _check_frame(image_before, alpha_before)
    _check_frame(image, alpha)
    return _flicker(image_before, alpha_before, image, alpha, threshold)[0]


def _flicker(image_before, alpha_before, image, alpha, threshold) -> tuple[float, float]:
    """Score and share of still pixels."""
    check_same_size(image_before, image, "frame before", "frame")
    now, past = _bytes(image), _bytes(image_before)
    flow = _flow(now, past)
    moved, inside = _move(past, flow)
    change = cv2.absdiff(cv2.blur(now, (3, 3)), cv2.blur(moved, (3, 3))).max(axis=2)
    still = inside & (change <= threshold * 255)
    count = int(np.count_nonzero(still))
    if count == 0:
        return 0.0, 0.0
    alpha_moved, _ = _move(alpha_before.astype(np.float32), flow)
    jump = cv2.absdiff(alpha.astype(np.float32), alpha_moved)
    return float(jump[still].mean(dtype=np.float64)), count / still.size


def _flow(now: np.ndarray, past: np.ndarray) -> np.ndarray:
    """Where each pixel of `now` was in `past`, as an offset in pixels, float32 HW2 (x, y)."""
    if min(now.shape[:2]) < 16:  # smaller than DIS can take
        return np.zeros((*now.shape[:2], 2), np.float32)
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (now, past)]
    return dis.calc(grey[0], grey[1], None)


def _move(array: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sample `array` where `flow` points to; and where that lies inside the frame, bool HW."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    moved = cv2.remap(array, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return moved, inside


def _bytes(image: np.ndarray) -> np.ndarray:
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _check_pair(predicted: np.ndarray, truth: np.ndarray) -> None:
    check_alpha(predicted, "predicted alpha")
    check_alpha(truth, "true alpha")
    check_same_size(predicted, truth, "predicted alpha", "true alpha")


def _check_frame(image: np.ndarray, alpha: np.ndarray) -> None:
    check_image(image, "frame")
    check_alpha(alpha, "alpha")
    check_same_size(alpha, image, "alpha", "frame")
