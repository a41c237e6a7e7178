import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from pocketmatte.evaluation.robustness.disturbances import DISTURBANCES


@pytest.fixture(scope="module")
def image():
    return astronaut()[:384]


@pytest.fixture(scope="module")
def mask():
    mask = np.zeros((384, 512), bool)
    mask[40:, 100:300] = True
    return mask


def disturb(name, image, mask, seed=0):
    return DISTURBANCES[name](image, mask, np.random.default_rng(seed))


@pytest.mark.parametrize("name", DISTURBANCES)
def test_pictures_and_masks_stay_what_they_are(name, image, mask):
    before = image.copy(), mask.copy()
    found, person = disturb(name, image, mask)
    assert found.dtype == np.uint8 and person.dtype == bool
    assert found.shape == (*person.shape, 3)
    assert person.any()
    # then: nothing is changed in place, and the same seed does the same
    assert np.array_equal(image, before[0]) and np.array_equal(mask, before[1])
    again, _ = disturb(name, image, mask)
    assert np.array_equal(found, again)


@pytest.mark.parametrize("name", [name for name in DISTURBANCES if name != "as it is"])
def test_each_does_something(name, image, mask):
    found, _ = disturb(name, image, mask)
    assert found.shape != image.shape or not np.array_equal(found, image)


@pytest.mark.parametrize("name", ["rotated by 90 degrees", "mirrored", "strong crop"])
def test_the_mask_moves_with_the_picture(name, mask):
    # given: a picture that shows its own mask
    image = np.dstack([mask.astype(np.uint8) * 255] * 3)
    # when
    found, person = disturb(name, image, mask)
    # then
    assert np.array_equal(found[..., 0] > 128, person)


def test_a_quarter_turn_is_clockwise(image, mask):
    found, _ = disturb("rotated by 90 degrees", image, mask)
    assert np.array_equal(found, cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))


def test_a_crop_leaves_a_quarter_and_most_of_it_is_person(image, mask):
    found, person = disturb("strong crop", image, mask)
    assert found.shape[:2] == (192, 256)
    assert person.mean() > mask.mean()


def test_a_crop_of_an_empty_mask_is_the_middle(image):
    found, _ = disturb("strong crop", image, np.zeros(image.shape[:2], bool))
    assert np.array_equal(found, image[96:288, 128:384])


def test_two_stops_are_a_quarter_of_the_light():
    grey = np.full((8, 8, 3), 188, np.uint8)  # half of white's light
    found, _ = disturb("dark", grey, np.ones((8, 8), bool))
    # then: an eighth of white's light is level 99 in sRGB
    assert abs(int(found[0, 0, 0]) - 99) <= 1


def test_noise_is_random_and_grows_with_the_light():
    half = np.full((64, 128, 3), 30, np.uint8)
    half[:, 64:] = 250
    mask = np.ones((64, 128), bool)
    first, _ = disturb("low light and noise", half, mask, 1)
    second, _ = disturb("low light and noise", half, mask, 2)
    assert not np.array_equal(first, second)
    light = (first / 255.0) ** 2.2
    assert light[:, 64:].std() > 1.3 * light[:, :64].std()
    assert first.mean() < half.mean() * 0.7


def test_blur_keeps_the_light_and_takes_the_detail(image, mask):
    found, _ = disturb("motion blur", image, mask)
    light, before = (found / 255.0) ** 2.2, (image / 255.0) ** 2.2
    assert light.mean() == pytest.approx(before.mean(), rel=0.02)
    assert cv2.Laplacian(found, cv2.CV_64F).std() < 0.5 * cv2.Laplacian(image, cv2.CV_64F).std()


def test_grey_has_no_colour(image, mask):
    found, _ = disturb("grey", image, mask)
    assert np.array_equal(found[..., 0], found[..., 2])
