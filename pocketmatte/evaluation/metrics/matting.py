"""Metrics of soft mattes, as alphamatting.com and the papers since define them.

Rhemann et al. 2009, "A Perceptually Motivated Online Benchmark for Image Matting". `predicted` and
`truth` are float HW in [0, 1] of the same size. `unknown` (bool HW) limits a metric to the unknown
region of a trimap, as the benchmark does; without it the whole picture counts. An empty unknown
region scores 0. 0 is always best. All raise PocketmatteError on other types, ranges or sizes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from pocketmatte.evaluation.metrics.checks import check_alpha, check_mask, check_same_size

THOUSAND = 1000.0
_CONNECTIVITY_STEPS = 10
_CONNECTIVITY_TOLERANCE = 0.15


def unknown_region(trimap: np.ndarray) -> np.ndarray:
    """Where a trimap (float HW, 0 background, 1 foreground) leaves the alpha open, bool HW."""
    check_alpha(trimap, "trimap")
    return (trimap > 0) & (trimap < 1)


def mad(predicted: np.ndarray, truth: np.ndarray, unknown: np.ndarray | None = None) -> float:
    """Mean absolute difference: mean |a - t|, in [0, 1]. Papers often print it times 1000."""
    _check(predicted, truth, unknown)
    return _mean(cv2.absdiff(*_float32(predicted, truth)), unknown)


def mse(predicted: np.ndarray, truth: np.ndarray, unknown: np.ndarray | None = None) -> float:
    """Mean squared error: mean (a - t)^2, in [0, 1]. Papers often print it times 1000."""
    _check(predicted, truth, unknown)
    return _mean(np.square(np.subtract(*_float32(predicted, truth))), unknown)


def sad(predicted: np.ndarray, truth: np.ndarray, unknown: np.ndarray | None = None) -> float:
    """Sum of absolute differences: sum |a - t| / 1000, in thousands of pixels, from 0 up.

    It grows with the picture's size: compare at one size only.
    """
    _check(predicted, truth, unknown)
    return _sum(cv2.absdiff(*_float32(predicted, truth)), unknown) / THOUSAND


def gradient_error(
    predicted: np.ndarray,
    truth: np.ndarray,
    unknown: np.ndarray | None = None,
    sigma: float = 1.4,
) -> float:
    """Gradient error: sum (|grad a| - |grad t|)^2 / 1000, in thousands, from 0 up.

    The gradients are convolutions with first derivatives of a Gaussian of `sigma` pixels, each
    kernel of unit Euclidean norm, the border repeated (Rhemann et al. 2009, q = 2). It tells
    whether edges are as sharp as they should be; it grows with the picture's size.
    """
    _check(predicted, truth, unknown)
    ours, true = _float32(predicted, truth)
    difference = _gradient_magnitude(ours, sigma) - _gradient_magnitude(true, sigma)
    return _sum(np.square(difference), unknown) / THOUSAND


def connectivity_error(
    predicted: np.ndarray, truth: np.ndarray, unknown: np.ndarray | None = None
) -> float:
    """Connectivity error: sum |phi(a) - phi(t)| / 1000, in thousands of pixels, from 0 up.

    phi(x) = 1 - d if d >= 0.15 else 1, with d = x - l. l is the highest level (in steps of 0.1) at
    which a pixel still belongs to the largest 4-connected region where both alphas reach the level
    (Rhemann et al. 2009, theta = 0.15, p = 1). It punishes islands and holes that hang loose from
    the person; it grows with the picture's size.
    """
    _check(predicted, truth, unknown)
    ours, true = _float32(predicted, truth)
    level = _connected_level(cv2.min(ours, true))
    return _sum(cv2.absdiff(_connectivity(ours, level), _connectivity(true, level)), unknown) / (
        THOUSAND
    )


def _gradient_magnitude(alpha: np.ndarray, sigma: float) -> np.ndarray:
    smooth, slope = _gaussian_kernels(sigma)
    border = cv2.BORDER_REPLICATE
    dx = cv2.sepFilter2D(alpha, cv2.CV_32F, slope, smooth, borderType=border)
    dy = cv2.sepFilter2D(alpha, cv2.CV_32F, smooth, slope, borderType=border)
    return cv2.magnitude(dx, dy)


def _gaussian_kernels(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian and its derivative, cut where the Gaussian falls under 1 %, of norm one each."""
    peak = math.sqrt(2 * math.pi) * sigma
    radius = math.ceil(sigma * math.sqrt(max(-2 * math.log(peak * 1e-2), 0)))
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    smooth = np.exp(-(x**2) / (2 * sigma**2)) / peak
    slope = -x * smooth / sigma**2
    return smooth / np.linalg.norm(smooth), slope / np.linalg.norm(slope)


def _connected_level(common: np.ndarray) -> np.ndarray:
    """Level at which each pixel leaves the largest region of `common` >= level, float32 HW."""
    level = np.zeros_like(common)
    inside = np.ones(common.shape, bool)
    for step in range(1, _CONNECTIVITY_STEPS + 1):
        reached = (common >= step / _CONNECTIVITY_STEPS).view(np.uint8)
        count, labels = cv2.connectedComponents(reached, connectivity=4)
        if count < 2:
            break
        areas = np.bincount(labels.ravel(), minlength=count)
        inside &= labels == 1 + int(areas[1:].argmax())
        level[inside] = step / _CONNECTIVITY_STEPS
    return level


def _connectivity(alpha: np.ndarray, level: np.ndarray) -> np.ndarray:
    distance = alpha - level
    return 1 - np.where(distance >= _CONNECTIVITY_TOLERANCE, distance, 0).astype(np.float32)


def _float32(*arrays: np.ndarray) -> list[np.ndarray]:
    return [np.ascontiguousarray(array, np.float32) for array in arrays]


def _sum(errors: np.ndarray, unknown: np.ndarray | None) -> float:
    chosen = errors if unknown is None else errors[unknown]
    return float(chosen.sum(dtype=np.float64))


def _mean(errors: np.ndarray, unknown: np.ndarray | None) -> float:
    count = errors.size if unknown is None else int(unknown.sum())
    return _sum(errors, unknown) / count if count else 0.0


def _check(predicted: np.ndarray, truth: np.ndarray, unknown: np.ndarray | None) -> None:
    check_alpha(predicted, "predicted alpha")
    check_alpha(truth, "true alpha")
    check_same_size(predicted, truth, "predicted alpha", "true alpha")
    if unknown is not None:
        check_mask(unknown, "unknown region")
        check_same_size(unknown, truth, "unknown region", "true alpha")
