"""From image to matte, with a network made for the test and with the released ones."""

import numpy as np
import pytest

import pocketmatte as pm
from pocketmatte.matting.pipeline import Model, load_model
from pocketmatte.weights import Card, list_models


class Redness:
    """A runtime that takes red for person."""

    name, device = "redness", "cpu (test)"

    def __init__(self, confidence=1.0):
        self.confidence, self.shapes = confidence, []

    def __call__(self, batch):
        self.shapes.append(batch.shape)
        return self.confidence * (batch[:, :1] > 0.5).astype(np.float32)


def card(**changes):
    values = {
        "name": "t",
        "architecture": "t",
        "mean": (0, 0, 0),
        "std": (1, 1, 1),
        "area": 128 * 128,
        "stride": 32,
    }
    return Card(**(values | changes))


@pytest.fixture
def scene():
    image = np.full((300, 400, 3), (20, 90, 160), np.uint8)
    image[100:, 150:300] = (230, 60, 40)
    return image


def test_matte_has_the_images_size_and_finds_the_person(scene):
    runtime = Redness()
    matte = Model(runtime, card())(scene)
    assert matte.alpha.shape == (300, 400) and matte.alpha.dtype == np.float32
    truth = np.zeros((300, 400))
    truth[100:, 150:300] = 1
    assert np.abs(matte.alpha - truth).mean() < 0.01
    assert matte.image is scene
    assert matte.foreground.shape == scene.shape and matte.foreground.dtype == np.uint8
    assert np.array_equal(matte.foreground[200, 220], scene[200, 220])


def test_the_grid_follows_the_picture():
    runtime = Redness()
    model = Model(runtime, card())
    for shape in ((400, 300), (300, 400), (720, 1280)):
        model.alpha(np.zeros((*shape, 3), np.uint8))
    assert [s[2] > s[3] for s in runtime.shapes] == [True, False, False]


def test_doubt_everywhere_is_an_empty_matte(scene):
    assert not Model(Redness(0.7), card()).alpha(scene).any()
    assert Model(Redness(0.9), card()).alpha(scene).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (2, 3), (33, 31)])
def test_odd_sizes_work(shape):
    image = np.full((*shape, 3), 250, np.uint8)
    matte = Model(Redness(), card())(image)
    assert matte.alpha.shape == shape and matte.foreground.shape == image.shape


@pytest.mark.parametrize(
    "image",
    [
        "me.jpg",
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float64),
    ],
)
def test_what_is_no_image_is_refused_with_the_remedy(image):
    with pytest.raises(pm.PocketmatteError, match="give an RGB array"):
        Model(Redness(), card())(image)


def test_the_api_is_on_one_screen():
    assert {"load_model", "matte", "compose", "list_models"} <= set(dir(pm))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pm.nothing


def test_unknown_names_list_the_known_ones():
    with pytest.raises(pm.PocketmatteError, match="balanced"):
        load_model("huge")


@pytest.mark.parametrize("name", [card.name for card in list_models()])
class TestReleased:
    def test_finds_the_astronaut_before_the_wall(self, name, astronaut):
        alpha = load_model(name, threads=1).alpha(astronaut)
        # face and suit; the wall beside the head, the shuttle behind
        assert alpha[60:160, 200:250].mean() > 0.98 and alpha[300:500, 150:225].mean() > 0.97
        assert alpha[10:100, 110:150].mean() < 0.02 and alpha[20:200, 400:480].mean() < 0.02

    def test_an_empty_picture_gives_an_empty_matte(self, name):
        rng = np.random.default_rng(0)
        model = load_model(name, threads=1)
        ramp = np.linspace(0, 255, 320, dtype=np.uint8)
        rooms = [
            np.zeros((240, 320, 3), np.uint8),
            np.full((240, 320, 3), 255, np.uint8),
            np.repeat(np.tile(ramp, (240, 1))[..., None], 3, 2),
            rng.integers(0, 256, (240, 320, 3)).astype(np.uint8),
        ]
        for room in rooms:
            assert model.alpha(room).mean() < 0.01

    def test_float_images_give_the_same_matte(self, name, astronaut):
        model = load_model(name, threads=1)
        floats = astronaut.astype(np.float32) / 255
        assert np.abs(model.alpha(astronaut) - model.alpha(floats)).mean() < 0.002

    def test_mirroring_the_picture_mirrors_the_matte(self, name, astronaut):
        model = load_model(name, threads=1)
        # below is a helmet, hers or not?, and to the left a flag that `best` takes for clothes
        clear = slice(0, 330), slice(64, None)
        ours = model.alpha(astronaut)[clear] > 0.5
        mirrored = model.alpha(astronaut[:, ::-1].copy())[:, ::-1][clear] > 0.5
        assert (ours & mirrored).sum() / (ours | mirrored).sum() > 0.95


def test_matte_and_compose_in_two_lines(astronaut):
    matte = pm.matte(astronaut)
    picture = pm.compose(matte, "#20a040")
    assert picture.shape == astronaut.shape and picture.dtype == np.uint8
    assert np.abs(picture[5, 500].astype(int) - (0x20, 0xA0, 0x40)).max() <= 2
    assert np.array_equal(picture[100, 225], astronaut[100, 225])
