"""A moving picture behind the person, looped."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import holds
from pocketmatte.media.background import Background, cover, parse_background
from pocketmatte.media.frames import Frame
from pocketmatte.media.video_reader import VideoReader

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts", ".wmv"}
    | {".flv", ".3gp", ".ogv", ".mts", ".m2ts"}
)
_LONGEST_CATCH_UP = 5  # seconds


class VideoBackground:
    """A video that plays behind the person and starts again at its end.

    It keeps its own frame times and is scaled to cover the frame. path: a video file.
    Raises PocketmatteError when it cannot be read.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._behind = Fraction(0)
        self._frames = self._play()
        self._next: tuple[Fraction, Frame] | None = next(self._frames)
        self._now: Frame | None = None
        self._drawn: Frame | None = None
        self._picture: np.ndarray | None = None

    def frame(self, image: np.ndarray, alpha: np.ndarray, time: Fraction = Fraction(0)):
        """The background at a time in seconds, which never goes back, of the image's size.

        Returns RGB uint8, HWC. Do not write into it.
        """
        shot = self.shot(time)
        if shot is not self._drawn or self._picture.shape != image.shape:
            height, width = image.shape[:2]
            self._drawn, self._picture = shot, cover(shot.image, width, height)
        return self._picture

    def shot(self, time: Fraction | float) -> Frame:
        """The video's own frame at a time in seconds, which never goes back."""
        time = Fraction(time) - self._behind
        if time > self._next[0] + _LONGEST_CATCH_UP:  # it was not shown for a while: go on there
            self._behind += time - self._next[0]
            time = self._next[0]
        while self._now is None or self._next[0] <= time:
            self._now = self._next[1]
            self._next = next(self._frames)
        return self._now

    def _play(self) -> Iterator[tuple[Fraction, Frame]]:
        base = Fraction(0)
        while True:
            with VideoReader(self.path) as reader:
                end = base
                for frame in reader:
                    yield base + frame.time, frame
                    end = base + frame.time + (frame.duration or 1 / reader.info.fps)
            base = end


def parse_moving_background(value) -> Background | VideoBackground | None:
    """Understand a background: all of `parse_background`, and video files.

    Returns None for "none", which means transparent.
    Raises PocketmatteError when it is none of these.
    """
    if isinstance(value, VideoBackground):
        return value
    if isinstance(value, str | Path) and Path(value).suffix.lower() in VIDEO_SUFFIXES:
        if not holds(Path(value).is_file):
            raise PocketmatteError(f"unknown background {str(value)!r}: no such file")
        return VideoBackground(value)
    return parse_background(value)
