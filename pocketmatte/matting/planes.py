"""Pictures as video stores them: brightness at full size, colour at half."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pocketmatte.matting.preprocess import halved, shrink

# ITU-R BT.709, video range: Y' from 16 to 235, Cb and Cr from 16 to 240
_KR, _KB = 0.2126, 0.0722
_LUMA = np.array([_KR, 1 - _KR - _KB, _KB]) * 219 / 255
_BLUE = (np.array([0, 0, 1]) - _LUMA * 255 / 219) / (2 - 2 * _KB) * 224 / 255
_RED = (np.array([1, 0, 0]) - _LUMA * 255 / 219) / (2 - 2 * _KR) * 224 / 255
FROM_RGB = np.array([_LUMA, _BLUE, _RED])
"""3x3: the part of RGB's conversion that is linear; to it comes OFFSET."""
OFFSET = np.array([16.0, 128.0, 128.0])
_TO_RGB = np.column_stack((np.linalg.inv(FROM_RGB), -np.linalg.inv(FROM_RGB) @ OFFSET))
_NEAR_HALF = 2.6


@dataclass(frozen=True, eq=False)
class Planes:
    """A picture in yuv420p, BT.709, video range, which is what most videos hold.

    y: uint8 HW. u, v: uint8, half as high and wide, rounded up.
    """

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray

    def __iter__(self):
        return iter((self.y, self.u, self.v))

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.y.shape

    def same_as(self, other: Planes) -> bool:
        """Whether the other is equal in every pixel."""
        # a few rows first: they tell most pictures apart, in no time
        return all(
            np.array_equal(one[::step], two[::step])
            for step in (16, 1)
            for one, two in zip(self, other, strict=True)
        )

    @classmethod
    def empty(cls, height: int, width: int) -> Planes:
        """Planes to be filled."""
        half = (height + 1) // 2, (width + 1) // 2
        return cls(*(np.empty(size, np.uint8) for size in ((height, width), half, half)))

    @classmethod
    def of_rgb(cls, image: np.ndarray) -> Planes:
        """Convert a picture: RGB uint8, HWC."""
        height, width = image.shape[:2]
        full = cv2.transform(image, np.column_stack((FROM_RGB, OFFSET)))
        half = cv2.resize(full, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
        return cls(cv2.extractChannel(full, 0), *(cv2.extractChannel(half, n) for n in (1, 2)))

    def even(self) -> Planes:
        """The same with even sides: an odd one gets its last row or column again."""
        height, width = self.shape
        if not height % 2 and not width % 2:
            return self
        y = cv2.copyMakeBorder(self.y, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        return Planes(y, self.u, self.v)

    def enlarged(self, height: int, width: int) -> Planes:
        """Interpolated to another size."""
        half = (width + 1) // 2, (height + 1) // 2
        sizes = (width, height), half, half
        return Planes(*(cv2.resize(p, size) for p, size in zip(self, sizes, strict=True)))

    def rgb(self) -> np.ndarray:
        """RGB uint8, HWC."""
        size = self.y.shape[::-1]
        u, v = (cv2.resize(plane, size) for plane in (self.u, self.v))
        return cv2.transform(cv2.merge((self.y, u, v)), _TO_RGB)

    def shrunk(self, size: tuple[int, int]) -> np.ndarray:
        """RGB uint8, HWC, averaged to (height, width); full-size RGB is never made."""
        return cv2.transform(cv2.merge([_shrink(plane, size) for plane in self]), _TO_RGB)


def _shrink(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`shrink`, but the last step of about a half by the quick interpolation of four pixels."""
    plane = halved(plane, size)
    ratios = plane.shape[0] / size[0], plane.shape[1] / size[1]
    if min(ratios) >= 1.5 and max(ratios) <= _NEAR_HALF:
        return cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
    return shrink(plane, size)
