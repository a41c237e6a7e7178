"""One soft alpha from the opinions of several teachers and, where there is one, a mask."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np

BAND = 0.03
"""Width of the band around the edge in which an alpha may be soft, as a share of the long side."""


def fuse(
    alphas: list[np.ndarray], mask: np.ndarray | None = None, band: float = BAND
) -> np.ndarray:
    """Fuse alphas of one picture.

    Who is person: the median of all opinions; with an even number the first teacher counts twice.
    How soft: in a band around that outline the last teacher's alpha is taken where its own
    outline agrees with the median's nearby; it fades out where they part.

    Args:
        alphas: one or more, float32 HW in [0, 1]. First the teacher that best knows who is
            person, last the one with the best edges.
        mask: of annotators, bool HW; one more opinion.
        band: width of the band, as a share of the long side.

    Returns:
        float32 HW in [0, 1].
    """
    opinions = list(alphas) if mask is None else [*alphas, mask.astype(np.float32)]
    if len(opinions) % 2 == 0:
        opinions.append(alphas[0])
    median = np.median(np.stack(opinions), axis=0).astype(np.float32)
    soft, person = alphas[-1], median > 0.5
    reach = max(1.5, band * max(median.shape) / 2)
    near = edge_distance(person) <= reach
    window = int(2 * reach) | 1
    differs = ((soft > 0.5) != person).astype(np.float32)
    # share of the band nearby in which the two outlines disagree
    local = cv2.blur(differs * near, (window, window)) / np.maximum(
        cv2.blur(near.astype(np.float32), (window, window)), 1e-3
    )
    trust = np.clip((0.5 - local) / 0.25, 0, 1) * near
    sure = np.where(near, median, person)
    fused = trust * soft + (1 - trust) * sure
    return np.clip(fused, 0, 1).astype(np.float32)


def edge_distance(mask: np.ndarray) -> np.ndarray:
    """Distance to the mask's outline in pixels, float32 HW; infinite when there is none."""
    if mask.all() or not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    return np.maximum(inside, outside) - 0.5


def agreement(alphas: list[np.ndarray]) -> float:
    """Smallest IoU (at 0.5) between any two teachers, 0 to 1; 1.0 for a single teacher."""
    masks = [alpha > 0.5 for alpha in alphas]
    scores = [_iou(a, b) for a, b in combinations(masks, 2)]
    return min(scores, default=1.0)


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0
