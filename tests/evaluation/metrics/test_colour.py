import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.metrics import foreground_mad, foreground_mse

METRICS = [foreground_mad, foreground_mse]


@st.composite
def scenes(draw):
    size = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    images = [draw(arrays(np.uint8, (*size, 3))) for _ in range(2)]
    return *images, draw(arrays(np.float32, size, elements=st.floats(0, 1, width=32)))


def test_hand_computed():
    # given: one pixel off by 51 (0.2) in red, seen in full; one wrong all over, seen by a quarter
    truth = np.zeros((1, 2, 3), np.uint8)
    foreground = np.array([[[51, 0, 0], [255, 255, 255]]], np.uint8)
    alpha = np.array([[1.0, 0.25]], np.float32)
    # then
    assert foreground_mad(foreground, truth, alpha) == pytest.approx((0.2 / 3 + 0.25) / 1.25)
    assert foreground_mse(foreground, truth, alpha) == pytest.approx((0.04 / 3 + 0.25) / 1.25)


def test_colour_where_nobody_is_does_not_count():
    truth = np.zeros((4, 4, 3), np.uint8)
    foreground = truth.copy()
    foreground[:2] = 255
    alpha = np.zeros((4, 4), np.float32)
    for metric in METRICS:
        assert metric(foreground, truth, alpha) == 0
        alpha[2:] = 1
        assert metric(foreground, truth, alpha) == 0
        alpha[:2] = 1
        assert metric(foreground, truth, alpha) == pytest.approx(0.5)
        alpha[:] = 0


@given(scenes())
def test_zero_on_identity_symmetric_and_in_range(scene):
    foreground, truth, alpha = scene
    for metric in METRICS:
        assert metric(truth, truth, alpha) == 0
        score = metric(foreground, truth, alpha)
        assert 0 <= score <= 1 + 1e-5
        assert score == pytest.approx(metric(truth, foreground, alpha))
    assert foreground_mse(*scene) <= foreground_mad(*scene) + 1e-6


@given(scenes())
def test_bytes_and_floats_agree(scene):
    foreground, truth, alpha = scene
    floats = [image.astype(np.float32) / 255 for image in (foreground, truth)]
    for metric in METRICS:
        expected = metric(foreground, truth, alpha)
        assert metric(*floats, alpha) == pytest.approx(expected, abs=1e-6)
        assert metric(foreground, floats[1], alpha) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_wrong_input_is_refused(metric):
    image, alpha = np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.float32)
    with pytest.raises(PocketmatteError, match="same size"):
        metric(image[:3], image, alpha)
    with pytest.raises(PocketmatteError, match="same size"):
        metric(image, image, alpha[:, :2])
    with pytest.raises(PocketmatteError, match="RGB"):
        metric(np.zeros((4, 5, 4), np.uint8), image, alpha)
    with pytest.raises(PocketmatteError, match="uint8 or float32"):
        metric(image.astype(np.int32), image, alpha)
    with pytest.raises(PocketmatteError, match="lie in"):
        metric(image.astype(np.float32) + 2, image, alpha)
