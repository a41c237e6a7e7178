"""Metrics of foreground colours: how much of the old background still shows."""

from __future__ import annotations

import numpy as np

from pocketmatte.evaluation.metrics.checks import check_alpha, check_image, check_same_size


def foreground_mad(foreground: np.ndarray, truth: np.ndarray, alpha: np.ndarray) -> float:
    """Mean absolute colour difference, weighted by alpha, in [0, 1]; 0 is best.

    sum alpha |F - T| / sum alpha, averaged over the channels. Alpha is the true one: colour counts
    where it will be seen, and not at all where the person is absent. Pass alpha * (alpha < 1) to
    judge the soft edge alone. An alpha of zeros scores 0.

    `foreground`, `truth`: RGB HWC, uint8 or float in [0, 1]; `alpha`: float HW in [0, 1].
    Raises PocketmatteError on other types, ranges or sizes.
    """
    return _weighted_mean(np.abs(_difference(foreground, truth, alpha)), alpha)


def foreground_mse(foreground: np.ndarray, truth: np.ndarray, alpha: np.ndarray) -> float:
    """Mean squared colour difference, weighted by alpha, in [0, 1]; see `foreground_mad`."""
    return _weighted_mean(np.square(_difference(foreground, truth, alpha)), alpha)


def _difference(foreground: np.ndarray, truth: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    check_image(foreground, "foreground")
    check_image(truth, "true foreground")
    check_alpha(alpha, "alpha")
    check_same_size(foreground, truth, "foreground", "true foreground")
    check_same_size(alpha, truth, "alpha", "true foreground")
    return _unit(foreground) - _unit(truth)


def _unit(image: np.ndarray) -> np.ndarray:
    scaled = image.astype(np.float32)
    return scaled / 255 if image.dtype == np.uint8 else scaled


def _weighted_mean(errors: np.ndarray, alpha: np.ndarray) -> float:
    weight = float(alpha.sum(dtype=np.float64))
    total = float((errors.mean(axis=2) * alpha).sum(dtype=np.float64))
    return total / weight if weight else 0.0
