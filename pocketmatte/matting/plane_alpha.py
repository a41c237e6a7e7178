"""A clip's alpha at full size, from pictures in planes: made only where it is soft."""

import cv2
import numpy as np

from pocketmatte.matting.blocks import BlockGrid, Blocks, doubled
from pocketmatte.matting.edge_model import EdgeModel
from pocketmatte.matting.planes import FROM_RGB, OFFSET, Planes
from pocketmatte.matting.polish import Past
from pocketmatte.matting.preprocess import split

_CLEAR, _SOLID, _SOFT = range(3)


class PlaneAlpha:
    """Alpha of one frame after the other, all of one size, in the same memory.

    What `refine` and `Polish` do, for planes. shape: (height, width), even.

    map: float32 HW in [0, 1]; the next frame overwrites it.
    soft: squares that hold the soft edge, and their alpha, packed.
    solid: masks of what is 1 besides, uint8 HW, of the picture and of one of half its size; the
    rest is 0.
    """

    def __init__(self, shape: tuple[int, int]):
        self.map = np.zeros(shape, np.float32)
        self.soft: list[tuple[Blocks, np.ndarray]] = []
        self._grid = BlockGrid(shape)
        self.solid: tuple[np.ndarray, np.ndarray] | None = None
        self._kinds = np.uint8(_CLEAR)

    def update(self, edge: EdgeModel, picture: Planes, past: Past | None) -> None:
        """Go on to the next frame.

        edge: from RGB levels. past: of this frame; None starts afresh.
        """
        before, self._kinds = self._kinds, self._kinds_of(edge)
        steadied = None if past is None else _Steadied(past, self.map)
        model = cv2.transform(edge.model, _FOR_PLANES)
        self.soft = []
        for blocks in self._grid.blocks(self._kinds == _SOFT).packs():
            alpha = _refined(blocks, model, edge, picture)
            if steadied:
                steadied(alpha, blocks)
            self.soft.append((blocks, alpha))
        for kind in (_CLEAR, _SOLID):
            self._grid.blocks((self._kinds == kind) & (before != kind)).write(self.map, kind)
        for blocks, alpha in self.soft:
            blocks.write(self.map, alpha)
        self.solid = self._grid.masks(self._kinds == _SOLID)

    def _kinds_of(self, edge: EdgeModel) -> np.ndarray:
        kinds = np.where(self._grid.middles(edge.alpha) > 0.5, _SOLID, _CLEAR)
        kinds[self._grid.holds(edge.touched)] = _SOFT
        return kinds


# from slopes of R, G and B to those of Y, U and V, which have an offset of their own
_SLOPES = np.linalg.inv(FROM_RGB).T
_FOR_PLANES = np.block([[_SLOPES, np.zeros((3, 1))], [-OFFSET @ _SLOPES, np.ones((1, 1))]])


def _refined(blocks: Blocks, model: np.ndarray, edge: EdgeModel, picture: Planes) -> np.ndarray:
    """Alpha in some squares, float32, packed."""
    around = blocks.around
    slopes = around.sample(model, edge.corner, edge.alpha.shape)
    bright, blue, red, rest = split(slopes)
    rest += blue * around.read(picture.u)
    rest += red * around.read(picture.v)
    alpha = blocks.enlarged(bright)
    alpha *= blocks.read(picture.y)
    alpha += blocks.enlarged(rest)
    return np.clip(alpha, 0, 1, out=alpha)


class _Steadied:
    """Mixes the last frame's alpha into squares of this one's, as `Polish` does."""

    def __init__(self, past: Past, last: np.ndarray):
        self._last, self._past = last, past.still
        flow = past.flow_at(last.shape)
        if flow is not None:
            # four channels are sampled in half the time that two or three take
            self._past = cv2.merge((*split(flow), past.still, past.still))

    def __call__(self, now: np.ndarray, blocks: Blocks) -> None:
        """In place. now: float32, packed."""
        past = blocks.half.sample(self._past)
        if past.ndim == 2:
            share, change = past, blocks.read(self._last)
        else:
            x, y, share, _ = split(past)
            change = blocks.moved(self._last, x, y)
        change -= now
        change *= doubled(share)
        now += change
