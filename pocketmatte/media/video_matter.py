"""From a frame to a composite, for frames that come one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import apply, for_video, parse_chain
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.pipeline import TRUST
from pocketmatte.matting.polish import Past, Polish
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.refine import refine
from pocketmatte.matting.temporal import TemporalFilter
from pocketmatte.matting.tiles import Rectangle
from pocketmatte.media.background import ColourBackground
from pocketmatte.media.frames import Frame
from pocketmatte.media.live_blend import layer_difference, live_blend, live_foreground
from pocketmatte.media.photo import to_levels
from pocketmatte.media.stopwatch import Stopwatch
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


@dataclass(frozen=True)
class SeenFrame:
    """A frame that the network has seen, before anything is done at full size.

    image: as given. coarse: steadied alpha, float32 HW. small: RGB uint8 HWC, of coarse's size.
    past: how it was steadied. alpha: float32 HW of the image's size
    when the model gave one itself, else None.
    """

    image: np.ndarray
    coarse: np.ndarray
    small: np.ndarray
    past: Past | None
    alpha: np.ndarray | None = None


class VideoMatter:
    """Cuts the person out of frame after frame, and puts the background behind.

    model: a `Model`, or any callable from image (RGB uint8, HWC) to a `Matte` or an alpha
    (float32 HW in [0, 1]). background: colour, picture, video file, "blur", "blur:20" or "none".
    filters: a chain such as "color_transfer,light_wrap"; with "none", only filters of alpha.
    smooth: strength of the temporal filter, 0 to below 1. flow: see `TemporalFilter`.

    Call it with each frame. To overlap the network with the work at full size, call `see` in one
    thread and `finish` in another, both in the order of the frames.

    `seconds` sums the time spent in each stage, by `clock`, and `frames` counts.
    Raises PocketmatteError for an unknown background or filter.
    """

    def __init__(
        self,
        model: Callable,
        background="none",
        filters: str = "",
        smooth: float = 0.85,
        flow: bool = True,
        clock: Callable[[], float] = perf_counter,
    ):
        self.model = model
        self._stage = Stopwatch(clock)
        self.seconds = self._stage.seconds
        self.background = parse_moving_background(background)
        self.set_filters(filters)
        self._steady, self._polish = TemporalFilter(smooth, flow), Polish()
        self._plain = None  # a colour's frame, kept because filling one takes a millisecond
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
        self._steps = for_video(steps)

    def __call__(self, image: np.ndarray, time: Fraction | float = 0) -> MattedFrame:
        """Matte one frame: RGB uint8, HWC; time in seconds."""
        return self.finish(self.see(image), time)

    def prepare(self, frame: Frame) -> None:
        """Convert in the reading thread, not in the one that mattes."""
        frame.image  # noqa: B018

    def see_frame(self, frame: Frame) -> SeenFrame:
        """`see`, for a frame of a reader."""
        return self.see(frame.image)

    def see(self, image: np.ndarray) -> SeenFrame:
        """The first half: the network, and the temporal filter at its grid."""
        model_coarse = getattr(self.model, "coarse", None)
        if model_coarse is None:
            return self._see_with_foreign(image)
        with self._stage("network"):
            coarse, small = model_coarse(image)
        with self._stage("steady"):
            return SeenFrame(image, self._steady(coarse, small), small, Past.of(self._steady))

    def finish(self, seen: SeenFrame, time: Fraction | float = 0) -> MattedFrame:
        """The second half: alpha and composite at full size. time: in seconds."""
        image = seen.image
        alpha, soft = self._refined(seen)
        scene = self.background
        if scene is None:
            composite = self._cut_out(image, alpha)
        else:
            with self._stage("background"):
                behind = self._behind(scene, image, alpha, time)
            with self._stage("foreground"):
                difference = layer_difference(seen.small, seen.coarse)
            if self._steps:
                with self._stage("foreground"):
                    foreground = live_foreground(image, alpha, difference, soft)
                with self._stage("blend"):
                    composite = apply(self._steps, foreground, alpha, behind)
            else:
                with self._stage("blend"):
                    composite = live_blend(image, alpha, behind, difference, soft)
        self.frames += 1
        return MattedFrame(image, alpha, composite)

    def alpha(self, image: np.ndarray) -> np.ndarray:
        """The steadied alpha alone: float32 HW in [0, 1]."""
        return self._refined(self.see(image))[0]

    def _refined(self, seen: SeenFrame) -> tuple[np.ndarray, list[Rectangle]]:
        """Alpha at full size, and where it may be soft."""
        if seen.alpha is not None:
            height, width = seen.alpha.shape
            return seen.alpha, [(slice(0, height), slice(0, width))]
        with self._stage("refine"):
            alpha, soft = refine(seen.coarse, seen.image, trust=TRUST, step=2, small=seen.small)
        with self._stage("polish"):
            return self._polish(alpha, seen.past, soft), soft

    def _see_with_foreign(self, image: np.ndarray) -> SeenFrame:
        """Steady the alpha of a model without a grid: what the filter changes is added to it."""
        with self._stage("network"):
            result = self.model(image)
            alpha = np.asarray(getattr(result, "alpha", result), np.float32)
        with self._stage("steady"):
            scale = min(1.0, (_WORK_AREA / alpha.size) ** 0.5)
            size = tuple(max(1, round(side * scale)) for side in alpha.shape)
            coarse, small = shrink(alpha, size), shrink(image, size)
            steadied = self._steady(coarse, small)
            change = steadied - coarse
            change = cv2.resize(change, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
            alpha = np.clip(alpha + change, 0, 1)
            return SeenFrame(image, steadied, small, Past.of(self._steady), alpha)

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
