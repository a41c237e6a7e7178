"""The photo command with the released network, as a user runs it."""

import subprocess
import sys

import numpy as np
import pytest
import skimage.data
from PIL import Image


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    exif = Image.Exif()
    exif[274] = 6
    astronaut = Image.fromarray(skimage.data.astronaut())
    astronaut.save(folder / "upright.jpg", quality=95)
    astronaut.rotate(90, expand=True).save(folder / "lying.jpg", quality=95, exif=exif)
    return folder


def photo(folder, *arguments, stdin=None):
    command = [sys.executable, "-m", "pocketmatte", "photo", *arguments]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, timeout=120)


def test_person_is_cut_out_of_an_upright_and_of_a_lying_photo(folder):
    done = photo(folder, "upright.jpg", "lying.jpg", "-o", "out", "--alpha", "--jobs", "2")

    assert done.returncode == 0, done.stderr
    for name in ("upright", "lying"):
        cutout = np.asarray(Image.open(folder / "out" / f"{name}.png"))
        matte = np.asarray(Image.open(folder / "out" / f"{name}.alpha.png"))
        assert cutout.shape == (512, 512, 4)
        assert np.array_equal(cutout[..., 3], matte)
        face, wall = matte[80:170, 180:260], matte[20:200, 320:380]
        assert face.mean() > 230
        assert wall.mean() < 40


def test_new_background_shows_where_the_wall_was_and_the_face_stays(folder):
    photo(folder, "upright.jpg", "-o", "green.png", "--background", "#00ff00")

    composite = np.asarray(Image.open(folder / "green.png")).astype(int)
    original = np.asarray(Image.open(folder / "upright.jpg")).astype(int)
    assert composite.shape == (512, 512, 3)
    assert np.abs(composite[20:200, 320:380] - (0, 255, 0)).mean() < 30
    assert np.abs(composite[80:170, 180:260] - original[80:170, 180:260]).mean() < 12


def test_pipe(folder):
    done = photo(folder, "-", stdin=(folder / "upright.jpg").read_bytes())

    assert done.returncode == 0
    assert done.stdout.startswith(b"\x89PNG")


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2000, 3), (31, 33)])
def test_odd_sizes_come_out_at_their_own_size(folder, size):
    Image.new("RGB", size, "orange").save(folder / "odd.png")

    done = photo(folder, "odd.png", "-o", "odd.cutout.png")

    assert done.returncode == 0, done.stderr
    assert Image.open(folder / "odd.cutout.png").size == size


@pytest.mark.parametrize(
    ("option", "value"), [("--model", "nonsense"), ("--device", "abacus"), ("--filter", "sparkle")]
)
def test_unknown_model_device_and_filter_are_one_line(folder, option, value):
    done = photo(folder, "upright.jpg", "-o", "no.png", option, value, "--background", "red")

    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert value.encode() in done.stderr
    assert not (folder / "no.png").exists()
