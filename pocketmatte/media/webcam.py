"""The live matte: camera, network and screen side by side, and never the bare room.

Until the first matte is done, and after any error, the screen is black. A matte is only ever
shown on the frame that it was made from.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds
from pocketmatte.media.background import BlurBackground
from pocketmatte.media.camera import Camera
from pocketmatte.media.plan import PICTURE_SUFFIXES
from pocketmatte.media.video_background import VIDEO_SUFFIXES, parse_moving_background
from pocketmatte.media.video_matter import VideoMatter

_FPS_FRAMES = 30
_BLACK = np.zeros((720, 1280, 3), np.uint8)

LOOKS = {
    "alpha": "",
    "color_transfer": "color_transfer",
    "seamless_clone": "seamless_clone",
    "smooth_step": "smooth_step",
    "harmonize": "harmonize",
}


@dataclass(frozen=True)
class Picture:
    """What may be shown.

    image: RGB uint8, HWC; black while there is no matte. alpha: float32 HW of the same frame, or
    None. number: the camera's count of that frame, -1 when black. age: seconds since it was taken.
    fps: frames a second. stages: milliseconds per stage. message: why it is black, or "".
    """

    image: np.ndarray
    alpha: np.ndarray | None = None
    number: int = -1
    age: float = 0.0
    fps: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    message: str = ""


class LiveMatte:
    """Mattes a camera's newest frame in a thread of its own.

    camera: an open `Camera`. model: see `VideoMatter`. backgrounds: one or more of what
    `parse_backgrounds` gives. look: a name of `LOOKS`. filters: a chain that is always applied
    before the look. smooth, flow: see `TemporalFilter`.

    `background` (an index) and `blurred` may be set at any time; `choose` sets the look.
    """

    def __init__(
        self,
        camera: Camera,
        model: Callable,
        backgrounds: Sequence,
        look: str = "alpha",
        filters: str = "",
        smooth: float = 0.85,
        flow: bool = True,
    ):
        self.background = 0
        self.blurred = False
        self._camera, self._backgrounds = camera, list(backgrounds)
        self._filters = filters
        self._matter = VideoMatter(model, self._backgrounds[0], "", smooth, flow)
        self.look = ""
        self.choose(look)
        self._news = threading.Condition()
        self._picture = Picture(_BLACK, message="starting")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="matte", daemon=True)

    def __enter__(self) -> "LiveMatte":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    @property
    def backgrounds(self) -> int:
        """How many there are to choose from."""
        return len(self._backgrounds)

    def choose(self, look: str) -> None:
        """Blend in another way from the next frame on."""
        chain = ",".join(filter(None, (self._filters, LOOKS[look])))
        self._matter.set_filters(chain)
        self.look = look

    def newest(self, after: int = -1, timeout: float = 0.1) -> Picture:
        """The newest picture; waits up to `timeout` seconds for one with a number above `after`."""
        with self._news:
            self._news.wait_for(
                lambda: self._picture.number > after or self._failed(), timeout=timeout
            )
            return self._picture

    def _failed(self) -> bool:
        return self._picture.number < 0 and self._picture.message != "starting"

    def _work(self) -> None:
        try:
            self._run()
        except Exception as error:
            known = isinstance(error, PocketmatteError)
            text = str(error) if known else f"{type(error).__name__}: {error}"
            self._show(Picture(_BLACK, message=" ".join(text.split())))

    def _run(self) -> None:
        number = -1
        began = monotonic()
        ends: deque[float] = deque(maxlen=_FPS_FRAMES)
        while not self._stop.is_set():
            shot = self._camera.newest(number)
            number = shot.number
            matter = self._matter
            matter.background = self._scene()
            before = dict(matter.seconds)
            matted = matter(shot.image, shot.time - began)
            stages = {
                name: 1000 * (seconds - before.get(name, 0.0))
                for name, seconds in matter.seconds.items()
            }
            ends.append(monotonic())
            fps = (len(ends) - 1) / (ends[-1] - ends[0]) if len(ends) > 1 else 0.0
            age = ends[-1] - shot.time
            self._show(Picture(matted.composite, matted.alpha, number, age, fps, stages))

    def _scene(self):
        if self.blurred:
            return BlurBackground()
        return self._backgrounds[min(max(self.background, 0), len(self._backgrounds) - 1)]

    def _show(self, picture: Picture) -> None:
        with self._news:
            self._picture = picture
            self._news.notify_all()


def parse_backgrounds(value: str | Path) -> list:
    """The backgrounds to choose from: all pictures and videos of a folder, or the one given.

    Raises PocketmatteError when it is none, or "none": a screen cannot be transparent.
    """
    path = Path(value)
    if holds(path.is_dir):
        suffixes = PICTURE_SUFFIXES | VIDEO_SUFFIXES
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in suffixes)
        if not files:
            raise PocketmatteError(f"folder {path} holds no pictures; check the name")
        return [parse_moving_background(file) for file in files]
    scene = parse_moving_background(value)
    if scene is None:
        raise PocketmatteError("a live picture cannot be transparent; give a background or blur")
    return [scene]
