"""Foreground colours without the old background, so that hair keeps no fringe of the old room.

The blur fusion of Forte and Pitie 2021, "Approximate Fast Foreground Colour Estimation", run
from coarse to fine as in Germer et al. 2020, "Fast Multi-Level Foreground Estimation": instead
of two blurs with radii of 90 and 6 pixels, a small blur at every level of a pyramid. That costs
less, and the colour error in soft pixels is about half.
"""

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import shrink

_SOLID = 254.5 / 255  # what an 8-bit alpha stores as 255
_CLEAR = 0.5 / 255
_CHUNK = 30_000  # soft pixels at a time: bounds the memory, and cv2.remap takes at most 32766


def estimate_foreground(
    image: np.ndarray, alpha: np.ndarray, work_pixels: int = 60_000
) -> np.ndarray:
    """Estimate the colour of the foreground alone: image = alpha * F + (1 - alpha) * B.

    image: RGB, HWC, uint8 or float32 in [0, 1].
    alpha: float HW in [0, 1], of the picture's size.
    work_pixels: size of the finest pyramid level; finer detail comes from the picture itself.

    Returns RGB uint8 HWC. Solid pixels keep the picture's own values; clear ones carry the
    smooth colour of the foreground nearby, never the old background (black if alpha is empty).
    Raises PocketmatteError for arrays of another shape or type.
    """
    image = _checked(image, alpha)
    shape = alpha.shape
    scale = min(1.0, (work_pixels / (shape[0] * shape[1])) ** 0.5)
    work = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    alpha = alpha.astype(np.float32, copy=False)
    small_alpha = np.clip(shrink(alpha, work), 0, 1)
    if not (small_alpha > 0).any():
        return np.zeros_like(image)

    fore, back = solve_layers(shrink(image, work), small_alpha)
    result = cv2.resize(fore, shape[::-1], interpolation=cv2.INTER_LINEAR)
    cv2.copyTo(image, (alpha >= _SOLID).view(np.uint8), result)
    soft = np.flatnonzero((alpha > _CLEAR) & (alpha < _SOLID))
    for start in range(0, soft.size, _CHUNK):
        _add_detail(result, image, alpha, back, soft[start : start + _CHUNK])
    return result


def _checked(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype not in (np.uint8, np.float32):
        raise PocketmatteError(
            f"image has shape {image.shape} and type {image.dtype}; "
            "give RGB, HWC, uint8 or float32 in [0, 1]"
        )
    if alpha.shape != image.shape[:2] or alpha.dtype.kind != "f":
        raise PocketmatteError(
            f"alpha has shape {alpha.shape} and type {alpha.dtype}; give floats in [0, 1] "
            f"of the picture's size {image.shape[:2]}"
        )
    if 0 in image.shape:
        raise PocketmatteError("image has no pixels; give at least one")
    if image.dtype == np.uint8:
        return image
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def solve_layers(image: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both layers' smooth colours, coarse to fine; for small pictures.

    image: RGB uint8 HWC. alpha: float32 HW in [0, 1]. Returns foreground and background, RGB
    uint8 HWC.
    """
    shape = alpha.shape
    levels = [shape]
    while max(levels[-1]) > 12:
        levels.append(tuple((side + 1) // 2 for side in levels[-1]))
    fore = back = None
    for height, width in reversed(levels):
        size = (width, height)
        # three equal channels: whole-array products are several times faster than broadcasts
        a = cv2.cvtColor(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2RGB)
        b = 1 - a
        colour = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        if fore is None:
            fore, back = _mean_colour(colour, a**8), _mean_colour(colour, b**8)  # the solid parts
        else:
            fore = cv2.resize(fore, size, interpolation=cv2.INTER_LINEAR)
            back = cv2.resize(back, size, interpolation=cv2.INTER_LINEAR)
        blur_fore, blur_back = _weighted_blur(a * a), _weighted_blur(b * b)
        norm = 1 / (a * a + b * b)
        gain_fore, gain_back = a * norm, b * norm
        for _ in range(10 if max(size) <= 32 else 2):
            fore, back = blur_fore(fore), blur_back(back)
            rest = colour - a * fore - b * back
            fore += gain_fore * rest
            back += gain_back * rest
            np.clip(fore, 0, 255, out=fore)
            np.clip(back, 0, 255, out=back)
    return np.rint(fore).astype(np.uint8), np.rint(back).astype(np.uint8)


def _mean_colour(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    mean = (colour * weight).sum(axis=(0, 1)) / np.maximum(weight.sum(axis=(0, 1)), 1e-30)
    return np.broadcast_to(mean.astype(np.float32), colour.shape).copy()


def _weighted_blur(weight: np.ndarray):
    """A function that takes the weighted 3x3 mean; where nothing has weight, colours stay."""
    weight = weight + np.float32(1e-4)
    inverse = 1 / cv2.blur(weight, (3, 3))

    def blur(colour):
        mean = cv2.blur(colour * weight, (3, 3))
        mean *= inverse
        return mean

    return blur


def _add_detail(
    result: np.ndarray, image: np.ndarray, alpha: np.ndarray, back: np.ndarray, where: np.ndarray
) -> None:
    """Correct `result` in the pixels `where`, so that the two layers give the picture again."""
    height, width = alpha.shape
    y, x = np.divmod(where[:, None], width)
    map_y = ((y + 0.5) * (back.shape[0] / height) - 0.5).astype(np.float32)
    map_x = ((x + 0.5) * (back.shape[1] / width) - 0.5).astype(np.float32)
    behind = cv2.remap(back, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    a = alpha.reshape(-1, 1)[where]
    fore = result.reshape(-1, 3)[where].astype(np.float32)
    rest = image.reshape(-1, 3)[where] - a * fore - (1 - a) * behind[:, 0]
    fore += rest * (a / (a * a + (1 - a) * (1 - a)))
    result.reshape(-1, 3)[where] = np.rint(np.clip(fore, 0, 255))
