"""Keep the largest person: bystanders go, the kept one's soft edge is untouched."""

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.filters.keep_largest import keep_largest


def person(centre, size, height=400, width=600):
    alpha = np.zeros((height, width), np.float32)
    cv2.ellipse(alpha, centre, (size // 2, size), 0, 0, 360, 1, -1)
    return cv2.GaussianBlur(alpha, (0, 0), 3)


MAIN, OTHER = person((200, 250), 140), person((500, 300), 70)


def test_the_smaller_person_goes_and_the_larger_keeps_every_soft_pixel():
    result = keep_largest(np.maximum(MAIN, OTHER))
    assert np.abs(result - MAIN).max() < 2e-3


def test_share_keeps_everyone_large_enough():
    both = np.maximum(MAIN, OTHER)
    assert np.abs(keep_largest(both, share=0.2) - both).max() < 2e-3
    assert np.abs(keep_largest(both, share=0.3) - MAIN).max() < 2e-3


def test_ghosts_that_are_nowhere_solid_go():
    ghost = 0.4 * OTHER
    assert np.abs(keep_largest(np.maximum(MAIN, ghost)) - MAIN).max() < 2e-3


def test_hair_wisps_near_the_head_stay():
    alpha = MAIN.copy()
    cv2.line(alpha, (180, 106), (160, 70), 0.4, 2, cv2.LINE_AA)
    result = keep_largest(np.maximum(alpha, OTHER))
    assert np.abs(result - alpha)[:, :400].max() < 2e-3
    assert (result[:, 430:] == 0).all()


def test_people_whose_soft_edges_touch_are_told_apart():
    alpha = np.maximum(MAIN, person((327, 300), 100))
    assert 0.02 < alpha[300, 274] < 0.5
    result = keep_largest(alpha)
    assert (result[:, 290:] == 0).all()
    assert np.abs(result - MAIN)[:, :268].max() < 2e-3


def test_one_person_an_empty_and_a_full_matte_stay_as_they_are(portrait):
    assert np.abs(keep_largest(MAIN) - MAIN).max() < 2e-3
    for value in (0, 0.3, 1):
        even = np.full((50, 70), value, np.float32)
        assert (keep_largest(even) == even).all()


def test_at_large_sizes_too():
    both = cv2.resize(np.maximum(MAIN, OTHER), (1800, 1200))
    result = keep_largest(both)
    assert np.abs(result - both)[:, :1200].max() < 2e-3 and (result[:, 1290:] == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (2, 2), (900, 1)])
def test_tiny_sizes(noise_layers, size):
    alpha = noise_layers(*size)[1]
    result = keep_largest(alpha)
    assert result.shape == size and ((result == alpha) | (result == 0)).all()


def test_share_out_of_range_is_refused():
    with pytest.raises(PocketmatteError, match="share"):
        keep_largest(MAIN, share=2)
