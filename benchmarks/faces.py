"""Find a face with scikit-image's detector: a dev package, so the card's skin tone is dev only."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from pocketmatte.evaluation.robustness.facts import Box

_SIDE = 256
_SHARE_INSIDE = 0.6


def find_face(image: np.ndarray, mask: np.ndarray) -> Box | None:
    """The largest frontal face that lies on the person, as (top, left, height, width), or None.

    image: RGB uint8 HWC. mask: bool HW. A cascade of local binary patterns (Viola and Jones 2001,
    Liao et al. 2007), trained by OpenCV's authors. It misses turned, covered and dark faces: how
    many is part of the card.
    """
    scale = _SIDE / max(mask.shape)
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=mode)
    person = cv2.resize(mask.astype(np.float32), small.shape[1::-1])
    found = _cascade().detect_multi_scale(
        small, scale_factor=1.2, step_ratio=1, min_size=(24, 24), max_size=(220, 220)
    )
    boxes = [(face["r"], face["c"], face["height"], face["width"]) for face in found]
    inside = [box for box in boxes if _share(person, box) >= _SHARE_INSIDE]
    if not inside:
        return None
    return tuple(round(side / scale) for side in max(inside, key=lambda box: box[2]))


@lru_cache(maxsize=1)
def _cascade():
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _share(person: np.ndarray, box: Box) -> float:
    top, left, height, width = box
    return float(person[top : top + height, left : left + width].mean())
