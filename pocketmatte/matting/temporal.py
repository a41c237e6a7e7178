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

_TOLERANCE = 8.0  # change beyond noise at which the past counts 1/e, in levels
_NOISE_REACH, _NOISE_LIMIT = 1.3, 4.0
_CUT = 28.0  # mean change of the whole picture that no camera move makes, in levels
_SMALLEST_FLOW = 16  # DIS takes no smaller picture


class TemporalFilter:
    """Call it with every frame of a clip, in order.

    strength: share of the past where nothing moves, 0 (off) to below 1.
    flow: move the past along the optical flow first (DIS, Kroeger et al. 2016), so that alpha is
    also steadied on what moves; takes twice the time.

    `still` is, after each call, the share of the past in that frame's alpha where nothing moved:
    float32 HW, or None when the past was forgotten. `Polish` needs it.

    >>> steady, polish = TemporalFilter(), Polish()
    >>> for frame in frames:
    ...     coarse, small = model.coarse(frame)
    ...     alpha, soft = refine(steady(coarse, small), frame, small=small)
    ...     alpha = polish(alpha, steady.still, soft)
    """

    def __init__(self, strength: float = 0.85, flow: bool = True):
        if not 0 <= strength < 1:
            raise PocketmatteError(f"smoothing strength {strength} is not in 0 to below 1")
        self.strength = strength
        self._dis = (
            cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST) if flow else None
        )
        self.reset()

    def reset(self) -> None:
        """Forget the past. A change of size and a scene cut do it by themselves."""
        self._alpha: np.ndarray | None = None
        self._scene: np.ndarray | None = None
        self._grey: np.ndarray | None = None
        self.still: np.ndarray | None = None

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
        scene = cv2.blur(image, (3, 3)).astype(np.float32)
        if self._alpha is None or self._alpha.shape != alpha.shape:
            return self._start(alpha, scene, image)
        change = _largest(cv2.absdiff(scene, self._scene))
        if float(cv2.mean(change)[0]) > _CUT:
            return self._start(alpha, scene, image)
        self.still = keep = self._keep(change)
        past_alpha, past_scene = self._alpha, self._scene
        if self._dis is not None and min(alpha.shape) >= _SMALLEST_FLOW:
            moved_alpha, moved_scene = self._follow(image)
            moved = self._keep(_largest(cv2.absdiff(scene, moved_scene)))
            follows = (moved > keep).view(np.uint8)
            keep = cv2.max(keep, moved)
            past_alpha = cv2.copyTo(moved_alpha, follows, past_alpha)
            past_scene = cv2.copyTo(moved_scene, follows, past_scene)
        self._alpha = alpha + keep * (past_alpha - alpha)
        self._scene = scene + cv2.merge((keep, keep, keep)) * (past_scene - scene)
        return self._alpha.copy()

    def _start(self, alpha: np.ndarray, scene: np.ndarray, image: np.ndarray) -> np.ndarray:
        self._alpha, self._scene, self.still = alpha.copy(), scene, None
        self._grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return alpha

    def _keep(self, change: np.ndarray) -> np.ndarray:
        """The share of the past for each pixel, from how much the picture changed there."""
        # The blur keeps noise out, the dilation lets the edge of what moves belong to it.
        change = cv2.dilate(cv2.blur(change, (3, 3)), np.ones((3, 3), np.uint8))
        # Median: most of the picture stands still. The limit is for pictures that do not.
        noise = min(float(np.median(change[::3, ::3])), _NOISE_LIMIT)
        moved = cv2.max(change - _NOISE_REACH * noise, 0)
        keep = cv2.exp(moved * moved * np.float32(-1 / _TOLERANCE**2))
        return keep * np.float32(self.strength)

    def _follow(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The past's alpha and scene, moved to where the optical flow says that they are now."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        flow = self._dis.calc(grey, self._grey, None)
        self._grey = grey
        height, width = grey.shape
        flow[..., 0] += np.arange(width, dtype=np.float32)
        flow[..., 1] += np.arange(height, dtype=np.float32)[:, None]
        border = cv2.BORDER_REPLICATE
        alpha = cv2.remap(self._alpha, flow, None, cv2.INTER_LINEAR, borderMode=border)
        return alpha, cv2.remap(self._scene, flow, None, cv2.INTER_LINEAR, borderMode=border)


def _largest(change: np.ndarray) -> np.ndarray:
    """The largest of three channels."""
    red, green, blue = cv2.split(change)
    return cv2.max(cv2.max(red, green), blue)
