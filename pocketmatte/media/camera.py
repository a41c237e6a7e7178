"""A camera that always hands over its newest frame, and never an old one."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds

_FOURCC = "MJPG"  # raw pictures do not fit through USB 2 at 720p and 30 frames a second


@dataclass(frozen=True)
class Shot:
    """One frame of a camera. image: RGB uint8, HWC. number: counts up. time: when, seconds."""

    image: np.ndarray
    number: int
    time: float


class Camera:
    """Reads a camera in a thread of its own; frames that nobody took in time are dropped.

    source: number of a camera ("0"), URL of a stream, or a video file, which plays at its own
    speed, again and again. size: width and height to ask a camera for.
    mirror: flip left to right.

    >>> with Camera("0") as camera:
    ...     shot = camera.newest(after=-1)

    Raises PocketmatteError when it cannot be opened.
    """

    def __init__(
        self, source: str = "0", size: tuple[int, int] = (1280, 720), mirror: bool = False
    ):
        self.source = str(source)
        self._mirror = mirror
        self._shot: Shot | None = None
        self._error: PocketmatteError | None = None
        self._news = threading.Condition()
        self._stop = threading.Event()
        if holds(Path(self.source).is_file):
            self._images = self._play_file()
        else:
            self._images = self._watch_device(_open_device(self.source, size))
        self._thread = threading.Thread(target=self._work, name="camera", daemon=True)

    def __enter__(self) -> "Camera":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def newest(self, after: int, timeout: float = 10.0) -> Shot:
        """The newest frame, once its number is above `after`; waits for it.

        Raises PocketmatteError when the camera fails or sends nothing for `timeout` seconds.
        """
        with self._news:
            came = self._news.wait_for(
                lambda: self._error or (self._shot and self._shot.number > after), timeout
            )
            if self._error:
                raise self._error
            if not came:
                raise PocketmatteError(
                    f"camera {self.source} sends no picture; check its plug and its privacy switch"
                )
            return self._shot

    def _work(self) -> None:
        try:
            for number, image in zip(count(), self._images, strict=False):
                if self._stop.is_set():
                    break
                if self._mirror:
                    image = cv2.flip(image, 1)
                with self._news:
                    self._shot = Shot(image, number, monotonic())
                    self._news.notify_all()
            self._images.close()
        except Exception as error:
            if not isinstance(error, PocketmatteError):
                error = PocketmatteError(f"camera {self.source}: {error}")
            with self._news:
                self._error = error
                self._news.notify_all()

    def _watch_device(self, device) -> Iterator[np.ndarray]:
        try:
            while True:
                came, image = device.read()
                if not came:
                    raise PocketmatteError(f"camera {self.source} stopped; plug it in again")
                yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        finally:
            device.release()

    def _play_file(self) -> Iterator[np.ndarray]:
        from pocketmatte.media.video_reader import VideoReader

        while True:
            with VideoReader(self.source) as reader:
                began = monotonic()
                last = 1 / reader.info.fps
                for frame in reader:
                    self._stop.wait(max(0.0, began + float(frame.time) - monotonic()))
                    yield frame.image
                    last = frame.duration or last
            self._stop.wait(float(last))


def _open_device(source: str, size: tuple[int, int]):
    device = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not device.isOpened():
        device.release()
        what = "a camera's number (0), a stream's URL or a video file"
        raise PocketmatteError(f"cannot open camera {source!r}: not there, or in use; give {what}")
    if source.isdigit():
        device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*_FOURCC))
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return device
