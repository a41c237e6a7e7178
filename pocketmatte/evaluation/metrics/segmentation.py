"""Metrics of masks: who is person and who is not."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pocketmatte.evaluation.metrics.checks import check_alpha, check_mask, check_same_size

BOUNDARY_TOLERANCE = 0.005
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def to_mask(alpha: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Mask of an alpha: True where alpha > `threshold`. Float HW in [0, 1] -> bool HW."""
    check_alpha(alpha, "alpha")
    return alpha > threshold


def person_iou(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of the person: |P and T| / |P or T|, in [0, 1], 1 is best.

    Bool HW masks of the same size (Jaccard 1912). Both empty: 1.0; one empty: 0.0.
    Raises PocketmatteError on other types or different sizes.
    """
    _check(predicted, truth)
    return _iou(*_confusion(predicted, truth))


def mean_iou(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the IoU of the person and of the background, in [0, 1], 1 is best.

    As in PASCAL VOC, but for one picture. A class that neither mask holds counts 1.0.
    Raises PocketmatteError on other types than bool HW or different sizes.
    """
    _check(predicted, truth)
    both, only_predicted, only_truth = _confusion(predicted, truth)
    neither = predicted.size - both - only_predicted - only_truth
    background = _iou(neither, only_predicted, only_truth)
    return (_iou(both, only_predicted, only_truth) + background) / 2


def pixel_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Share of pixels with the right class, in [0, 1], 1 is best.

    Raises PocketmatteError on other types than bool HW or different sizes.
    """
    _check(predicted, truth)
    return 1 - np.count_nonzero(predicted ^ truth) / predicted.size


def boundary(mask: np.ndarray) -> np.ndarray:
    """Boundary pixels of a bool HW mask: dilation minus erosion by a 3x3 cross, bool HW.

    Two pixels thick: one inside the person, one outside. The picture's own border is no boundary:
    a person cut off by the frame has no edge there that a network could find.
    """
    check_mask(mask, "mask")
    gradient = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_GRADIENT, _CROSS)
    return gradient.view(bool)


def boundary_f(
    predicted: np.ndarray, truth: np.ndarray, tolerance: float = BOUNDARY_TOLERANCE
) -> float:
    """F-measure of the boundary, in [0, 1], 1 is best: 2 P R / (P + R).

    P is the share of predicted boundary pixels within the tolerance of a true one (Euclidean
    distance), R the share of true ones within the tolerance of a predicted one. The tolerance is
    given as a share of the picture's diagonal and rounded up to whole pixels, as in Perazzi et
    al. 2016 (DAVIS): 0.005 at 576x768 is 5 pixels. For the boundary's pixels see `boundary`; this
    choice repeats the published scores of MediaPipe's selfie networks within 0.001.

    Both boundaries empty (no person, or nothing but person): 1.0; one empty: 0.0.
    Raises PocketmatteError on other types than bool HW or different sizes.
    """
    _check(predicted, truth)
    edge_p, edge_t = boundary(predicted), boundary(truth)
    if not edge_p.any() or not edge_t.any():
        return float(edge_p.any() == edge_t.any())
    radius = math.ceil(tolerance * math.hypot(*truth.shape) - 1e-9)
    precision = float((_distance(edge_t)[edge_p] <= radius + 1e-3).mean())
    recall = float((_distance(edge_p)[edge_t] <= radius + 1e-3).mean())
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _distance(edge: np.ndarray) -> np.ndarray:
    return cv2.distanceTransform(
        (~edge).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dstType=cv2.CV_32F
    )


def _confusion(predicted: np.ndarray, truth: np.ndarray) -> tuple[int, int, int]:
    both = int(np.count_nonzero(predicted & truth))
    return both, int(predicted.sum()) - both, int(truth.sum()) - both


def _iou(both: int, only_predicted: int, only_truth: int) -> float:
    union = both + only_predicted + only_truth
    return both / union if union else 1.0


def _check(predicted: np.ndarray, truth: np.ndarray) -> None:
    check_mask(predicted, "predicted mask")
    check_mask(truth, "true mask")
    check_same_size(predicted, truth, "predicted mask", "true mask")
