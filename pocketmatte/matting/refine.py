"""Guided upsampling: a small alpha becomes a full-size one that follows the picture's edges."""

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.edge_model import edge_model, snapped, soft_band
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.tiles import Rectangle, band_rectangles, sample


def guided_upsample(
    alpha: np.ndarray,
    image: np.ndarray,
    radius: int = 1,
    eps: float = 3e-4,
    *,
    snap: float = 0.01,
    trust: float = 1.0,
    reach: int = 4,
    small: np.ndarray | None = None,
) -> np.ndarray:
    """Bring `alpha` to the size of `image`, with edges and hair taken from the picture.

    alpha: float HW in [0, 1], at the network's grid.
    image: RGB, HWC, uint8 or float32 in [0, 1], at full size.
    radius: of the window for the local colour model, in grid pixels.
    eps: regularisation, a variance of colour in [0, 1]; larger trusts the picture less.
    snap: values closer than this to 0 or 1 become exactly 0 or 1; those closer than twice this
        are stretched to meet them, others stay.
    trust: 1 keeps the alpha's own edges. Less moves them towards the nearest colour edges, by
        mixing in the plain guided filter at the grid: for a network whose outline is vague.
        True hair is best with 1.
    reach: how far edges may move, in grid pixels; without effect if trust is 1.
    small: the picture at the grid's size, if the caller has it already (saves a resize).

    Returns alpha, float32 HW in [0, 1], at the picture's size. An alpha of zeros stays exactly
    zero. Where the small alpha is solid around a pixel, the result is the plain upsampling.
    Raises PocketmatteError for arrays of another shape or type.
    """
    return refine(alpha, image, radius, eps, snap=snap, trust=trust, reach=reach, small=small)[0]


def refine(
    alpha: np.ndarray,
    image: np.ndarray,
    radius: int = 1,
    eps: float = 3e-4,
    *,
    snap: float = 0.01,
    trust: float = 1.0,
    reach: int = 4,
    step: int = 1,
    small: np.ndarray | None = None,
) -> tuple[np.ndarray, list[Rectangle]]:
    """`guided_upsample`, and where it did more than interpolate: the soft edge.

    step: see `edge_model`.
    Returns alpha, and (rows, columns) slices of it that do not overlap. Outside them alpha is
    what the small one interpolates to, within 0.02 of 0 or of 1.
    """
    _check(alpha, image)
    shape = image.shape[:2]
    grid = (min(alpha.shape[0], shape[0]), min(alpha.shape[1], shape[1]))
    alpha = shrink(alpha.astype(np.float32, copy=False), grid)
    if grid == shape:
        alpha = snapped(alpha, snap)
        return alpha, list(band_rectangles(soft_band(alpha, radius), shape))
    if small is None or small.shape[:2] != grid or small.dtype != image.dtype:
        small = shrink(image, grid)
    edge = edge_model(alpha, small, radius, eps, snap=snap, trust=trust, reach=reach, step=step)
    full = cv2.resize(edge.alpha, shape[::-1], interpolation=cv2.INTER_LINEAR)
    rectangles = list(band_rectangles(edge.touched, shape))
    # a fourth channel, of opaque pixels, carries the offset through the colours' product
    opaque = 255 if image.dtype == np.uint8 else 1
    models = edge.model / np.float32([1, 1, 1, opaque])
    for area in rectangles:
        full[area] = _evaluate(sample(models, area, shape, edge.corner, grid), image[area])
    return full, rectangles


def _check(alpha: np.ndarray, image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype not in (np.uint8, np.float32):
        raise PocketmatteError(
            f"image has shape {image.shape} and type {image.dtype}; "
            "give RGB, HWC, uint8 or float32 in [0, 1]"
        )
    if alpha.ndim != 2 or alpha.dtype.kind != "f":
        raise PocketmatteError(
            f"alpha has shape {alpha.shape} and type {alpha.dtype}; give HW, float in [0, 1]"
        )
    if 0 in alpha.shape or 0 in image.shape:
        raise PocketmatteError("image or alpha has no pixels; give at least one")


def _evaluate(model: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The affine models (HW4) of one rectangle, applied to its colours. Overwrites `model`."""
    cv2.multiply(cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA), model, dst=model, dtype=cv2.CV_32F)
    total = model.reshape(-1, 4) @ np.ones(4, np.float32)
    return np.clip(total, 0, 1, out=total).reshape(model.shape[:2])
