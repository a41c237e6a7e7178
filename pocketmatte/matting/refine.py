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
Rectangle = tuple[slice, slice]

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
    small: np.ndarray | None = None,
) -> tuple[np.ndarray, list[Rectangle]]:
    """`guided_upsample`, and where it did more than interpolate: the soft edge.

    Returns alpha, and (rows, columns) slices of it that do not overlap. Outside them alpha is
    what the small one interpolates to, within 0.02 of 0 or of 1.
    """
    _check(alpha, image)
    shape = image.shape[:2]
    grid = (min(alpha.shape[0], shape[0]), min(alpha.shape[1], shape[1]))
    alpha = shrink(alpha.astype(np.float32, copy=False), grid)
    alpha = _snapped(alpha, snap)
    wide = max(radius, reach if trust < 1 else 0)
    soft = _soft_band(alpha, wide)
    box = _box(soft, 2 * wide + 1)
    if box is None:
        return cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_LINEAR), []
    if grid == shape:
        return alpha, list(band_rectangles(soft, shape))

    scale = 1 / 255 if image.dtype == np.uint8 else 1.0
    if small is None or small.shape[:2] != grid or small.dtype != image.dtype:
        small = shrink(image, grid)
    guide = cv2.split(small[box].astype(np.float32) * np.float32(scale))
    products = _products(guide)
    inside = np.ascontiguousarray(alpha[box])
    if trust < 1:
        moved = _plain_filter(guide, products, inside, reach, eps)
        inside = _snapped(inside + np.float32(1 - trust) * (moved - inside), snap)
        alpha[box] = inside
    full = cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_LINEAR)
    band = _soft_band(inside, radius)
    *slopes, _ = _local_models(guide, products, inside, radius, eps, band)
    model = cv2.merge((*slopes, inside - _dot(slopes, guide)))
    model *= np.float32(scale)
    touched = np.zeros(grid, bool)
    touched[box] = cv2.dilate(band.view(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8))
    rectangles = list(band_rectangles(touched, shape))
    corner = box[0].start, box[1].start
    for area in rectangles:
        full[area] = _evaluate(sample(model, area, shape, corner, grid), image[area])
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


def _soft_band(alpha: np.ndarray, radius: int, solid: float = 0.02) -> np.ndarray:
    """True in the grid's pixels that have a soft or an edge pixel in their neighbourhood."""
    kernel = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return (cv2.dilate(alpha, kernel) > solid) & (cv2.erode(alpha, kernel) < 1 - solid)


def _box(band: np.ndarray, margin: int) -> Rectangle | None:
    """The (rows, columns) that hold the band and a margin around it; None when it is empty."""
    x, y, width, height = cv2.boundingRect(band.view(np.uint8))
    if not width:
        return None
    return (
        slice(max(0, y - margin), min(band.shape[0], y + height + margin)),
        slice(max(0, x - margin), min(band.shape[1], x + width + margin)),
    )


def _snapped(alpha: np.ndarray, snap: float) -> np.ndarray:
    """Alpha with what is almost 0 or 1 made exactly so."""
    low, high = 2 * (alpha - np.float32(snap)), 2 * (alpha + np.float32(snap)) - 1
    return np.clip(np.maximum(np.minimum(alpha, low), high), 0, 1)


def _products(guide: Planes) -> Planes:
    """rr, gg, bb, rg, rb, gb."""
    red, green, blue = guide
    return red * red, green * green, blue * blue, red * green, red * blue, green * blue


def _local_models(
    guide: Planes, products: Planes, alpha: np.ndarray, radius: int, eps: float, band: np.ndarray
) -> Planes:
    """Per grid pixel the affine model alpha = a . colour + b: the planes a0, a1, a2, b."""
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(array):
        return cv2.blur(array, size, borderType=cv2.BORDER_REFLECT_101)

    # the algebra only where the band is, a tenth of the grid
    where = np.flatnonzero(band)
    m_alpha = mean(alpha)
    m_r, m_g, m_b, rr, gg, bb, rg, rb, gb, c_r, c_g, c_b, m_a = (
        plane.take(where)
        for plane in (
            *map(mean, guide),
            *map(mean, products),
            *(mean(colour * alpha) for colour in guide),
            m_alpha,
        )
    )
    rr, gg, bb = rr - m_r * m_r + eps, gg - m_g * m_g + eps, bb - m_b * m_b + eps
    rg, rb, gb = rg - m_r * m_g, rb - m_r * m_b, gb - m_g * m_b
    c_r, c_g, c_b = c_r - m_r * m_a, c_g - m_g * m_a, c_b - m_b * m_a

    # a = (covariance + eps)^-1 . c, by the adjugate of the symmetric 3x3 matrix
    k_rr, k_gg, k_bb = gg * bb - gb * gb, rr * bb - rb * rb, rr * gg - rg * rg
    k_rg, k_rb, k_gb = gb * rb - rg * bb, rg * gb - gg * rb, rb * rg - rr * gb
    inverse = 1 / (rr * k_rr + rg * k_rg + rb * k_rb)
    a_r = (k_rr * c_r + k_rg * c_g + k_rb * c_b) * inverse
    a_g = (k_rg * c_r + k_gg * c_g + k_gb * c_b) * inverse
    a_b = (k_rb * c_r + k_gb * c_g + k_bb * c_b) * inverse
    b = m_a - _dot((a_r, a_g, a_b), (m_r, m_g, m_b))

    def everywhere(values, plane):
        np.put(plane, where, values)
        return mean(plane)

    slopes = (everywhere(a, np.zeros(alpha.shape, np.float32)) for a in (a_r, a_g, a_b))
    return *slopes, everywhere(b, m_alpha)


def _plain_filter(
    guide: Planes, products: Planes, alpha: np.ndarray, radius: int, eps: float
) -> np.ndarray:
    """He, Sun and Tang's own guided filter, at the grid; float32 HW."""
    *slopes, b = _local_models(guide, products, alpha, radius, eps, _soft_band(alpha, radius))
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


def sample(
    small: np.ndarray,
    area: Rectangle,
    shape: tuple[int, int],
    corner: tuple[int, int] = (0, 0),
    grid: tuple[int, int] | None = None,
) -> np.ndarray:
    """What bilinear enlargement of `small` to `shape` gives in one rectangle.

    small: float32 HW or HWC. area: (rows, columns). shape: the full picture's (height, width).
    corner, grid: where in a grid of which size `small` begins, when it is a part of one.
    """
    rows, cols = area
    grid = grid or small.shape[:2]
    scale_y, scale_x = grid[0] / shape[0], grid[1] / shape[1]
    to_grid = np.array(
        [
            [scale_x, 0, (cols.start + 0.5) * scale_x - 0.5 - corner[1]],
            [0, scale_y, (rows.start + 0.5) * scale_y - 0.5 - corner[0]],
        ]
    )
    return cv2.warpAffine(
        small,
        to_grid,
        (cols.stop - cols.start, rows.stop - rows.start),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _evaluate(model: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The affine models (HW4) of one rectangle, applied to its colours. Overwrites `model`."""
    # a fourth channel of 255 (or 1.0) carries the offset b through the same product
    cv2.multiply(cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA), model, dst=model, dtype=cv2.CV_32F)
    total = model.reshape(-1, 4) @ np.ones(4, np.float32)
    return np.clip(total, 0, 1, out=total).reshape(model.shape[:2])
