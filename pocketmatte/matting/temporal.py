"""A steady matte: a motion-adaptive recursive filter on alpha, with no frame of delay.

Where the picture stands still, alpha is averaged with its own past; where it moves, the network's
word is taken as it is, so nothing trails behind. Recursive temporal filtering with a motion
detector is the classic way to remove noise from video (Dubois and Sabri 1984, "Noise Reduction
in Image Sequences Using Motion-Compensated Temporal Filtering"); here the picture steers and
alpha is filtered. Works at the network's small grid, where it costs about a millisecond.
"""

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.preprocess import split
from pocketmatte.matting.tiles import Rectangle

_TOLERANCE = 8.0  # change beyond noise at which the past counts 1/e, in levels
_NOISE_REACH, _NOISE_LIMIT = 1.3, 4.0
_CUT = 28.0  # mean change of the whole picture that no camera move makes, in levels
_SMALLEST_FLOW = 16  # DIS takes no smaller picture
_AROUND = 16  # pixels that the flow at an edge needs on both sides: two patches of DIS
_SOLID = 0.02


class TemporalFilter:
    """Call it with every frame of a clip, in order.

    strength: share of the past where nothing moves, 0 (off) to below 1.
    flow: move the past along the optical flow first (DIS, Kroeger et al. 2016), so that alpha is
    also steadied on what moves; takes twice the time.

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
        self.reset()

    def reset(self) -> None:
        """Forget the past. A change of size and a scene cut do it by themselves."""
        self._alpha: np.ndarray | None = None
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
        past, past_scene, past_grey = self._alpha, self._scene, self._grey
        self._alpha, self._scene, self._grey = alpha.copy(), scene, grey
        self.still = self.flow = None
        if past is None or past.shape != alpha.shape:
            return alpha
        change = _largest(cv2.absdiff(scene, past_scene))
        if float(cv2.mean(change)[0]) > _CUT:
            return alpha
        keep, noise = self._keep(change, _NOISE_LIMIT)
        box = None if grey is None else _unsettled(alpha, past, grey.shape)
        if box is not None:
            flow = self._dis.calc(*(np.ascontiguousarray(g[box]) for g in (grey, past_grey)), None)
            moved_scene = move(past_scene[box], flow)
            moved, _ = self._keep(_largest(cv2.absdiff(scene[box], moved_scene)), noise)
            follows = moved > keep[box]
            keep[box] = cv2.max(keep[box], moved)
            past_scene[box] = cv2.copyTo(moved_scene, follows.view(np.uint8), past_scene[box])
            everywhere = np.zeros((*grey.shape, 2), np.float32)
            everywhere[box] = flow * follows[..., None]
            self.flow = _enlarged(everywhere, alpha.shape, cv2.INTER_NEAREST)
            self.flow *= np.float32(np.divide(alpha.shape, grey.shape)[::-1])
            past = move(past, self.flow)
        self._scene = scene + cv2.merge((keep, keep, keep)) * (past_scene - scene)
        self.still = _enlarged(keep, alpha.shape, cv2.INTER_LINEAR)
        self._alpha = alpha + self.still * (past - alpha)
        return self._alpha.copy()

    def _scene_of(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What is compared, and what the flow is found in."""
        height, width = (side // 2 for side in image.shape[:2])
        if self._dis is None or min(height, width) < _SMALLEST_FLOW:
            return cv2.blur(image, (3, 3)).astype(np.float32), None
        half = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        return half.astype(np.float32), cv2.cvtColor(half, cv2.COLOR_RGB2GRAY)

    def _keep(self, change: np.ndarray, limit: float) -> tuple[np.ndarray, float]:
        """The share of the past for each pixel, from how much the picture changed there.

        limit: of the noise, which is returned too.
        """
        # The blur keeps noise out, the dilation lets the edge of what moves belong to it.
        change = cv2.dilate(cv2.blur(change, (3, 3)), np.ones((3, 3), np.uint8))
        # Median: most of the picture stands still. The limit is for pictures that do not.
        noise = min(float(np.median(change[::3, ::3])), limit)
        moved = cv2.max(change - _NOISE_REACH * noise, 0)
        keep = cv2.exp(moved * moved * np.float32(-1 / _TOLERANCE**2))
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


def _unsettled(alpha: np.ndarray, past: np.ndarray, shape: tuple[int, int]) -> Rectangle | None:
    """Where alpha is not solid or clear in both, and some way around; None when it is everywhere.

    shape: (height, width) of the picture that the rectangle is for.
    """
    busy = (cv2.max(alpha, past) > _SOLID) & (cv2.min(alpha, past) < 1 - _SOLID)
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
