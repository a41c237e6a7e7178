import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import convolve, gaussian_filter
from skimage.measure import label
from skimage.metrics import mean_squared_error

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.metrics import (
    connectivity_error,
    gradient_error,
    mad,
    mse,
    sad,
    unknown_region,
)

METRICS = [mad, mse, sad, gradient_error, connectivity_error]
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))
levels = st.integers(0, 20).map(lambda step: step / 20)


def alphas(size):
    return arrays(np.float32, size, elements=st.floats(0, 1, width=32))


pairs = sizes.flatmap(lambda size: st.tuples(alphas(size), alphas(size)))
stepped = sizes.flatmap(lambda s: st.tuples(*[arrays(np.float32, s, elements=levels)] * 2))


def slow_gradient_error(predicted, truth, sigma=1.4):
    """Rhemann's kernels written out in two dimensions, in double precision."""

    def gauss(x):
        return math.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))

    radius = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * sigma * 0.01)))
    span = range(-radius, radius + 1)
    kernel = np.array([[gauss(y) * -x * gauss(x) / sigma**2 for x in span] for y in span])
    kernel /= np.sqrt((kernel**2).sum())

    def magnitude(alpha):
        alpha = alpha.astype(np.float64)
        dx = convolve(alpha, kernel, mode="nearest")
        dy = convolve(alpha, kernel.T, mode="nearest")
        return np.hypot(dx, dy)

    return ((magnitude(predicted) - magnitude(truth)) ** 2).sum() / 1000


def slow_connectivity_error(predicted, truth):
    """Pixel by pixel; the largest region found by flooding."""
    level = np.full(truth.shape, -1.0)
    for step in range(1, 11):
        reached = (predicted >= np.float32(step / 10)) & (truth >= np.float32(step / 10))
        regions = label(reached, connectivity=1)
        areas = [(regions == i).sum() for i in range(1, regions.max() + 1)]
        largest = regions == 1 + int(np.argmax(areas)) if areas else np.zeros_like(reached)
        level[(level == -1) & ~largest] = (step - 1) / 10
    level[level == -1] = 1

    def phi(alpha, at):
        distance = np.float32(alpha) - np.float32(at)
        return 1 - distance if distance >= 0.15 else 1

    cells = zip(predicted.ravel(), truth.ravel(), level.ravel(), strict=True)
    return sum(abs(phi(p, at) - phi(t, at)) for p, t, at in cells) / 1000


def ellipse(height=60, width=80):
    rows, columns = np.mgrid[:height, :width]
    inside = ((columns - width / 2) / (width / 4)) ** 2 + ((rows - height / 2) / (height / 3)) ** 2
    return gaussian_filter((inside < 1).astype(np.float32), 1.5)


def test_hand_computed_differences():
    predicted = np.array([[0.0, 0.5], [1.0, 0.25]], np.float32)
    truth = np.array([[0.0, 1.0], [0.75, 0.25]], np.float32)
    assert mad(predicted, truth) == pytest.approx(0.75 / 4)
    assert mse(predicted, truth) == pytest.approx((0.25 + 0.0625) / 4)
    assert sad(predicted, truth) == pytest.approx(0.75 / 1000)


@given(pairs)
def test_differences_agree_with_numpy_and_scikit_image(pair):
    a, b = (alpha.astype(np.float64) for alpha in pair)
    assert mad(*pair) == pytest.approx(np.abs(a - b).mean(), abs=1e-6)
    assert mse(*pair) == pytest.approx(mean_squared_error(a, b), abs=1e-6)
    assert sad(*pair) == pytest.approx(mad(*pair) * a.size / 1000, abs=1e-6)


@settings(max_examples=40)
@given(pairs)
def test_gradient_error_agrees_with_the_slow_formula(pair):
    assert gradient_error(*pair) == pytest.approx(slow_gradient_error(*pair), rel=1e-3, abs=1e-7)


def test_gradient_error_of_a_step_edge_is_known():
    # given: a vertical step; along a row its derivative is the kernel's tail sum
    step = np.zeros((1, 41), np.float32)
    step[:, 20:] = 1
    x = np.arange(-4, 5)
    gauss = np.exp(-(x**2) / (2 * 1.4**2))
    slope = x * gauss / np.linalg.norm(x * gauss)
    flat = gauss.sum() / np.linalg.norm(gauss)
    response = np.convolve(step[0], slope, mode="valid") * flat
    # then
    expected = (response**2).sum() / 1000
    assert gradient_error(step, np.zeros_like(step)) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=60)
@given(stepped)
def test_connectivity_error_agrees_with_the_slow_formula(pair):
    # regions of equal size are told apart by order alone; leave such pictures out
    for step in range(1, 11):
        reached = (pair[0] >= np.float32(step / 10)) & (pair[1] >= np.float32(step / 10))
        areas = np.bincount(label(reached, connectivity=1).ravel())[1:]
        if (areas == areas.max(initial=0)).sum() > 1:
            return
    assert connectivity_error(*pair) == pytest.approx(slow_connectivity_error(*pair), abs=1e-6)


