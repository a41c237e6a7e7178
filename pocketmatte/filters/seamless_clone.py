"""Seamless clone: Poisson blending of the person into the background, where the person is."""

import cv2
import numpy as np

from pocketmatte.filters.alpha_blend import alpha_blend
from pocketmatte.filters.checks import check_layers, check_range
from pocketmatte.matting.preprocess import shrink

_SIDE = 192  # Poisson's equation is solved at this size


def seamless_clone(
    foreground: np.ndarray, alpha: np.ndarray, background: np.ndarray, *, strength: float = 0.7
) -> np.ndarray:
    """Shift the foreground's colours smoothly, so that its edge meets the background's colours.

    Perez et al. 2003, "Poisson Image Editing", by OpenCV's `seamlessClone`. What the clone
    changes is a smooth membrane over the person, so it is solved on a small picture and added
    to the full one, which is then blended with alpha: detail and hair stay sharp.

    foreground, background: RGB uint8, HWC. alpha: float32 [0, 1], HW.
    strength: 0 is plain alpha blending, 1 the full clone.
    Returns RGB uint8, HWC. Where the person touches the frame there is no background to meet:
    the membrane ends level there. An empty or full matte is blended as it is.
    """
    check_layers(foreground, alpha, background)
    check_range("strength", strength, 0, 1)
    scale = min(1.0, _SIDE / max(alpha.shape))
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    mask = shrink(alpha, size) > 0.5
    if strength == 0 or min(size) < 3 or not mask.any() or mask.all():
        return alpha_blend(foreground, alpha, background)
    small_fore = shrink(foreground, size)
    small_back = shrink(background, size)
    change = strength * _membrane(small_fore, small_back, mask)
    change = cv2.resize(change, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    moved = cv2.add(foreground, change, dtype=cv2.CV_8U)
    return alpha_blend(moved, alpha, background)


def _membrane(fore: np.ndarray, back: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What the clone adds to `fore` inside the mask, spread a little outside; float32 HWC."""
    height, width = mask.shape
    pads = _mirror_pads(mask)
    top, _, left, _ = pads

    def padded(array):
        return cv2.copyMakeBorder(array, *pads, cv2.BORDER_REFLECT)

    levels = padded(mask.astype(np.uint8) * 255)
    levels[:2], levels[-2:], levels[:, :2], levels[:, -2:] = 0, 0, 0, 0
    area = slice(top, top + height), slice(left, left + width)
    inside = cv2.erode(levels, np.ones((3, 3), np.uint8))[area] > 0
    if not inside.any():  # too thin for a membrane
        return np.zeros(fore.shape, np.float32)
    source, target = padded(fore), padded(back)
    x, y, box_width, box_height = cv2.boundingRect(levels)
    centre = (x + box_width // 2, y + box_height // 2)
    # OpenCV 5 writes into the mask it is given, so this is its last use
    clone = cv2.seamlessClone(source, target, levels, centre, cv2.NORMAL_CLONE)
    weight = inside.astype(np.float32)
    change = (clone.astype(np.float32) - source)[area] * weight[..., None]
    return _spread(change, weight)


def _mirror_pads(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(top, bottom, left, right): mirror the picture where the person touches the frame.

    By symmetry the membrane is then level at that edge, instead of tied to the background.
    """
    height, width = mask.shape
    edges = (mask[:2].any(), mask[-2:].any(), mask[:, :2].any(), mask[:, -2:].any())
    sides = (height, height, width, width)
    return tuple(side if touched else 3 for touched, side in zip(edges, sides, strict=True))


def _spread(change: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Carry the membrane over its rim to the soft pixels outside (normalised convolution)."""
    near = cv2.GaussianBlur(weight, (0, 0), 2) + 1e-6
    far = cv2.GaussianBlur(weight, (0, 0), 8) + 1e-6
    wide = cv2.GaussianBlur(change, (0, 0), 8) / far[..., None]
    close = cv2.GaussianBlur(change, (0, 0), 2) / near[..., None]
    trust = np.clip(near * 10, 0, 1)[..., None]
    outside = close * trust + wide * (1 - trust)
    return np.where(weight[..., None] > 0, change, outside).astype(np.float32)
