"""Chains: what is written is what runs, in that order."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import apply, get_filter, parse_chain

GOLDEN = Path(__file__).parent / "golden"


def shape(text):
    return [(step.filter.name, step.options) for step in parse_chain(text)]


def test_names_options_and_order():
    assert shape("blur") == [("blur", {})]
    assert shape("keep_largest, light-wrap") == [("keep_largest", {}), ("light_wrap", {})]
    expected = [("smooth_step", {"low": 0.2, "high": 0.8, "order": 5}), ("blur", {"radius": 9.0})]
    assert shape("smooth_step:low=0.2:high=0.8:order=5,blur:radius=9") == expected
    assert shape("smooth_step:low=0.2,high=0.8,order=5,blur:radius=9") == expected
    assert shape(" smooth_step : low = 0.2, high = 0.8, order = 5 , blur : radius = 9,") == expected


def test_values_take_the_type_of_the_default():
    (step,) = parse_chain("smooth_step:low=0:order=5")
    assert isinstance(step.options["low"], float) and isinstance(step.options["order"], int)


@pytest.mark.parametrize("text", ["", " ", ","])
def test_an_empty_chain_is_alpha_blending(text, layers):
    assert parse_chain(text) == ()
    assert (apply(text, *layers) == get_filter("alpha_blend")(*layers)).all()


def test_equals_the_functions_called_by_hand(layers):
    foreground, alpha, background = layers
    curved = get_filter("smooth_step").function(alpha, low=0.3)
    moved = get_filter("color_transfer").function(foreground, curved, background, strength=0.5)
    lit = get_filter("light_wrap").function(moved, curved, background)
    by_hand = get_filter("alpha_blend").function(lit, curved, background)
    chain = "smooth_step:low=0.3,color_transfer:strength=0.5,light_wrap"
    assert (apply(chain, *layers) == by_hand).all()
    assert (apply(parse_chain(chain), *layers) == by_hand).all()


def test_the_order_matters(layers):
    first = apply("light_wrap:strength=1,color_transfer:strength=1", *layers)
    second = apply("color_transfer:strength=1,light_wrap:strength=1", *layers)
    assert np.abs(first.astype(int) - second).max() > 10


def test_the_blend_comes_last_wherever_it_is_written(layers):
    first = apply("seamless_clone,blur", *layers)
    assert (first == apply("blur,seamless_clone", *layers)).all()
    assert (first != apply("blur", *layers)).any()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nonsense", "unknown filter 'nonsense'"),
        ("harmonisse", "did you mean harmonize?"),
        ("blur,nonsense:radius=3", "unknown filter 'nonsense'"),
        ("radius=3,blur", "before any filter"),
        ("blur:radius", "write NAME=VALUE"),
        ("blur:size=3", "no option 'size'"),
        ("blur:radius=wide", "radius='wide' is not a number"),
        ("smooth_step:order=2.5", "order='2.5' is not a number"),
        ("alpha_blend,seamless_clone", "keep one of them"),
    ],
)
def test_mistakes_are_told_in_one_line(text, word):
    with pytest.raises(PocketmatteError) as error:
        parse_chain(text)
    assert word in str(error.value) and "\n" not in str(error.value)


def test_values_out_of_range_are_told(layers):
    with pytest.raises(PocketmatteError, match="strength=7"):
        apply("light_wrap:strength=7", *layers)


@pytest.mark.parametrize(
    ("name", "chain", "scene"),
    [
        ("coffee", "keep_largest,color_transfer,light_wrap,blur", "coffee"),
        ("clone", "seamless_clone:strength=1", "coffee"),
        ("room", "smooth_step,blur:radius=12", "room"),
    ],
)
def test_still_looks_as_when_we_looked(name, chain, scene, layers):
    foreground, alpha, background = layers
    result = apply(chain, foreground, alpha, background if scene == "coffee" else foreground)
    result = cv2.resize(result, (256, 256), interpolation=cv2.INTER_AREA)
    golden = cv2.imread(str(GOLDEN / f"{name}.png"))[..., ::-1]
    difference = np.abs(result.astype(int) - golden)
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) < 16
