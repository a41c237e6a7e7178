"""Make a short clip to try things on: the example portraits before a busy wall, with a tone.

    python examples/demo_clip.py demo.mp4 [--seconds 6] [--size 1280x720]

Each portrait is cut out once, and then sways and leans like somebody on a call; the second one
takes over half-way (a scene cut). The wall is drawn. The tone is 440 Hz, and 550 Hz after the cut.
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

import pocketmatte as pm
from pocketmatte.filters.smooth_step import smooth_step
from pocketmatte.media.photo import read_photo
from pocketmatte.media.video_reader import import_av

HERE = Path(__file__).parent
PORTRAITS = ("collins.jpg", "hopper.jpg")
FPS = 30
RATE = 48_000
NOISE = 2.5  # of the sensor, in levels


def cut_out(name: str) -> np.ndarray:
    """A portrait with its alpha: float32 RGBA, HWC, colours times alpha, 0 to 255 and 0 to 1."""
    matte = pm.matte(read_photo(HERE / name).image)
    alpha = smooth_step(matte.alpha, low=0.3, high=0.9)[..., None]
    return np.concatenate([matte.foreground * alpha, alpha], axis=2).astype(np.float32)


def wall(width: int, height: int, seed: int) -> np.ndarray:
    """Shelves of books, and pictures above: RGB uint8, HWC."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), rng.integers(120, 200, 3), np.uint8)
    shelf = height // 4
    for top in range(0, height, shelf):
        left = 0
        while left < width:
            wide = int(rng.integers(width // 70, width // 22))
            tall = int(rng.uniform(0.5, 0.92) * shelf)
            colour = tuple(int(level) for level in rng.integers(20, 235, 3))
            cv2.rectangle(image, (left, top + shelf - tall), (left + wide, top + shelf), colour, -1)
            stripe = tuple(int(level) for level in rng.integers(20, 235, 3))
            at = top + shelf - int(rng.uniform(0.3, 0.8) * tall)
            cv2.rectangle(image, (left, at), (left + wide, at + tall // 12), stripe, -1)
            left += wide + int(rng.integers(0, 3))
        board = (70, 50, 35)
        cv2.rectangle(image, (0, top + shelf - shelf // 14), (width, top + shelf), board, -1)
    return cv2.GaussianBlur(image, (0, 0), height / 500)


def frames(seconds: float, width: int, height: int) -> Iterator[np.ndarray]:
    """The pictures of the clip: RGB uint8, HWC."""
    rng = np.random.default_rng(0)
    count = max(2, round(seconds * FPS))
    people = [cut_out(name) for name in PORTRAITS]
    walls = [wall(width, height, seed) for seed in range(len(people))]
    for index in range(count):
        who = min(index * len(people) // count, len(people) - 1)
        person, behind = people[who], walls[who]
        phase = 2 * np.pi * index / FPS
        tall, wide = person.shape[:2]
        fit = 0.95 * height / tall
        place = cv2.getRotationMatrix2D(
            (wide / 2, tall), 5 * np.sin(phase / 2.2), fit * (1 + 0.03 * np.sin(phase / 3))
        )
        sway = 0.13 * width * np.sin(phase / 3.1)
        place[:, 2] += (width / 2 - wide / 2 + sway, height - tall)
        shown = cv2.warpAffine(person, place, (width, height), flags=cv2.INTER_AREA)
        image = shown[..., :3] + (1 - shown[..., 3:]) * behind
        image += rng.normal(0, NOISE, image.shape)
        yield np.clip(image, 0, 255).astype(np.uint8)


def tone(seconds: float) -> np.ndarray:
    """The sound: float32 [1, samples] in [-1, 1]."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = np.where(time < seconds / 2, 440, 550)
    return (0.2 * np.sin(2 * np.pi * pitch * time))[None].astype(np.float32)


def write(path: Path, seconds: float, width: int, height: int) -> None:
    """Encode the clip: H.264 and AAC."""
    av = import_av()
    sound = tone(seconds)
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = file.add_stream("aac", rate=RATE, layout="mono")
        per_frame = RATE // FPS
        for index, image in enumerate(frames(seconds, width, height)):
            file.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            part = sound[:, index * per_frame : (index + 1) * per_frame]
            if part.size:
                samples = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                samples.sample_rate, samples.time_base = RATE, Fraction(1, RATE)
                samples.pts = index * per_frame
                file.mux(audio.encode(samples))
        file.mux(video.encode(None))
        file.mux(audio.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--size", default="1280x720", help="width x height, even numbers")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    write(options.output, options.seconds, width, height)


if __name__ == "__main__":
    main()
