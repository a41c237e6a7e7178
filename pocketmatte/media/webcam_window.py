"""The live window: keys, slider, overlay, snapshots and recordings."""

from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.photo import write_photo
from pocketmatte.media.webcam import LiveMatte, Picture

TITLE = "pocketmatte"
_SLIDER = "background"
_WIDTH = 1280
_NOTICE_SECONDS = 3.0
_IDLE_SECONDS = 0.03
_HELP = (
    "A alpha  C colour  S clone  M smooth  H harmonise  B blur  V matte  P photo  R record  Q quit"
)
_KEYS = {
    "a": "alpha",
    "c": "color_transfer",
    "s": "seamless_clone",
    "m": "smooth_step",
    "h": "harmonize",
}
_ESCAPE = "\x1b"


class Window:
    """Shows a `LiveMatte` until Q, Esc or the window's own button.

    live: running. folder: where snapshots and recordings go.
    also: called with every new image (RGB uint8, HWC), such as `VirtualCamera.send`.
    """

    def __init__(self, live: LiveMatte, folder: Path = Path(), also=None):
        self._live, self._folder, self._also = live, Path(folder), also
        self._matte_view = False
        self._overlay = True
        self._notice, self._notice_end = "", 0.0
        self._sink = None
        self._sink_began = 0.0

    def run(self) -> None:
        """Open the window and stay until the user ends it. Call `require_window` before.

        Raises PocketmatteError when the camera or the network failed before the first picture.
        """
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(TITLE, _WIDTH // 2, _WIDTH // 4)
        if self._live.backgrounds > 1:
            cv2.createTrackbar(_SLIDER, TITLE, 0, self._live.backgrounds - 1, self._slide)
            # Qt puts back where the slider was in the last session.
            cv2.setTrackbarPos(_SLIDER, TITLE, self._live.background)
        shown = -1
        try:
            while True:
                picture = self._live.newest(shown, timeout=0.05)
                self._take(picture, shown)
                if shown < 0 <= picture.number:
                    self._fit(picture.image)
                shown = picture.number
                cv2.imshow(TITLE, self.draw(picture)[..., ::-1])
                # Not waitKey: its timer can hang in the Qt build. The waiting is done above.
                if not self._press(cv2.pollKey(), picture) or not _is_open():
                    return
                if picture.message:
                    sleep(_IDLE_SECONDS)
        finally:
            self._stop_recording()
            cv2.destroyAllWindows()

    def draw(self, picture: Picture) -> np.ndarray:
        """What the window shows of a picture: RGB uint8, HWC."""
        if self._matte_view and picture.alpha is not None:
            grey = cv2.convertScaleAbs(picture.alpha, alpha=255)
            image = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
        else:
            image = picture.image.copy()
        if picture.message:
            _write(image, picture.message, 0.5, 1.0)
        elif self._overlay:
            look = self._live.look + (" + blur" if self._live.blurred else "")
            _write(image, f"{picture.fps:.0f} fps  {1000 * picture.age:.0f} ms  {look}", 0.05)
            stages = "  ".join(f"{name} {ms:.1f}" for name, ms in picture.stages.items())
            _write(image, stages, 0.095, 0.6)
            _write(image, _HELP, 0.98, 0.6)
        if self._sink is not None:
            radius = max(4, image.shape[0] // 60)
            cv2.circle(image, (image.shape[1] - 3 * radius, 3 * radius), radius, (255, 0, 0), -1)
        if monotonic() < self._notice_end:
            _write(image, self._notice, 0.5, 1.0)
        return image

    def _fit(self, image: np.ndarray) -> None:
        """Give the window the picture's shape."""
        height, width = image.shape[:2]
        # Without a window manager Qt can miss that its window is seen; another size tells it.
        cv2.resizeWindow(TITLE, _WIDTH, round(_WIDTH * height / width))

    def _slide(self, index: int) -> None:
        self._live.background = index
        self._live.blurred = False

    def _take(self, picture: Picture, shown: int) -> None:
        """Pass every picture on once, black ones too, and record it."""
        if picture.number == shown and not picture.message:
            return
        if self._also:
            self._also(picture.image)
        if self._sink is not None and picture.number >= 0:
            try:
                self._sink.write(picture.image, monotonic() - self._sink_began)
            except PocketmatteError as error:
                self._say(str(error))
                self._sink.__exit__(type(error), error, None)
                self._sink = None

    def _press(self, code: int, picture: Picture) -> bool:
        """Act on a key; False ends."""
        key = chr(code & 0xFF).lower() if code >= 0 else ""
        if key in ("q", _ESCAPE):
            return False
        if key in _KEYS:
            self._choose(_KEYS[key])
        elif key == "b":
            self._live.blurred = not self._live.blurred
        elif key == "v":
            self._matte_view = not self._matte_view
        elif key == "d":
            self._overlay = not self._overlay
        elif key == "p":
            self._snapshot(picture)
        elif key == "r":
            self._record(picture)
        return True

    def _choose(self, look: str) -> None:
        """Take a look; the same key again goes back to plain alpha."""
        try:
            self._live.choose("alpha" if look == self._live.look else look)
            self._say(self._live.look)
        except PocketmatteError as error:
            self._say(str(error))

    def _snapshot(self, picture: Picture) -> None:
        if picture.number < 0:
            return
        path = self._folder / f"{_stamp()}.png"
        try:
            write_photo(path, picture.image)
            self._say(f"{path.name} written")
        except PocketmatteError as error:
            self._say(str(error))

    def _record(self, picture: Picture) -> None:
        if self._sink is not None:
            self._stop_recording()
            return
        if picture.number < 0:
            return
        try:
            from pocketmatte.media.video_sink import VideoSink

            self._sink = VideoSink(self._folder / f"{_stamp()}.mp4", fps=30)
        except PocketmatteError as error:
            self._say(str(error))
            return
        self._sink_began = monotonic()
        self._say("recording")

    def _stop_recording(self) -> None:
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            sink.close()
            self._say(f"{sink.path.name} written")
        except PocketmatteError as error:
            self._say(str(error))

    def _say(self, text: str) -> None:
        self._notice, self._notice_end = text, monotonic() + _NOTICE_SECONDS


def _is_open() -> bool:
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:
        return False


def _stamp() -> str:
    return f"pocketmatte-{datetime.now():%Y%m%d-%H%M%S-%f}"


def _write(image: np.ndarray, text: str, height: float, size: float = 0.8) -> None:
    """White text on a darkened strip; height: of the baseline, as a share of the image."""
    if not text:
        return
    scale = size * image.shape[0] / 720
    thick = max(1, round(2 * scale))
    (wide, tall), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    if wide > 0.97 * image.shape[1]:
        scale *= 0.97 * image.shape[1] / wide
        (wide, tall), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    left, base = round(0.015 * image.shape[1]), round(height * image.shape[0])
    image[max(0, base - tall - below // 2) : base + below, : wide + 2 * left] //= 3
    cv2.putText(
        image, text, (left, base), cv2.FONT_HERSHEY_SIMPLEX, scale, (255,) * 3, thick, cv2.LINE_AA
    )
