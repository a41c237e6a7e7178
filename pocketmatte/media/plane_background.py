"""What stands behind the person, in planes."""

from fractions import Fraction

import cv2
import numpy as np

from pocketmatte.filters.blur import blurred, work_size
from pocketmatte.matting.planes import Planes
from pocketmatte.media.background import BlurBackground, ColourBackground, cover
from pocketmatte.media.frames import Frame
from pocketmatte.media.video_background import VideoBackground


class PlaneBackground:
    """Call it for every frame of a clip. scene: from `parse_moving_background`, not None."""

    def __init__(self, scene):
        self._scene = scene
        self._source = None
        self._planes: Planes | None = None

    def __call__(self, picture: Planes, alpha: np.ndarray, time: Fraction | float) -> Planes:
        """The background of the picture's size. alpha: float32 HW, of any size. time: seconds.

        Do not write into it: it may be used again.
        """
        if isinstance(self._scene, BlurBackground):
            return _blur(picture, alpha, self._scene.pixels(picture.shape))
        source = self._scene.shot(time) if isinstance(self._scene, VideoBackground) else None
        if self._planes is None or source is not self._source:
            self._source, self._planes = source, self._drawn(source, *picture.shape)
        return self._planes

    def _drawn(self, source: Frame | None, height: int, width: int) -> Planes:
        if source is not None:
            return _cover(source.planes, height, width)
        if isinstance(self._scene, ColourBackground):
            return Planes.of_rgb(np.full((height, width, 3), self._scene.rgb, np.uint8))
        return Planes.of_rgb(cover(self._scene.picture, width, height))


def _cover(planes: Planes, height: int, width: int) -> Planes:
    if planes.shape == (height, width):
        return planes
    half = (width + 1) // 2, (height + 1) // 2
    return Planes(cover(planes.y, width, height), cover(planes.u, *half), cover(planes.v, *half))


def _blur(picture: Planes, alpha: np.ndarray, radius: float) -> Planes:
    shape, radius = work_size(picture.shape, radius)
    alpha = cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Planes.of_rgb(blurred(picture.shrunk(shape), alpha, radius)).enlarged(*picture.shape)
