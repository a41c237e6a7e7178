"""The short way for video: no picture in RGB is ever made at full size."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter

import numpy as np

from pocketmatte.matting.edge_model import edge_model
from pocketmatte.matting.pipeline import TRUST, Model
from pocketmatte.matting.plane_alpha import PlaneAlpha
from pocketmatte.matting.planes import Planes
from pocketmatte.matting.polish import Past
from pocketmatte.matting.temporal import TemporalFilter
from pocketmatte.media.frames import Frame
from pocketmatte.media.live_blend import layer_difference
from pocketmatte.media.plane_background import PlaneBackground
from pocketmatte.media.plane_blend import plane_blend
from pocketmatte.media.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class SeenPlanes:
    """A frame that the network has seen, before anything is done at full size.

    shape: the frame's (height, width). picture: the frame, odd sides made even. coarse: steadied
    alpha, float32 HW. small: RGB uint8 HWC, of coarse's size. past: how it was steadied.
    """

    shape: tuple[int, int]
    picture: Planes
    coarse: np.ndarray
    small: np.ndarray
    past: Past | None


@dataclass(frozen=True, eq=False)
class MattedPlanes:
    """A frame before its new background."""

    composite: Planes


@dataclass(eq=False)
class _Done:
    """The last frame's work at full size, for when the same picture comes again."""

    seen: SeenPlanes
    alpha: np.ndarray
    difference: np.ndarray
    behind: Planes | None = None
    composite: Planes | None = None


class PlaneMatter:
    """What `VideoMatter` does, for a `Model`, with a background and without filters.

    The network's small picture comes straight from the decoded one; refinement and blending work
    on its planes, which go to the encoder as they are. A picture that comes again right after
    itself, as in recordings of screens and after a change of frame rate, gets what it got; so
    write neither into a picture that was given nor into a composite.
    background: as parsed, not None. The rest as in `VideoMatter`.
    """

    def __init__(
        self,
        model: Model,
        background,
        smooth: float = 0.85,
        flow: bool = True,
        clock: Callable[[], float] = perf_counter,
    ):
        self.model, self.background = model, background
        self._behind = PlaneBackground(background)
        self._steady = TemporalFilter(smooth, flow)
        self._alpha: PlaneAlpha | None = None
        self._seen: SeenPlanes | None = None
        self._done: _Done | None = None
        self._stage = Stopwatch(clock)
        self.seconds = self._stage.seconds
        self.frames = 0

    def prepare(self, frame: Frame) -> None:
        """Convert in the reading thread, not in the one that mattes."""
        frame.planes  # noqa: B018

    def see_frame(self, frame: Frame) -> SeenPlanes:
        """The first half, for a frame of a reader."""
        return self.see(frame.planes)

    def see(self, picture: Planes) -> SeenPlanes:
        """The first half: the network, and the temporal filter at its grid."""
        with self._stage("network"):
            shape, picture = picture.shape, picture.even()
            last = self._seen
            if last is not None and last.shape == shape and last.picture.same_as(picture):
                return last
            small = picture.shrunk(self.model.grid(shape))
            coarse = self.model.look(small)
        with self._stage("steady"):
            steadied = self._steady(coarse, small)
            self._seen = SeenPlanes(shape, picture, steadied, small, Past.of(self._steady))
        return self._seen

    def finish(self, seen: SeenPlanes, time: Fraction | float = 0) -> MattedPlanes:
        """The second half: alpha and composite at full size. time: in seconds."""
        done = self._done
        if done is None or done.seen is not seen:
            done = self._done = self._refined(seen)
        with self._stage("background"):
            behind = self._behind(seen.picture, done.alpha, time)
        if behind is not done.behind:
            with self._stage("blend"):
                done.composite = plane_blend(seen.picture, self._alpha, behind, done.difference)
            done.behind = behind
        self.frames += 1
        height, width = seen.shape
        y, u, v = done.composite
        return MattedPlanes(Planes(y[:height, :width], u, v))

    def _refined(self, seen: SeenPlanes) -> _Done:
        if self._alpha is None:
            self._alpha = PlaneAlpha(seen.picture.shape)
        with self._stage("refine"):
            edge = edge_model(seen.coarse, seen.small, trust=TRUST, step=2)
            self._alpha.update(edge, seen.picture, seen.past)
        with self._stage("foreground"):
            return _Done(seen, edge.alpha, layer_difference(seen.small, seen.coarse))
