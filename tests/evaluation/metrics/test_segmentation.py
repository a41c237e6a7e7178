import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.metrics import (
    boundary,
    boundary_f,
    mean_iou,
    person_iou,
    pixel_accuracy,
    to_mask,
)

METRICS = [person_iou, mean_iou, pixel_accuracy, boundary_f]
sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))
pairs = sizes.flatmap(lambda size: st.tuples(arrays(bool, size), arrays(bool, size)))


def disc(height, width, x, y, radius):
    rows, columns = np.mgrid[:height, :width]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def slow_boundary_f(predicted, truth, radius):
    """Every boundary pixel against every other, as the formula says."""
    edges = [
        np.argwhere(find_boundaries(m, connectivity=1, mode="thick")) for m in (predicted, truth)
    ]
    if not len(edges[0]) or not len(edges[1]):
        return float(len(edges[0]) == len(edges[1]))
    distance = np.sqrt(((edges[0][:, None] - edges[1][None]) ** 2).sum(-1))
    precision = (distance.min(1) <= radius).mean()
    recall = (distance.min(0) <= radius).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def test_hand_computed_overlap():
    # given: 2 pixels predicted, 2 true, 1 shared, 6 in all
    predicted = np.array([[1, 1, 0], [0, 0, 0]], bool)
    truth = np.array([[0, 1, 1], [0, 0, 0]], bool)
    # then: union 3, background 3 of 5, right 4 of 6
    assert person_iou(predicted, truth) == pytest.approx(1 / 3)
    assert mean_iou(predicted, truth) == pytest.approx((1 / 3 + 3 / 5) / 2)
    assert pixel_accuracy(predicted, truth) == pytest.approx(4 / 6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("value", [False, True])
def test_both_empty_or_both_full_is_perfect(metric, value):
    mask = np.full((9, 7), value)
    assert metric(mask, mask.copy()) == 1.0


def test_person_against_nobody():
    person, nobody = disc(40, 40, 20, 20, 10), np.zeros((40, 40), bool)
    assert person_iou(person, nobody) == person_iou(nobody, person) == 0.0
    assert boundary_f(person, nobody) == boundary_f(nobody, person) == 0.0
    assert pixel_accuracy(person, nobody) == pytest.approx(1 - person.mean())


@given(pairs)
def test_agrees_with_counting_by_hand(pair):
    predicted, truth = pair
    sets = [set(zip(*np.nonzero(mask), strict=True)) for mask in pair]
    union = sets[0] | sets[1]
    assert person_iou(predicted, truth) == (len(sets[0] & sets[1]) / len(union) if union else 1)
    assert pixel_accuracy(predicted, truth) == pytest.approx((predicted == truth).mean())
    flipped = person_iou(~predicted, ~truth)
    assert mean_iou(predicted, truth) == pytest.approx((person_iou(predicted, truth) + flipped) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed):
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(seed)
    predicted, truth = generator.random((2, 50, 60)) > 0.4
    flat = truth.ravel(), predicted.ravel()
    assert person_iou(predicted, truth) == pytest.approx(sklearn.jaccard_score(*flat))
    assert mean_iou(predicted, truth) == pytest.approx(
        sklearn.jaccard_score(*flat, average="macro")
    )
    assert pixel_accuracy(predicted, truth) == pytest.approx(sklearn.accuracy_score(*flat))


@given(pairs)
def test_symmetric_and_in_range(pair):
    for metric in METRICS:
        score = metric(*pair)
        assert 0 <= score <= 1
        assert metric(pair[1], pair[0]) == pytest.approx(score)


@given(sizes.flatmap(lambda size: arrays(bool, size)))
def test_identity_is_perfect(mask):
    for metric in METRICS:
        assert metric(mask, mask) == 1.0


def test_a_larger_shift_never_scores_better():
    truth = disc(120, 160, 80, 60, 30)
    shifted = [disc(120, 160, 80 + step, 60, 30) for step in range(0, 20, 2)]
    for metric in METRICS:
        scores = [metric(mask, truth) for mask in shifted]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] < scores[0] == 1.0


