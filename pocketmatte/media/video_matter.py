"""From a frame to a composite, for frames that come one after the other."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import apply, parse_chain
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.refine import guided_upsample
from pocketmatte.matting.temporal import TemporalFilter
from pocketmatte.media.background import ColourBackground
from pocketmatte.media.live_foreground import live_foreground
from pocketmatte.media.photo import to_levels
from pocketmatte.media.video_background import VideoBackground, parse_moving_background

_WORK_AREA = 256 * 256  # where alphas of a model without a grid of its own are steadied


@dataclass(frozen=True)
class MattedFrame:
    """A frame cut out.

    image: RGB uint8, HWC, as given. alpha: float32 [0, 1], HW, steadied.
    composite: RGB uint8, HWC, or RGBA when there is no background.
    """

    image: np.ndarray
    alpha: np.ndarray
    composite: np.ndarray


class VideoMatter:
    """Cuts the person out of frame after frame, and puts the background behind.

    model: a `Model`, or any callable from image (RGB uint8, HWC) to a `Matte` or an alpha
    (float32 HW in [0, 1]). background: colour, picture, video file, "blur", "blur:20" or "none".
    filters: a chain such as "color_transfer,light_wrap"; with "none", only filters of alpha.
    smooth: strength of the temporal filter, 0 to below 1. flow: see `TemporalFilter`.

    `seconds` sums the time spent in each stage, and `frames` counts.
    Raises PocketmatteError for an unknown background or filter.
    """

    def __init__(
        self,
        model: Callable,
        background="none",
        filters: str = "",
        smooth: float = 0.85,
        flow: bool = True,
    ):
        self.model = model
        self.background = parse_moving_background(background)
        self.set_filters(filters)
        self._steady = TemporalFilter(smooth, flow)
        self._plain = None  # a colour's frame, kept because filling one takes a millisecond
        self.seconds: dict[str, float] = defaultdict(float)
        self.frames = 0

    def set_filters(self, filters: str) -> None:
        """Take another chain of filters from the next frame on."""
        steps = parse_chain(filters)
        if self.background is None:
            for step in steps:
                if step.filter.kind != "alpha":
                    raise PocketmatteError(
                        f"filter {step.filter.name!r} needs a background; name one, or drop it"
                    )
        self._steps = steps

    def __call__(self, image: np.ndarray, time: Fraction | float = 0) -> MattedFrame:
        """Matte one frame: RGB uint8, HWC; time in seconds."""
        alpha = self.alpha(image)
        scene = self.background
        if scene is None:
            composite = self._cut_out(image, alpha)
        else:
            with self._stage("background"):
                behind = self._behind(scene, image, alpha, time)
            with self._stage("foreground"):
                foreground = live_foreground(image, alpha, *self._small)
            with self._stage("blend"):
                composite = apply(self._steps, foreground, alpha, behind)
        self.frames += 1
        return MattedFrame(image, alpha, composite)

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """The steadied alpha alone: float32 HW in [0, 1]."""
        coarse = getattr(self.model, "coarse", None)
        if coarse is None:
            return self._foreign_alpha(image)
        with self._stage("network"):
            small_alpha, small = coarse(image)
        with self._stage("steady"):
            small_alpha = self._steady(small_alpha, small)
            self._small = small_alpha, small
        with self._stage("refine"):
            alpha = guided_upsample(small_alpha, image, small=small)
        with self._stage("steady"):
            return self._steady.polish(alpha)

    def _foreign_alpha(self, image: np.ndarray) -> np.ndarray:
        """Steady the alpha of a model without a grid: what the filter changes is added to it."""
        with self._stage("network"):
            result = self.model(image)
            alpha = np.asarray(getattr(result, "alpha", result), np.float32)
        with self._stage("steady"):
            scale = min(1.0, (_WORK_AREA / alpha.size) ** 0.5)
            size = tuple(max(1, round(side * scale)) for side in alpha.shape)
            coarse, small = shrink(alpha, size), shrink(image, size)
            change = self._steady(coarse, small) - coarse
            self._small = coarse + change, small
            change = cv2.resize(change, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
            return np.clip(alpha + change, 0, 1)

    def _behind(self, scene, image: np.ndarray, alpha: np.ndarray, time) -> np.ndarray:
        if isinstance(scene, VideoBackground):
            return scene.frame(image, alpha, time)
        if not isinstance(scene, ColourBackground):
            return scene.frame(image, alpha)
        if self._plain is None or self._plain[0] != (scene, image.shape):
            self._plain = (scene, image.shape), scene.frame(image, alpha)
        return self._plain[1]

    def _cut_out(self, image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """RGBA. What is transparent must not carry the room, so colours are estimated fully."""
        for step in self._steps:
            alpha = step.filter.function(alpha, **step.options)
        with self._stage("foreground"):
            foreground = estimate_foreground(image, alpha)
        with self._stage("blend"):
            return cv2.merge((*cv2.split(foreground), to_levels(alpha)))

    @contextmanager
    def _stage(self, name: str):
        start = perf_counter()
        yield
        self.seconds[name] += perf_counter() - start