def test_connectivity_error_agrees_with_the_slow_formula_on_a_soft_person():
    truth = ellipse()
    noise = np.random.default_rng(0).normal(0, 0.1, truth.shape)
    predicted = np.clip(truth + gaussian_filter(noise, 1) * 3, 0, 1).astype(np.float32)
    expected = slow_connectivity_error(predicted, truth)
    assert expected > 0
    assert connectivity_error(predicted, truth) == pytest.approx(expected, rel=1e-5)


def test_an_island_costs_its_area():
    # given: a person of 10x10 and a loose island of 2x3 that the truth does not have
    truth = np.zeros((30, 30), np.float32)
    truth[5:15, 5:15] = 1
    predicted = truth.copy()
    predicted[20:22, 20:23] = 1
    # then: phi drops from 1 to 0 on six pixels
    assert connectivity_error(predicted, truth) == pytest.approx(6 / 1000)


def test_a_small_slip_that_stays_connected_costs_nothing():
    truth = np.zeros((20, 20), np.float32)
    truth[5:15, 5:15] = 1
    assert connectivity_error(np.clip(truth - 0.09, 0, 1), truth) == 0
    assert mad(np.clip(truth - 0.09, 0, 1), truth) > 0


@given(pairs)
def test_symmetric_zero_on_identity_and_never_negative(pair):
    for metric in METRICS:
        assert metric(pair[0], pair[0]) == pytest.approx(0, abs=1e-12)
        assert metric(*pair) >= 0
        assert metric(*pair) == pytest.approx(metric(pair[1], pair[0]), abs=1e-7)
    assert mad(*pair) <= 1 and mse(*pair) <= mad(*pair) + 1e-7


def test_worst_case_is_one():
    black, white = np.zeros((6, 5), np.float32), np.ones((6, 5), np.float32)
    assert mad(white, black) == mse(white, black) == 1.0
    assert sad(white, black) == pytest.approx(0.03)


def test_more_blur_is_worse():
    truth = ellipse()
    for metric in (mad, mse, sad, gradient_error):
        scores = [metric(gaussian_filter(truth, sigma), truth) for sigma in (0, 1, 2, 4)]
        assert scores == sorted(scores)
        assert scores[0] < 1e-12 < scores[1]


@pytest.mark.parametrize("metric", METRICS)
def test_only_the_unknown_region_counts(metric):
    # given: a prediction that is wrong far from the edge only
    truth = ellipse()
    predicted = truth.copy()
    predicted[:5, :5] = 1
    edge = (truth > 0.02) & (truth < 0.98)
    # then
    assert metric(predicted, truth) > 0
    assert metric(predicted, truth, edge) == 0
    assert metric(predicted, truth, ~edge) > 0
    assert metric(predicted, truth, np.zeros_like(edge)) == 0


def test_mean_over_the_unknown_region():
    predicted = np.array([[0.5, 0.0, 1.0]], np.float32)
    truth = np.zeros((1, 3), np.float32)
    unknown = np.array([[True, True, False]])
    assert mad(predicted, truth, unknown) == 0.25
    assert mse(predicted, truth, unknown) == 0.125
    assert sad(predicted, truth, unknown) == pytest.approx(0.0005)


def test_unknown_region_of_a_trimap():
    trimap = np.array([[0, 0.5, 1.0]], np.float32)
    assert unknown_region(trimap).tolist() == [[False, True, False]]


def test_float64_and_strided_alphas_are_welcome():
    truth = ellipse()
    other = gaussian_filter(truth, 2)
    for metric in METRICS:
        expected = metric(other, truth)
        assert metric(other.astype(np.float64), truth) == pytest.approx(expected, rel=1e-5)
        assert metric(other[::-1], truth[::-1]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("predicted", "word"),
    [
        (np.zeros((4, 5), np.float32), "same size"),
        (np.zeros((5, 4), np.uint8), "255"),
        (np.full((5, 4), 255, np.float32), "255"),
        (np.full((5, 4), -0.5, np.float32), "lie in"),
        (np.full((5, 4), np.nan, np.float32), "lie in"),
        (np.zeros((5, 4, 1), np.float32), "HW"),
        (np.zeros((5, 0), np.float32), "one pixel"),
    ],
)
def test_wrong_input_is_refused_in_one_line(metric, predicted, word):
    with pytest.raises(PocketmatteError, match=word) as error:
        metric(predicted, np.zeros((5, 4), np.float32))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("metric", METRICS)
def test_an_unknown_region_of_another_size_is_refused(metric):
    alpha = np.zeros((5, 4), np.float32)
    with pytest.raises(PocketmatteError, match="unknown region"):
        metric(alpha, alpha, np.ones((4, 5), bool))
    with pytest.raises(PocketmatteError, match="unknown region"):
        metric(alpha, alpha, np.ones((5, 4), np.float32))
