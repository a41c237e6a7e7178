import cv2
import numpy as np
import pytest
from skimage.color import lab2rgb

from pocketmatte.evaluation.robustness.facts import (
    clutter,
    outline_length,
    picture_facts,
    skin_ita,
)


@pytest.fixture
def mask():
    mask = np.zeros((200, 160), bool)
    mask[60:, 40:120] = True
    return mask


def flat(colour, mask):
    return np.full((*mask.shape, 3), colour, np.uint8)


def test_light_and_size(mask):
    facts = picture_facts(flat(51, mask), mask)
    assert facts["light"] == pytest.approx(0.2)
    assert facts["size"] == pytest.approx(mask.mean())
    # then: what the picture does not carry is not there
    assert "soft" not in facts and "ita" not in facts


def test_soft_pixels_of_the_true_alpha(mask):
    alpha = mask.astype(np.float32)
    alpha[:, 40:56] *= 0.5
    facts = picture_facts(flat(51, mask), mask, alpha)
    assert facts["soft"] == pytest.approx(140 * 16 / mask.size)


def test_clutter_is_counted_behind_the_person_only(mask):
    # given: stripes on the person, then stripes everywhere
    stripes = np.zeros((*mask.shape, 3), np.uint8)
    stripes[::8] = 255
    stripes = cv2.dilate(stripes, np.ones((4, 1), np.uint8))
    on_person = np.where(mask[..., None], stripes, 0).astype(np.uint8)
    # then
    assert clutter(on_person, mask) == pytest.approx(0, abs=0.01)
    assert clutter(stripes, mask) > 0.05
    assert clutter(stripes, np.ones_like(mask)) is None


def test_clutter_does_not_depend_on_the_resolution(mask):
    rng = np.random.default_rng(0)
    image = cv2.resize(rng.integers(0, 256, (12, 10, 3)).astype(np.uint8), (160, 200))
    big = cv2.resize(image, (640, 800))
    wide = cv2.resize(mask.astype(np.uint8), (640, 800)) > 0
    assert clutter(big, wide) == pytest.approx(clutter(image, mask), rel=0.25)


def test_a_comb_has_a_longer_outline_than_a_blob(mask):
    comb = mask.copy()
    comb[60:120, 44:116:12] = comb[60:120, 45:116:12] = False
    comb[60:120, 46:116:12] = comb[60:120, 47:116:12] = False
    assert outline_length(mask) == pytest.approx(1, abs=0.02)
    assert outline_length(comb) > 1.5
    assert outline_length(np.zeros_like(mask)) is None


@pytest.mark.parametrize(("lightness", "b", "ita"), [(70, 20, 45), (60, 17.32, 30), (40, 10, -45)])
def test_ita_is_the_angle_of_lightness_over_yellow(lightness, b, ita, mask):
    # given: skin of a known colour, and something else around
    rgb = lab2rgb(np.array([[[lightness, 12.0, b]]]))[0, 0]
    image = flat(90, mask)
    image[80:160, 50:110] = np.rint(rgb * 255)
    # then
    assert skin_ita(image, mask, (80, 50, 80, 60)) == pytest.approx(ita, abs=3)


@pytest.mark.parametrize("colour", [(128, 128, 128), (40, 60, 200), (30, 160, 40)])
def test_what_is_no_skin_has_no_ita(colour, mask):
    assert skin_ita(flat(colour, mask), mask, (80, 50, 80, 60)) is None


def test_skin_outside_the_mask_does_not_count(mask):
    assert skin_ita(flat((220, 170, 150), mask), ~mask, (80, 50, 80, 60)) is None


def test_the_face_is_asked_for_with_picture_and_mask(mask):
    image, seen = flat((220, 170, 150), mask), []
    facts = picture_facts(
        image, mask, find_face=lambda *given: seen.append(given) or (80, 50, 80, 60)
    )
    assert seen[0][0] is image and seen[0][1] is mask
    assert 30 < facts["ita"] < 80
    assert "ita" not in picture_facts(image, mask, find_face=lambda *given: None)
