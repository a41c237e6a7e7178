"""A clip's alpha at full size, from pictures in planes: made only where it is soft."""

import cv2
import numpy as np

from pocketmatte.matting.edge_model import EdgeModel
from pocketmatte.matting.planes import FROM_RGB, OFFSET, Planes
from pocketmatte.matting.polish import Past, blend_past
from pocketmatte.matting.tiles import Rectangle, Tile, band_rectangles, between


class PlaneAlpha:
    """Alpha of one frame after the other, all of one size, in the same memory.

    What `refine` and `Polish` do, for planes: the colours' share of alpha is worked out at half
    size, where the colours are.

    map: float32 HW in [0, 1]; the frame after the next overwrites it.
    soft: tiles that hold the soft edge. solid, clear: the rectangles between, of alpha 1 and 0.
    """

    def __init__(self, shape: tuple[int, int]):
        self.map, self._last = np.zeros((2, *shape), np.float32)
        self.soft: list[Tile] = []
        self.solid: list[Rectangle] = []
        self.clear: list[Rectangle] = []

    def update(self, edge: EdgeModel, picture: Planes, past: Past | None) -> None:
        """Go on to the next frame.

        edge: from RGB levels. past: of this frame; None starts afresh.
        """
        self.map, self._last = self._last, self.map
        shape = self.map.shape
        flow = None if past is None else past.flow_at(shape)
        model = cv2.transform(edge.model, _FOR_PLANES)
        self.soft = [Tile(area, shape) for area in band_rectangles(edge.touched, shape)]
        for tile in self.soft:
            now = _refined(tile, model, edge, picture)
            if past is not None:
                share = tile.full(tile.sample(past.still))
                came = None if flow is None else tile.sample(flow)
                came = tile.full(came) if came is not None and came.any() else None
                blend_past(now, self._last, tile.area, share, came)
            self.map[tile.area] = now
        self.solid, self.clear = [], []
        for area in between(edge.touched, shape):
            person = _middle(edge.alpha, area, shape) > 0.5
            (self.solid if person else self.clear).append(area)
            self.map[area] = person


# from slopes of R, G and B to those of Y, U and V, which have an offset of their own
_SLOPES = np.linalg.inv(FROM_RGB).T
_FOR_PLANES = np.block([[_SLOPES, np.zeros((3, 1))], [-OFFSET @ _SLOPES, np.ones((1, 1))]])


def _refined(tile: Tile, model: np.ndarray, edge: EdgeModel, picture: Planes) -> np.ndarray:
    """Alpha in one tile, float32 HW."""
    bright, blue, red, rest = cv2.split(tile.sample(model, edge.corner, edge.alpha.shape))
    rest += cv2.multiply(picture.u[tile.around], blue, dtype=cv2.CV_32F)
    rest += cv2.multiply(picture.v[tile.around], red, dtype=cv2.CV_32F)
    alpha = cv2.multiply(picture.y[tile.area], tile.full(bright), dtype=cv2.CV_32F)
    alpha += tile.full(rest)
    return np.clip(alpha, 0, 1, out=alpha)


def _middle(grid: np.ndarray, area: Rectangle, shape: tuple[int, int]) -> float:
    """The grid's value in the middle of a full-size rectangle."""
    row, col = (
        min((side.start + side.stop) * cells // (2 * full), cells - 1)
        for side, cells, full in zip(area, grid.shape, shape, strict=True)
    )
    return float(grid[row, col])
