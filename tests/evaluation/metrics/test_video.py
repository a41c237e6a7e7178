import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.data import astronaut

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.metrics import DtSsd, Flicker, dtssd, flicker, video

clips = st.tuples(st.integers(1, 8), st.integers(1, 8)).flatmap(
    lambda size: arrays(np.float32, (4, *size), elements=st.floats(0, 1, width=32))
)


@pytest.fixture(scope="module")
def picture():
    return cv2.resize(astronaut(), (192, 192), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def person():
    rows, columns = np.mgrid[:192, :192]
    inside = ((columns - 85) / 50) ** 2 + ((rows - 110) / 80) ** 2 < 1
    return cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 2)


def shift(array, x, y=0):
    matrix = np.float32([[1, 0, x], [0, 1, y]])
    size = array.shape[1::-1]
    return cv2.warpAffine(array, matrix, size, borderMode=cv2.BORDER_REFLECT)


def test_dtssd_by_hand():
    # given: the prediction rises by 0.5 on one of four pixels, the truth stays
    still = np.zeros((2, 2), np.float32)
    risen = np.array([[0.5, 0], [0, 0]], np.float32)
    assert dtssd(still, risen, still, still) == pytest.approx(math.sqrt(0.25 / 4))
    assert dtssd(still, risen, still, risen) == 0
    assert dtssd(still, still, still, risen) == pytest.approx(0.25)


@given(clips)
def test_dtssd_is_symmetric_zero_on_identity_and_bounded(clip):
    before, now, truth_before, truth = clip
    assert dtssd(before, now, before, now) == 0
    score = dtssd(before, now, truth_before, truth)
    assert 0 <= score <= 2
    assert score == pytest.approx(dtssd(truth_before, truth, before, now))
    change = (now - before).astype(np.float64) - (truth - truth_before)
    assert score == pytest.approx(np.sqrt((change**2).mean()), abs=1e-6)


def test_dtssd_ignores_a_constant_error():
    truth = np.random.default_rng(0).random((2, 9, 9), np.float32) * 0.5
    assert dtssd(truth[0] + 0.25, truth[1] + 0.25, truth[0], truth[1]) == pytest.approx(0, abs=1e-6)


def test_dtssd_of_a_clip_is_the_mean_over_its_pairs():
    # given: four frames that alternate, with a truth that stays
    low, high = np.zeros((3, 3), np.float32), np.full((3, 3), 0.5, np.float32)
    metric = DtSsd()
    # when
    scores = [metric.update(alpha, low) for alpha in (low, high, high, low)]
    # then
    assert scores == [None, 0.5, 0.0, 0.5]
    assert metric.count == 3
    assert metric.value == pytest.approx(1 / 3)


def test_a_cut_forgets_the_frame_before():
    low, high = np.zeros((3, 3), np.float32), np.ones((3, 3), np.float32)
    metric = DtSsd()
    metric.update(low, low)
    metric.cut()
    assert metric.update(high, low) is None
    assert metric.value == 0.0 and metric.count == 0


def test_metrics_keep_their_own_copy_of_a_reused_buffer(picture):
    frame, truth = np.zeros((192, 192), np.float32), np.zeros((192, 192), np.float32)
    moving, steady = DtSsd(), Flicker()
    for value in (0.0, 1.0):
        frame[:] = value
        moving.update(frame, truth)
        steady.update(picture, frame)
    assert moving.value == 1.0
    assert steady.value == pytest.approx(1.0)


def test_a_still_picture_shows_every_change_of_alpha(picture, person):
    assert flicker(picture, person, picture, person) == pytest.approx(0, abs=1e-6)
    dimmed = person * 0.8
    expected = np.abs(person - dimmed).mean()
    assert flicker(picture, person, picture, dimmed) == pytest.approx(expected, rel=0.02)


def test_alpha_that_moves_with_the_picture_does_not_flicker(picture, person):
    # given: picture and alpha move by 4 pixels together; or the alpha stays behind
    moved = shift(picture, 4, 2)
    together = flicker(picture, person, moved, shift(person, 4, 2))
    behind = flicker(picture, person, moved, person)
    # then
    assert together < 0.15 * behind
    assert behind > 0.01


def test_more_jitter_flickers_more(picture, person):
    generator = np.random.default_rng(0)
    noise = cv2.GaussianBlur(generator.normal(size=person.shape).astype(np.float32), (0, 0), 3)
    scores = []
    for strength in (0, 0.5, 1, 2):
        jittered = np.clip(person + strength * noise, 0, 1)
        scores.append(flicker(picture, person, picture, jittered))
    assert scores == sorted(scores) and scores[0] < scores[1]


def test_pixels_that_change_do_not_count(picture, person):
    # given: the right half turns to a plain colour, and the alpha changes there alone
    changed, alpha = picture.copy(), person.copy()
    changed[:, 110:] = (0, 255, 0)
    alpha[:, 130:] = 1 - alpha[:, 130:]
    # then
    assert flicker(picture, person, changed, alpha) < 0.01
    assert flicker(picture, person, picture, alpha) > 0.2


def test_pixels_that_come_into_the_frame_do_not_count(monkeypatch):
    # given: a plain picture, so that all looks still, that is known to move by 10 of 40 columns
    plain, alpha = np.full((40, 40, 3), 90, np.uint8), np.zeros((40, 40), np.float32)
    flow = np.zeros((40, 40, 2), np.float32)
    flow[..., 0] = 10
    monkeypatch.setattr(video, "_flow", lambda now, past: flow)
    arrived = alpha.copy()
    arrived[:, 30:] = 1
    # then: only what was in the frame before is judged
    assert flicker(plain, alpha, plain, arrived) == 0
    assert flicker(plain, alpha, plain, 1 - arrived) == 1
    metric = Flicker()
    metric.update(plain, alpha)
    metric.update(plain, arrived)
    assert metric.still_share == 0.75


def test_a_clip_leaves_cuts_out_and_tells_what_it_rests_on(picture, person):
    metric = Flicker()
    inverse = 255 - picture
    assert metric.update(picture, person) is None
    assert metric.update(picture, person) == pytest.approx(0, abs=1e-6)
    black = np.zeros_like(picture)
    metric.update(black, person)
    assert metric.update(np.full_like(inverse, 255), 1 - person) is None
    assert metric.value < 0.01
    assert 0.3 < metric.still_share < 0.7


def test_float_images_and_tiny_frames(picture, person):
    unit = picture.astype(np.float32) / 255
    dimmed = person * 0.5
    expected = flicker(picture, person, picture, dimmed)
    assert flicker(unit, person, unit, dimmed) == pytest.approx(expected, rel=1e-3)
    tiny = picture[:5, :7], person[:5, :7]
    assert flicker(*tiny, tiny[0], np.clip(tiny[1] + 0.5, 0, 1)) == pytest.approx(0.5, rel=0.01)


def test_sizes_and_types_are_checked(picture, person):
    with pytest.raises(PocketmatteError, match="same size"):
        flicker(picture, person[:50], picture, person)
    with pytest.raises(PocketmatteError, match="same size"):
        flicker(picture[:50], person[:50], picture, person)
    with pytest.raises(PocketmatteError, match="RGB"):
        flicker(picture[..., 0], person, picture, person)
    with pytest.raises(PocketmatteError, match="same size"):
        dtssd(person[:5], person[:5], person, person)
    with pytest.raises(PocketmatteError, match="float32"):
        DtSsd().update(person > 0.5, person)
