"""The filter with the released network: toward the photo, and steady over time."""

import numpy as np
import pytest

import pocketmatte as pm
from pocketmatte.data.grades import Grade
from pocketmatte.data.harmony import photo_pair
from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import for_video, parse_chain
from pocketmatte.filters.harmonize import Steady, harmonize
from pocketmatte.weights import find_weights, list_models


def error(image, truth, alpha):
    return float(np.average(((image.astype(float) - truth) ** 2).mean(2), weights=alpha))


@pytest.fixture
def rgba(portrait):
    image, alpha = portrait
    return np.dstack([image, np.round(alpha * 255).astype(np.uint8)])


def test_changed_colours_come_nearer_to_the_photo(rgba):
    before, after = [], []
    for seed in range(12):
        pair = photo_pair(np.random.default_rng(seed), rgba)
        result = harmonize(pair.foreground, pair.alpha, pair.background)
        before.append(error(pair.foreground, pair.target, pair.alpha))
        after.append(error(result, pair.target, pair.alpha))
    assert np.mean(after) < 0.9 * np.mean(before)


def test_a_person_far_too_dark_becomes_lighter(portrait):
    image, alpha = portrait
    dark = (image * 0.4).astype(np.uint8)
    inside = alpha > 0.9
    result = harmonize(dark, alpha, image)
    assert result[inside].mean() > dark[inside].mean() + 3


def test_a_photo_of_its_own_hardly_changes(portrait):
    image, alpha = portrait
    result = harmonize(image, alpha, image)
    assert np.abs(result.astype(int) - image)[alpha > 0].mean() < 12


def test_strength(layers):
    foreground = layers[0] // 3  # far too dark
    layers = foreground, *layers[1:]
    assert harmonize(*layers, strength=0) is foreground
    half, full = (
        np.abs(harmonize(*layers, strength=s).astype(int) - foreground).mean() for s in (0.5, 1)
    )
    assert 0 < half < full
    with pytest.raises(PocketmatteError, match="strength=3"):
        harmonize(*layers, strength=3)


def test_in_the_api(layers):
    assert (pm.harmonize(*layers) == harmonize(*layers)).all()


def test_an_unknown_network_is_told(layers):
    with pytest.raises(PocketmatteError, match="neither a released harmoniser"):
        harmonize(*layers, network="nonsense")
    with pytest.raises(PocketmatteError, match="for matting, not for harmonize"):
        harmonize(*layers, network=str(find_weights("balanced")[0]))


def test_harmonisers_are_no_matting_presets():
    assert "harmonize" not in [card.name for card in list_models()]
    card = next(card for card in list_models("harmonize") if card.name == "harmonize")
    assert card.parameters < 300_000 and card.licence and card.training_data
    with pytest.raises(PocketmatteError, match="for harmonize, not for matting"):
        pm.load_model("harmonize")


class TestSteady:
    def test_follows_slowly_and_arrives(self, layers):
        foreground, alpha, background = layers
        inside = alpha > 0.9
        steady, dark = Steady(), (background * 0.2).astype(np.uint8)

        def level(scene):
            return steady(foreground, alpha, scene)[inside].mean()

        first = level(background)
        assert (steady(foreground, alpha, background) == harmonize(*layers)).all()
        goal = harmonize(foreground, alpha, dark)[inside].mean()
        path = [level(dark) for _ in range(60)]
        assert abs(path[-1] - goal) < 2
        steps = np.abs(np.diff([first, *path]))
        assert steps.max() < 0.5 * abs(goal - first) + 1

    def test_chains_for_video_have_a_memory_each(self):
        steps = parse_chain("harmonize:strength=0.5,light_wrap")
        first, second = for_video(steps), for_video(steps)
        assert isinstance(first[0].filter.function, Steady)
        assert first[0].filter.function is not second[0].filter.function
        assert first[0].options == {"strength": 0.5} and first[1].filter is steps[1].filter
        assert first[0].filter.options == steps[0].filter.options


def test_a_grade_that_is_undone(portrait):
    """Blue moonlight on the person of a daylight photo: red comes back."""
    image, alpha = portrait
    levels = np.linspace(0, 1, 256)[:, None]
    blue = Grade(levels * [0.6, 0.8, 1.1], np.eye(3))(image)
    result, inside = harmonize(blue, alpha, image), alpha > 0.9
    ratio = [picture[inside, 0].mean() / picture[inside, 2].mean() for picture in (blue, result)]
    assert ratio[1] > ratio[0]
