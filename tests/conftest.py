"""Shared material: data folders of rendered people, real free portraits, encoded videos."""

from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import settings

# the same examples in every run; `pytest --hypothesis-profile=default` looks for new ones
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def render_person(rng, height=96, width=72):
    """A picture of a head and shoulders before a textured wall, and its soft alpha."""
    wall = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    image = cv2.resize(wall, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    alpha = np.zeros((height, width), np.float32)
    x, y = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.35, 0.5)
    head = (int(width * 0.16), int(height * 0.18))
    cv2.ellipse(alpha, ((x, y), (2 * head[0], 2 * head[1]), 0), 1.0, -1)
    shoulders = (x, height * 1.05), (width * 0.75, height * 0.8), 0
    cv2.ellipse(alpha, shoulders, 1.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.0)
    skin = np.float32(rng.uniform((120, 80, 60), (235, 190, 170)))
    shirt = np.float32(rng.uniform(20, 230, 3))
    person = np.where(np.arange(height)[:, None, None] < y + head[1], skin, shirt)
    image += alpha[..., None] * (person - image)
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8), alpha


@pytest.fixture(scope="session")
def lively():
    """lively(name): a network of random weights whose batch norms are not the identity."""

    def make(name):
        import torch

        from pocketmatte.models import create_model

        torch.manual_seed(0)
        network = create_model(name)
        with torch.no_grad():
            for _ in range(3):
                network.train()(torch.randn(4, 3, 64, 64))
        return network.eval()

    return make


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """A data folder in the project's layout: 24 training, 4 validation, 3 test pictures."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    splits = {"train": 24, "val": 4, "test": 3, "unlabelled": 2}
    (root / "splits").mkdir()
    for split, count in splits.items():
        group = "unlabelled" if split == "unlabelled" else "people"
        names = [f"{split}{index}" for index in range(count)]
        lines = "".join(f"{group}/{name}\n" for name in names)
        (root / "splits" / f"{split}.txt").write_text(lines)
        for kind in ("image", "mask", "alpha"):
            (root / group / kind).mkdir(parents=True, exist_ok=True)
        for name in names:
            image, alpha = render_person(rng)
            levels = np.round(alpha * 255).astype(np.uint8)
            cv2.imwrite(str(root / group / "image" / f"{name}.png"), image[..., ::-1])
            cv2.imwrite(str(root / group / "alpha" / f"{name}.png"), levels)
            if group == "people":
                mask = np.where(alpha > 0.5, 255, 0).astype(np.uint8)
                cv2.imwrite(str(root / group / "mask" / f"{name}.png"), mask)
    (root / "backgrounds" / "walls").mkdir(parents=True)
    (root / "cutouts").mkdir()
    for index in range(4):
        image, alpha = render_person(rng)
        rgba = np.dstack([image[..., ::-1], np.round(alpha * 255).astype(np.uint8)])
        cv2.imwrite(str(root / "cutouts" / f"{index}.png"), rgba)
        wall = cv2.resize(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8), (120, 90))
        cv2.imwrite(str(root / "backgrounds" / "walls" / f"{index}.png"), wall)
    return root


@pytest.fixture(scope="session")
def astronaut():
    """Eileen Collins (NASA), RGB uint8, 512x512."""
    return pytest.importorskip("skimage.data").astronaut()


MATRICES = {"bt601": (0.299, 0.114, 6), "bt709": (0.2126, 0.0722, 1), "bt2020": (0.2627, 0.0593, 9)}


def to_yuv(rgb, matrix="bt709", full=False, bits=8):
    """One colour as Y, Cb, Cr levels, by the formulas of ITU-R BT.601, BT.709 and BT.2020."""
    kr, kb, _ = MATRICES[matrix]
    red, green, blue = (level / 255 for level in rgb)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    unit = 2 ** (bits - 8)
    if full:
        top = 2**bits - 1
        return [round(luma * top), round(cb * top + 128 * unit), round(cr * top + 128 * unit)]
    return [round((16 + 219 * luma) * unit)] + [round((128 + 224 * c) * unit) for c in (cb, cr)]


def paint(picture, colours):
    """Fill the planes of a planar YUV frame: left half in one colour, right half in another."""
    for index, plane in enumerate(picture.planes):
        wide = plane.line_size // (2 if picture.format.components[0].bits > 8 else 1)
        kind = np.uint16 if picture.format.components[0].bits > 8 else np.uint8
        levels = np.frombuffer(plane, kind).reshape(plane.height, wide)
        half = plane.width // 2
        levels[:, :half], levels[:, half:] = colours[0][index], colours[1][index]


@pytest.fixture
def make_clip(tmp_path):
    """Encode a clip. The left half turns from black to white over time; the right is `right`.

    Returns path, and the exact times of the frames in seconds.
    """
    av = pytest.importorskip("av")

    def make(
        name="clip.mp4",
        size=(64, 48),
        frames=10,
        fps=25,
        gaps=(1,),
        codec="libx264",
        pixels="yuv420p",
        matrix="bt709",
        full=False,
        tagged=True,
        right=(200, 60, 30),
        left=None,
        audio=None,
        sound_seconds=None,
        options=None,
        first=0,
    ):
        path = tmp_path / name
        bits = 10 if "10" in pixels else 8
        tick = Fraction(1, fps * 100)
        times, now = [], first
        with av.open(str(path), "w") as file:
            track = file.add_stream(codec, rate=fps, options=options or {"qp": "0"})
            track.width, track.height, track.pix_fmt = *size, pixels
            track.codec_context.time_base = tick
            if tagged:
                track.codec_context.colorspace = MATRICES[matrix][2]
                track.codec_context.color_range = 2 if full else 1
            sound = file.add_stream(audio, rate=48000, layout="stereo") if audio else None
            for index in range(frames):
                picture = av.VideoFrame(*size, pixels)
                grey = round(255 * index / max(1, frames - 1))
                colours = (left or (grey,) * 3), right
                paint(picture, [to_yuv(colour, matrix, full, bits) for colour in colours])
                picture.pts, picture.time_base = now, tick
                times.append(now * tick)
                now += 100 * gaps[index % len(gaps)]
                file.mux(track.encode(picture))
            file.mux(track.encode(None))
            if sound:
                seconds = sound_seconds or float(now * tick)
                _add_tone(av, file, sound, seconds)
        return SimpleNamespace(path=path, times=times, seconds=now * tick)

    return make


def _add_tone(av, file, sound, seconds):
    count = round(seconds * 48000)
    tone = np.sin(np.arange(count) * 2 * np.pi * 440 / 48000).astype(np.float32) * 0.3
    whole = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
    whole.sample_rate, whole.pts = 48000, 0
    context = sound.codec_context
    if not context.is_open:
        context.open()
    resampler = av.AudioResampler(
        format=context.format, layout="stereo", rate=48000, frame_size=context.frame_size or 1024
    )
    for piece in resampler.resample(whole) + resampler.resample(None):
        file.mux(sound.encode(piece))
    file.mux(sound.encode(None))


@pytest.fixture
def left_is_person():
    """A model that takes the left half for the person: a callable from image to alpha."""

    def model(image):
        alpha = np.zeros(image.shape[:2], np.float32)
        alpha[:, : image.shape[1] // 2] = 1
        return alpha

    return model
