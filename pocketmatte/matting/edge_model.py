"""How alpha follows the colours near a soft edge: an affine model for each pixel of the grid.

He, Sun and Tang 2013, "Guided Image Filtering", with the statistics at the small grid as in
He and Sun 2015, "Fast Guided Filter". Two changes keep the network's word:

- The offset `b` is chosen so that the filter gives the small alpha back exactly at the grid's
  resolution. The picture then only adds the detail between grid points, so the edge is not
  widened by the filter's window (the plain filter is worse than bicubic here).
- The slopes `a` are zero away from the soft edge, so solid 0 and 1 stay solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pocketmatte.matting.preprocess import split
from pocketmatte.matting.tiles import Rectangle

Channels = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class EdgeModel:
    """alpha = slopes . colour + offset, near soft edges.

    alpha: float32 HW in [0, 1], at the grid; where it is solid there is nothing to model.
    model: float32 HW4, three slopes per unit of colour and the offset, for a part of the grid.
    corner: where in the grid that part begins. touched: bool HW at the grid, where it counts.
    """

    alpha: np.ndarray
    model: np.ndarray
    corner: tuple[int, int]
    touched: np.ndarray


def edge_model(
    alpha: np.ndarray,
    small: np.ndarray,
    radius: int = 1,
    eps: float = 3e-4,
    *,
    snap: float = 0.01,
    trust: float = 1.0,
    reach: int = 4,
    step: int = 1,
) -> EdgeModel:
    """Find the model.

    alpha: float32 HW in [0, 1]. small: the picture at alpha's size, RGB, HWC, uint8 or float32.
    step: the wide window's statistics come from means of step x step grid pixels; 2 is for video.
    The others are those of `guided_upsample`. The slopes are per unit of `small`'s own values.
    """
    alpha = snapped(alpha, snap)
    wide = max(radius, reach if trust < 1 else 0)
    box = _box(soft_band(alpha, wide), 2 * wide + 1)
    touched = np.zeros(alpha.shape, bool)
    if box is None:
        return EdgeModel(alpha, np.zeros((1, 1, 4), np.float32), (0, 0), touched)
    if small.dtype == np.uint8:
        eps *= 255**2
    guide = [plane.astype(np.float32) for plane in split(small[box])]
    inside = np.ascontiguousarray(alpha[box])
    if trust < 1:
        moved = _plain_filter(guide, inside, reach, eps, step)
        inside = snapped(inside + np.float32(1 - trust) * (moved - inside), snap)
        alpha[box] = inside
    band = soft_band(inside, radius)
    *slopes, _ = _local_models(guide, inside, radius, eps, band)
    model = cv2.merge((*slopes, inside - _dot(slopes, guide)))
    touched[box] = cv2.dilate(band.view(np.uint8), np.ones((2 * radius + 1,) * 2, np.uint8))
    return EdgeModel(alpha, model, (box[0].start, box[1].start), touched)


def soft_band(alpha: np.ndarray, radius: int, solid: float = 0.02) -> np.ndarray:
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


def snapped(alpha: np.ndarray, snap: float) -> np.ndarray:
    """Alpha with what is almost 0 or 1 made exactly so."""
    line = 2 * alpha - np.float32(2 * snap)  # from below; from above it is 4 * snap - 1 higher
    result = np.minimum(alpha, line)
    line += np.float32(4 * snap - 1)
    np.maximum(result, line, out=result)
    return np.clip(result, 0, 1, out=result)


def _products(guide: Channels) -> Channels:
    """rr, gg, bb, rg, rb, gb."""
    red, green, blue = guide
    return red * red, green * green, blue * blue, red * green, red * blue, green * blue


def _local_models(
    guide: Channels, alpha: np.ndarray, radius: int, eps: float, band: np.ndarray
) -> Channels:
    """Per grid pixel the affine model alpha = a . colour + b: the planes a0, a1, a2, b."""
    size = 2 * radius + 1
    window = np.full(size, 1 / size, np.float32)

    def mean(array):
        # quicker than `cv2.blur`, which sums in float64
        return cv2.sepFilter2D(array, -1, window, window)

    # the algebra only where the band is, a tenth of the grid
    where = np.flatnonzero(band)
    m_alpha = mean(alpha)
    m_r, m_g, m_b, rr, gg, bb, rg, rb, gb, c_r, c_g, c_b, m_a = (
        plane.take(where)
        for plane in (
            *map(mean, guide),
            *map(mean, _products(guide)),
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
    guide: Channels, alpha: np.ndarray, radius: int, eps: float, step: int
) -> np.ndarray:
    """He, Sun and Tang's own guided filter, at the grid; float32 HW."""
    size = tuple(max(1, side // step) for side in alpha.shape[::-1])
    *few, few_alpha = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (*guide, alpha))
    radius = max(1, radius // step)
    models = _local_models(few, few_alpha, radius, eps, soft_band(few_alpha, radius))
    *slopes, b = (cv2.resize(plane, alpha.shape[::-1]) for plane in models)
    # its windows hold both sides of the edge, which greys them; some contrast undoes that
    return np.clip(1.3 * (_dot(slopes, guide) + b) - 0.15, 0, 1)


def _dot(a: Channels, b: Channels) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
