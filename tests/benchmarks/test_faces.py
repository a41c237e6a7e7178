import numpy as np
import pytest
from skimage.data import astronaut, coffee

from benchmarks.faces import find_face


@pytest.fixture(scope="module")
def image():
    return astronaut()


def test_the_face_of_an_astronaut(image):
    top, left, height, width = find_face(image, np.ones(image.shape[:2], bool))
    # then: eyes and nose (looked up in the picture) lie inside
    for row, col in ((115, 205), (115, 245), (140, 225)):
        assert top < row < top + height and left < col < left + width
    assert 60 < width < 200


def test_a_face_that_is_not_the_persons_does_not_count(image):
    mask = np.zeros(image.shape[:2], bool)
    mask[:250, 400:] = True  # the space shuttle
    assert find_face(image, mask) is None


def test_a_cup_of_coffee_has_none():
    cup = coffee()
    assert find_face(cup, np.ones(cup.shape[:2], bool)) is None
