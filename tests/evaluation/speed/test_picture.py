import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.picture import draw_portrait


@pytest.mark.parametrize("size", [(720, 1280), (1600, 1200), (240, 320)])
def test_a_person_with_some_soft_pixels(size):
    image, alpha = draw_portrait(*size)
    assert image.shape == (*size, 3) and image.dtype == np.uint8
    assert alpha.shape == size and alpha.dtype == np.float32
    assert alpha.min() == 0 and alpha.max() == 1
    assert 0.1 < alpha.mean() < 0.6
    soft = ((alpha > 0.02) & (alpha < 0.98)).mean()
    assert 0.01 < soft < 0.12
    # then: nothing in the upper corners, a body at the lower edge
    assert not alpha[: size[0] // 16, : size[1] // 16].any()
    assert alpha[-1, size[1] // 2] == 1


def test_the_same_size_gives_the_same_picture():
    first, second = draw_portrait(90, 120), draw_portrait(90, 120)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("size", [(0, 100), (31, 100), (100, 9000)])
def test_senseless_sizes_are_refused(size):
    with pytest.raises(PocketmatteError, match="height x width"):
        draw_portrait(*size)
