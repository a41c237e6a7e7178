"""Guided upsampling: a small alpha becomes a full-size one that follows the picture's edges.

He, Sun and Tang 2013, "Guided Image Filtering", with the statistics at the small grid as in
He and Sun 2015, "Fast Guided Filter". Two changes keep the network's word:

- The offset `b` is chosen so that the filter gives the small alpha back exactly at the grid's
  resolution. The picture then only adds the detail between grid points, so the edge is not
  widened by the filter's window (the plain filter is worse than bicubic here).
- The slopes `a` are zero away from the soft edge, so solid 0 and 1 stay solid.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import shrink

Planes = Sequence[np.ndarray]

_STRIP = 48  # rows per pass over the full-size picture: a strip's floats stay in the cache


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
    _check(alpha, image)
    shape = image.shape[:2]
    grid = (min(alpha.shape[0], shape[0]), min(alpha.shape[1], shape[1]))
    alpha = shrink(alpha.astype(np.float32, copy=False), grid)
    alpha = _snapped(alpha, snap)
    soft = _soft_band(alpha, max(radius, reach if trust < 1 else 0)).any()
    if grid == shape or not soft:
        return cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_LINEAR)

    scale = 1 / 255 if image.dtype == np.uint8 else 1.0
    if small is None or small.shape[:2] != grid or small.dtype != image.dtype:
        small = shrink(image, grid)
    guide = cv2.split(small.astype(np.float32) * np.float32(scale))
    if trust < 1:
        moved = _plain_filter(guide, alpha, reach, eps)
        alpha = _snapped(alpha + np.float32(1 - trust) * (moved - alpha), snap)
    full = cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_LINEAR)
    band = _soft_band(alpha, radius)
    *slopes, _ = _local_models(guide, alpha, radius, eps, band)
    model = cv2.merge((*slopes, alpha - _dot(slopes, guide)))
    model *= np.float32(scale)
    touched = cv2.dilate(band.view(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8)) > 0
    for rows, cols in band_rectangles(touched, shape):
        full[rows, cols] = _evaluate(model, image, rows, cols)
    return full


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


def _soft_band(alpha: np.ndarray, radius: int, solid: float = 0.02) -> np.ndarray:
    """True in the grid's pixels that have a soft or an edge pixel in their neighbourhood."""
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return (cv2.dilate(alpha, kernel) > solid) & (cv2.erode(alpha, kernel) < 1 - solid)


def _snapped(alpha: np.ndarray, snap: float) -> np.ndarray:
    """Alpha with what is almost 0 or 1 made exactly so."""
    low, high = 2 * (alpha - np.float32(snap)), 2 * (alpha + np.float32(snap)) - 1
    return np.clip(np.maximum(np.minimum(alpha, low), high), 0, 1)


def _local_models(
    guide: Planes, alpha: np.ndarray, radius: int, eps: float, band: np.ndarray
) -> Planes:
    """Per grid pixel the affine model alpha = a . colour + b: the planes a0, a1, a2, b."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(array):
        return cv2.blur(array, size, borderType=cv2.BORDER_REFLECT_101)

    red, green, blue = guide
    m_r, m_g, m_b, m_a = mean(red), mean(green), mean(blue), mean(alpha)
    rr = mean(red * red) - m_r * m_r + eps
    gg = mean(green * green) - m_g * m_g + eps
    bb = mean(blue * blue) - m_b * m_b + eps
    rg = mean(red * green) - m_r * m_g
    rb = mean(red * blue) - m_r * m_b
    gb = mean(green * blue) - m_g * m_b
    c_r = mean(red * alpha) - m_r * m_a
    c_g = mean(green * alpha) - m_g * m_a
    c_b = mean(blue * alpha) - m_b * m_a

    # a = (covariance + eps)^-1 . c, by the adjugate of the symmetric 3x3 matrix
    k_rr, k_gg, k_bb = gg * bb - gb * gb, rr * bb - rb * rb, rr * gg - rg * rg
    k_rg, k_rb, k_gb = gb * rb - rg * bb, rg * gb - gg * rb, rb * rg - rr * gb
    inverse = band / (rr * k_rr + rg * k_rg + rb * k_rb)
    a_r = (k_rr * c_r + k_rg * c_g + k_rb * c_b) * inverse
    a_g = (k_rg * c_r + k_gg * c_g + k_gb * c_b) * inverse
    a_b = (k_rb * c_r + k_gb * c_g + k_bb * c_b) * inverse
    b = m_a - _dot((a_r, a_g, a_b), (m_r, m_g, m_b))
    return mean(a_r), mean(a_g), mean(a_b), mean(b)


def _plain_filter(guide: Planes, alpha: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """He, Sun and Tang's own guided filter, at the grid; float32 HW."""
    *slopes, b = _local_models(guide, alpha, radius, eps, _soft_band(alpha, radius))
    # its windows hold both sides of the edge, which greys them; some contrast undoes that
    return np.clip(1.3 * (_dot(slopes, guide) + b) - 0.15, 0, 1)


def _dot(a: Planes, b: Planes) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def band_rectangles(band: np.ndarray, shape: tuple[int, int]):
    """Yield (rows, columns) slices of the full-size picture that cover the grid's `band`."""
    height, width = shape
    scale_y, scale_x = band.shape[0] / height, band.shape[1] / width
    reach = 1  # of the bilinear interpolation
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        first, last = int(top * scale_y) - reach, int(bottom * scale_y) + reach + 1
        busy = band[max(first, 0) : last].any(axis=0)
        padded = np.concatenate(([False], busy, [False]))
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        end = 0
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            left = max(end, int((start - reach) / scale_x))
            end = min(width, int(np.ceil((stop + reach) / scale_x)))
            if left < end:
                yield slice(top, bottom), slice(left, end)


def _evaluate(model: np.ndarray, image: np.ndarray, rows: slice, cols: slice) -> np.ndarray:
    """The affine models, upsampled to one rectangle of the picture and applied there."""
    scale_y, scale_x = model.shape[0] / image.shape[0], model.shape[1] / image.shape[1]
    to_grid = np.array(
        [
            [scale_x, 0, (cols.start + 0.5) * scale_x - 0.5],
            [0, scale_y, (rows.start + 0.5) * scale_y - 0.5],
        ]
    )
    height, width = rows.stop - rows.start, cols.stop - cols.start
    local = cv2.warpAffine(
        model,
        to_grid,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # a fourth channel of 255 (or 1.0) carries the offset b through the same product
    colour = cv2.cvtColor(image[rows, cols], cv2.COLOR_RGB2RGBA)
    cv2.multiply(colour, local, dst=local, dtype=cv2.CV_32F)
    total = local.reshape(-1, 4) @ np.ones(4, np.float32)
    return np.clip(total, 0, 1, out=total).reshape(height, width)
