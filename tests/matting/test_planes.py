import numpy as np
import pytest

from pocketmatte.matting.planes import Planes
from pocketmatte.matting.preprocess import shrink

# (R, G, B) and (Y, Cb, Cr) of ITU-R BT.709 in video range
COLOURS = [
    ((0, 0, 0), (16, 128, 128)),
    ((255, 255, 255), (235, 128, 128)),
    ((255, 0, 0), (63, 102, 240)),
    ((0, 255, 0), (173, 42, 26)),
    ((0, 0, 255), (32, 240, 118)),
]


@pytest.mark.parametrize(("rgb", "yuv"), COLOURS)
def test_colours_are_those_of_the_standard(rgb, yuv):
    planes = Planes.of_rgb(np.full((6, 8, 3), rgb, np.uint8))

    assert [int(plane[1, 1]) for plane in planes] == list(yuv)
    assert np.abs(planes.rgb().astype(int) - rgb).max() <= 2


@pytest.mark.parametrize("shape", [(48, 64), (47, 63), (1, 1), (1, 5)])
def test_sizes_round_up_and_come_back(shape, smooth):
    image = smooth(shape)

    planes = Planes.of_rgb(image)

    half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
    assert planes.shape == shape and planes.u.shape == planes.v.shape == half
    assert planes.rgb().shape == image.shape
    if min(shape) > 8:
        assert np.abs(planes.rgb().astype(int) - image).mean() < 2.5


@pytest.mark.parametrize("size", [(36, 64), (35, 62), (38, 67), (30, 50), (144, 256)])
def test_shrinking_gives_what_shrinking_rgb_gives(size, smooth):
    image = smooth((144, 256))

    small = Planes.of_rgb(image).shrunk(size)

    assert small.shape == (*size, 3)
    assert np.abs(small.astype(int) - shrink(image, size)).mean() < 2


def test_enlarging_keeps_the_picture(smooth):
    image = smooth((72, 128))

    large = Planes.of_rgb(image).enlarged(143, 257)

    assert large.shape == (143, 257) and large.u.shape == (72, 129)
    assert np.abs(large.shrunk((72, 128)).astype(int) - image).mean() < 3


def test_planes_are_the_same_only_if_every_pixel_is():
    one = Planes.of_rgb(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    two = Planes(*(plane.copy() for plane in one))
    assert one.same_as(two)
    two.v[7, 3] ^= 1
    assert not one.same_as(two) and not one.same_as(Planes.empty(20, 60))
