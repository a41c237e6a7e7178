"""A real encoded clip of the example portraits, with the real network, through everything."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pocketmatte import VideoReader, load_model, matte_video
from pocketmatte.filters import FILTERS

pytest.importorskip("av")

MAKER = Path(__file__).parents[2] / "examples" / "demo_clip.py"
FRAMES, WIDTH, HEIGHT = 12, 320, 180
TEAL = (0, 128, 128)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    command = [sys.executable, MAKER, path, "--seconds", "0.4", "--size", f"{WIDTH}x{HEIGHT}"]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="module")
def model():
    return load_model("balanced", threads=1)


def test_it_is_a_clip_with_a_cut_and_a_tone(clip):
    with VideoReader(clip) as reader:
        info, images = reader.info, [frame.image.astype(int) for frame in reader]

    assert (info.width, info.height, len(images)) == (WIDTH, HEIGHT, FRAMES)
    assert info.audio.codec == "aac"
    changes = [np.abs(a - b).mean() for a, b in pairwise(images)]
    assert np.argmax(changes) == FRAMES // 2 - 1


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.webm", "out.mov", "pictures"])
def test_every_output(clip, model, tmp_path, name):
    transparent = name not in ("out.mp4", "out.mkv")

    result = matte_video(
        clip, tmp_path / name, model, "none" if transparent else "teal", progress=None
    )

    assert result.frames == FRAMES and not result.stopped
    if name == "pictures":
        assert len(list((tmp_path / name).glob("*.png"))) == FRAMES
        return
    with VideoReader(tmp_path / name) as reader:
        images, audio = [frame.image for frame in reader], reader.info.audio
    assert len(images) == FRAMES and audio is not None
    if not transparent:  # the wall is gone, in both scenes, and somebody is there
        for image in images:
            assert np.abs(image[:40, :30].astype(int) - TEAL).mean() < 12
            assert np.abs(image[100:, 120:200].astype(int) - TEAL).mean() > 40


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_every_filter(clip, model, tmp_path, name):
    # 20, not 40: a clone is tinted by what is behind
    matte_video(clip, tmp_path / "out.mp4", model, "teal", filters=name, end=0.1)

    with VideoReader(tmp_path / "out.mp4") as reader:
        images = [frame.image.astype(int) for frame in reader]
    assert len(images) == 3
    for image in images:
        assert np.abs(image[:40, :30] - TEAL).mean() < 12
        assert (
            np.abs(image[100:, 120:200] - TEAL).mean() > 20
        )  # a clone is tinted by what is behind
