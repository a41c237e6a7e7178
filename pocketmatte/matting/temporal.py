"""A steady matte: a motion-adaptive recursive filter on alpha, with no frame of delay.

Where the picture stands still, alpha is averaged with its own past; where it moves, the network's
word is taken as it is, so nothing trails behind. Recursive temporal filtering with a motion
detector is the classic way to remove noise from video (Dubois and Sabri 1984, "Noise Reduction
in Image Sequences Using Motion-Compensated Temporal Filtering"); here the picture steers and
alpha is filtered. Works at the network's small grid, where it costs about a millisecond.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import split
from pocketmatte.matting.tiles import Rectangle

_TOLERANCE = 8.0  # change beyond noise at which the past counts 1/e, in levels
# Pixels that the flow may be off. It finds a bare shift to 0.1 (photos with noise and JPEG), but
# bodies turn, bend and blur; above 0.35 a plain person's outline begins to suffer.
_FLOW_ERROR = 0.3
# Of its share, what the past keeps where the network had no doubt in two frames. There is nothing
# to steady, but a mistake of long ago may be left: now it is gone in a third of a second, not one.
_SETTLED = 0.7
_NOISE_REACH, _NOISE_LIMIT = 1.3, 4.0
_CUT = 28.0  # mean change of the whole picture that no camera move makes, in levels
_SMALLEST_FLOW = 16  # DIS takes no smaller picture
_AROUND = 16  # pixels that the flow at an edge needs on both sides: two patches of DIS
_SOLID = 0.02


class TemporalFilter:
    """Call it with every frame of a clip, in order.

    strength: share of the past where nothing moves, 0 (off) to below 1.
    flow: move the past along the optical flow first (DIS, Kroeger et al. 2016), so that alpha is
    also steadied on what moves, and the rest of a mistake sooner gone; takes a millisecond more.

    After each call `still` is the share of the past in that frame's alpha, float32 HW, and `flow`
    where the past came from: float32 HW2, offsets (x, y) in grid pixels, 0 where nothing moved.
    `still` is None when the past was forgotten, `flow` also when none was asked for.

    >>> steady, polish = TemporalFilter(), Polish()
    >>> for frame in frames:
    ...     coarse, small = model.coarse(frame)
    ...     alpha, soft = refine(steady(coarse, small), frame, small=small)
    ...     alpha = polish(alpha, Past.of(steady), soft)
    """

    def __init__(self, strength: float = 0.85, flow: bool = True):
        if not 0 <= strength < 1:
            raise PocketmatteError(f"smoothing strength {strength} is not in 0 to below 1")
        self.strength = strength
        self._dis = None
        if flow:
            self._dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
            self._dis.setFinestScale(0)  # pictures are half the grid: there is nothing to skip
            # patches of eight, so they overlap by three; four take half as long again
            self._dis.setPatchStride(5)
        self.reset()

    def reset(self) -> None:
        """Forget the past. A change of size and a scene cut do it by themselves."""
        self._alpha: np.ndarray | None = None
        self._said: np.ndarray | None = None
        self._scene: np.ndarray | None = None
        self._grey: np.ndarray | None = None
        self.still: np.ndarray | None = None
        self.flow: np.ndarray | None = None

    def __call__(self, alpha: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Steady one frame's alpha.

        alpha: float HW in [0, 1]. image: the frame, RGB uint8 HWC, at alpha's size.
        Returns float32 HW in [0, 1]: this frame's alpha, not an older one's.
        Raises PocketmatteError when the sizes differ or image is not uint8.
        """
        if image.shape[:2] != alpha.shape or image.dtype != np.uint8:
            raise PocketmatteError(
                f"alpha {alpha.shape} and image {image.shape} {image.dtype} must have one size, "
                "and image be uint8"
            )
        alpha = alpha.astype(np.float32, copy=False)
        if not self.strength:
            return alpha
        scene, grey = self._scene_of(image)
        past, said, past_scene, past_grey = self._alpha, self._said, self._scene, self._grey
        self._alpha, self._said, self._scene, self._grey = alpha.copy(), alpha.copy(), scene, grey
        self.still = self.flow = None
        if past is None or past.shape != alpha.shape:
            return alpha
        change = _largest(cv2.absdiff(scene, past_scene))
        if float(cv2.mean(change)[0]) > _CUT:
            return alpha
        keep, noise = self._keep(change, _NOISE_LIMIT)
        box = None if grey is None else _unsettled(alpha, past, grey.shape)
        if box is not None:
            now, before = (np.ascontiguousarray(picture[box]) for picture in (grey, past_grey))
            flow = self._dis.calc(now, before, None)
            moved_scene = move(past_scene[box], flow)
            change = _largest(cv2.absdiff(scene[box], moved_scene))
            moved, _ = self._keep(change, noise, _steepness(now))
            follows = (moved > keep[box]).view(np.uint8)
            keep[box] = cv2.max(keep[box], moved)
            past_scene[box] = cv2.copyTo(moved_scene, follows, past_scene[box])
            everywhere = np.zeros((*grey.shape, 2), np.float32)
            everywhere[box] = cv2.copyTo(flow, follows)
            scale = np.divide(alpha.shape, grey.shape)
            self.flow = _enlarged(scaled(everywhere, scale), alpha.shape, cv2.INTER_NEAREST)
            past = _moved_within(past, self.flow, _of_grid(box, scale))
        self._scene = scene + cv2.merge((keep, keep, keep)) * (past_scene - scene)
        self.still = _enlarged(keep, alpha.shape, cv2.INTER_LINEAR)
        change = self.still * (past - alpha)
        if box is not None:
            change *= np.where(_doubtful(alpha, said), np.float32(1), np.float32(_SETTLED))
        self._alpha = alpha + change
        return self._alpha.copy()

    def _scene_of(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What is compared, and what the flow is found in."""
        height, width = (side // 2 for side in image.shape[:2])
        if self._dis is None or min(height, width) < _SMALLEST_FLOW:
            return cv2.blur(image, (3, 3)).astype(np.float32), None
        half = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return half.astype(np.float32), cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)

    def _keep(
        self, change: np.ndarray, limit: float, steepness: np.ndarray | float = 0.0
    ) -> tuple[np.ndarray, float]:
        """The share of the past for each pixel, from how much the picture changed there.

        limit: of the noise, which is returned too. steepness: of a picture that was moved.
        """
        # The blur keeps noise out, the dilation lets the edge of what moves belong to it.
        change = cv2.dilate(cv2.blur(change, (3, 3)), np.ones((3, 3), np.uint8))
        # Median: most of the picture stands still. The limit is for pictures that do not.
        noise = min(_median(change[::3, ::3]), limit)
        moved = cv2.max(change - _NOISE_REACH * noise, 0)
        # A steep picture changes much by what the flow is off, but shows the same thing.
        tolerance = _TOLERANCE**2 + _FLOW_ERROR**2 * steepness
        keep = cv2.exp(moved * moved * (-1 / tolerance))
        return keep * np.float32(self.strength), noise


def move(past: np.ndarray, flow: np.ndarray, corner: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Sample a picture where the flow points to.

    past: uint8 or float32, HW or HWC. flow: float32 HW2, offsets (x, y) in its pixels, for all of
    it or for a part that begins at `corner` (row, column). Returns that part.
    """
    height, width = flow.shape[:2]
    top, left = corner
    x = flow[..., 0] + np.arange(left, left + width, dtype=np.float32)
    y = flow[..., 1] + np.arange(top, top + height, dtype=np.float32)[:, None]
    return cv2.remap(past, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def scaled(flow: np.ndarray, scale: Sequence[float]) -> np.ndarray:
    """A flow, float32 HW2, in pixels of a picture that is scale (y, x) times as large."""
    # many times faster than a product with two numbers, whose innermost loop has length two
    return cv2.transform(flow, np.diag(scale[::-1]))


def _moved_within(past: np.ndarray, flow: np.ndarray, area: Rectangle) -> np.ndarray:
    """`move`, where it is known that nothing moved outside of the area."""
    rows, cols = area
    result = past.copy()
    result[area] = move(past, flow[area], (rows.start, cols.start))
    return result


def _of_grid(box: Rectangle, scale: Sequence[float]) -> Rectangle:
    """The rectangle of the grid's pixels that a smaller picture's rectangle may reach."""
    return tuple(
        slice(int(side.start * by), math.ceil(side.stop * by))
        for side, by in zip(box, scale, strict=True)
    )


def _median(values: np.ndarray) -> float:
    """`np.median`, which takes five times as long for a thousand numbers."""
    low, high = (values.size - 1) // 2, values.size // 2
    ordered = np.partition(values, (low, high), axis=None)
    return 0.5 * (float(ordered[low]) + float(ordered[high]))


def _steepness(grey: np.ndarray) -> np.ndarray:
    """Mean square of the change from pixel to pixel, float32 HW in squared levels."""
    x, y = (cv2.Sobel(grey, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return cv2.blur(x * x + y * y, (3, 3))


def _doubtful(alpha: np.ndarray, other: np.ndarray) -> np.ndarray:
    """True where not both are solid or both clear."""
    return (cv2.max(alpha, other) > _SOLID) & (cv2.min(alpha, other) < 1 - _SOLID)


def _unsettled(alpha: np.ndarray, past: np.ndarray, shape: tuple[int, int]) -> Rectangle | None:
    """Where alpha is not solid or clear in both, and some way around; None when it is everywhere.

    shape: (height, width) of the picture that the rectangle is for.
    """
    busy = _doubtful(alpha, past)
    left, top, width, height = cv2.boundingRect(busy.view(np.uint8))
    if not width:
        return None
    box = []
    for start, length, cells, full in zip(
        (top, left), (height, width), alpha.shape, shape, strict=True
    ):
        first = max(0, min(start * full // cells - _AROUND, full - _SMALLEST_FLOW))
        last = min(full, (start + length) * full // cells + 1 + _AROUND)
        box.append(slice(first, max(last, first + _SMALLEST_FLOW)))
    return tuple(box)


def _enlarged(few: np.ndarray, shape: tuple[int, int], method: int) -> np.ndarray:
    return few if few.shape[:2] == shape else cv2.resize(few, shape[::-1], interpolation=method)


def _largest(change: np.ndarray) -> np.ndarray:
    """The largest of three channels."""
    red, green, blue = split(change)
    return cv2.max(cv2.max(red, green), blue)
