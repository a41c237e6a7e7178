"""The table: every filter obeys the same contract."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pocketmatte.filters
from pocketmatte.errors import PocketmatteError
from pocketmatte.filters import FILTERS, get_filter, list_filters
from pocketmatte.filters.base import KINDS

NAMES = sorted(FILTERS)
SHARED = {"checks", "__init__", "base", "chain", "registry"}


def test_every_file_has_a_line_and_every_line_a_file():
    files = {path.stem for path in Path(pocketmatte.filters.__file__).parent.glob("*.py")}
    assert files - SHARED == set(FILTERS)


@pytest.mark.parametrize("name", NAMES)
def test_entry_is_complete(name):
    entry = get_filter(name)
    assert entry.kind in KINDS and entry.summary and entry.function.__name__ == name
    assert all(isinstance(value, int | float | str) for value in entry.options.values())


@pytest.mark.parametrize("name", NAMES)
def test_makes_a_picture_of_a_real_portrait(name, layers):
    foreground, alpha, background = layers
    before = [layer.copy() for layer in layers]
    result = get_filter(name)(foreground, alpha, background)
    assert result.shape == foreground.shape and result.dtype == np.uint8
    assert all((old == new).all() for old, new in zip(before, layers, strict=True))
    assert (get_filter(name)(foreground, alpha, background) == result).all()
    face = (slice(100, 180), slice(190, 260))
    assert np.abs(result[face].astype(int) - foreground[face]).mean() < 45


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_matte_shows_no_trace_of_the_foreground(name, layers):
    foreground, alpha, background = layers
    nobody = np.zeros_like(alpha)
    result = get_filter(name)(foreground, nobody, background)
    other = get_filter(name)(255 - foreground, nobody, background)
    assert (result == other).all()
    if name != "blur":
        assert (result == background).all()


@pytest.mark.parametrize("name", [n for n in NAMES if FILTERS[n].kind in ("alpha", "blend")])
def test_a_full_matte_shows_the_foreground_alone(name, layers):
    foreground, alpha, background = layers
    assert (get_filter(name)(foreground, np.ones_like(alpha), background) == foreground).all()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99))
def test_any_size(name, height, width, seed):
    rng = np.random.default_rng(seed)
    foreground, background = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    alpha = np.clip(rng.normal(0.5, 1, (height, width)), 0, 1).astype(np.float32)
    result = get_filter(name)(foreground, alpha, background)
    assert result.shape == foreground.shape and result.dtype == np.uint8


@pytest.mark.parametrize("name", ["Alpha-Blend", "colour_transfer", "colour-transfer", " blur "])
def test_names_are_forgiving(name):
    assert get_filter(name) in list_filters()


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(PocketmatteError) as error:
        get_filter("light_rap")
    message = str(error.value)
    assert "did you mean light_wrap?" in message and "\n" not in message
    assert all(name in message for name in NAMES)


def test_an_unknown_option_is_told_with_the_known_ones(layers):
    with pytest.raises(PocketmatteError, match=r"no option 'sigma'; it has soften=0\.0"):
        get_filter("alpha_blend")(*layers, sigma=2)


def test_layers_of_different_sizes_are_refused(layers):
    foreground, alpha, background = layers
    for name in NAMES:
        with pytest.raises(PocketmatteError, match="differ in size"):
            get_filter(name)(foreground, alpha[:-1], background)


def test_the_table_is_light():
    """Listing filters loads neither OpenCV nor any filter."""
    code = (
        "import sys; from pocketmatte.filters import list_filters; list_filters();"
        "bad = [m for m in sys.modules if m == 'cv2' or m.endswith('.light_wrap')];"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