@settings(max_examples=40)
@given(pairs, st.sampled_from([0.02, 0.1, 0.3]))
def test_boundary_f_agrees_with_the_slow_formula(pair, tolerance):
    radius = math.ceil(tolerance * math.hypot(*pair[0].shape) - 1e-9)
    expected = slow_boundary_f(*pair, radius)
    assert boundary_f(*pair, tolerance) == pytest.approx(expected, abs=1e-6)


def test_boundary_f_agrees_with_exact_distances_at_full_size():
    # given: an outline drawn with a wobble, at the benchmark's size, 5 pixels tolerated
    truth = disc(576, 768, 400, 300, 170)
    rows, columns = np.mgrid[:576, :768]
    angle = np.arctan2(rows - 300, columns - 400)
    predicted = np.hypot(columns - 400, rows - 300) <= 170 + 8 * np.sin(5 * angle)
    edges = [find_boundaries(m, connectivity=1, mode="thick") for m in (predicted, truth)]
    precision = (distance_transform_edt(~edges[1])[edges[0]] <= 5).mean()
    recall = (distance_transform_edt(~edges[0])[edges[1]] <= 5).mean()
    # then
    assert 0.3 < precision < 0.9
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f(predicted, truth) == pytest.approx(expected, abs=1e-6)


def test_tolerance_is_rounded_up_to_whole_pixels():
    # given: straight edges 4 and 5 columns apart in a picture of 600x800 (diagonal 1000)
    truth = np.zeros((600, 800), bool)
    truth[:, :400] = True
    near, far = truth.copy(), truth.copy()
    near[:, 400:405], far[:, 400:406] = True, True
    # then: 0.5 % is exactly 5, 0.41 % becomes 5, 0.4 % stays 4
    assert boundary_f(near, truth, 0.005) == 1.0
    assert boundary_f(near, truth, 0.0041) == 1.0
    assert boundary_f(near, truth, 0.004) == pytest.approx(0.5)
    assert boundary_f(far, truth, 0.005) == pytest.approx(0.5)


def test_boundary_leaves_the_border_of_the_picture_out():
    # given: a person cut off by the left, lower and right border
    mask = np.zeros((10, 12), bool)
    mask[6:] = True
    edge = boundary(mask)
    # then: only the two rows at the upper edge
    assert edge[5:7].all() and edge.sum() == 2 * 12
    assert np.array_equal(edge, find_boundaries(mask, connectivity=1, mode="thick"))


def test_masks_need_not_be_contiguous():
    wide = disc(80, 90, 40, 40, 20)
    assert boundary_f(wide[::-1, ::-1], wide[::-1, ::-1].copy()) == 1.0
    assert boundary_f(wide.T, wide.T.copy()) == 1.0
    assert person_iou(np.asfortranarray(wide), wide) == 1.0


def test_to_mask_is_strictly_above_a_half():
    alpha = np.array([[0.0, 0.5, 0.50001, 1.0]], np.float32)
    assert to_mask(alpha).tolist() == [[False, False, True, True]]
    assert to_mask(alpha, 0.25).tolist() == [[False, True, True, True]]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("predicted", "word"),
    [
        (np.zeros((4, 5), bool), "same size"),
        (np.zeros((5, 4), np.float32), "to_mask"),
        (np.zeros((5, 4), np.uint8), "to_mask"),
        (np.zeros((5, 4, 1), bool), "HW"),
        (np.zeros((0, 4), bool), "one pixel"),
        ([[True]], "NumPy"),
    ],
)
def test_wrong_input_is_refused_in_one_line(metric, predicted, word):
    with pytest.raises(PocketmatteError, match=word) as error:
        metric(predicted, np.zeros((5, 4), bool))
    assert "\n" not in str(error.value)


def test_inputs_are_left_alone():
    masks = disc(60, 60, 30, 30, 9), disc(60, 60, 32, 30, 9)
    copies = [mask.copy() for mask in masks]
    for metric in METRICS:
        metric(*masks)
    assert all(np.array_equal(a, b) for a, b in zip(masks, copies, strict=True))


def test_boundary_is_the_morphological_gradient():
    mask = disc(30, 30, 15, 15, 8).astype(np.uint8)
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    assert np.array_equal(
        boundary(mask > 0), (cv2.dilate(mask, cross) - cv2.erode(mask, cross)) > 0
    )
