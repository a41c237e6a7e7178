"""The grid and the network's input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.matting.preprocess import grid_size, nearest_size, shrink, to_batch

sides = st.integers(1, 8000)


@settings(deadline=None)
@given(sides, sides, st.integers(64, 640), st.sampled_from([8, 16, 32]))
def test_grid_is_a_multiple_of_the_stride_within_the_area(height, width, side, stride):
    rows, columns = grid_size(height, width, side**2, stride)
    assert rows % stride == columns % stride == 0 and rows > 0 and columns > 0
    assert rows * columns <= 1.1 * side**2 or (rows, columns) == (stride, stride)


@settings(deadline=None)
@given(sides, sides)
def test_turning_the_picture_turns_the_grid(height, width):
    first, second = grid_size(height, width, 176**2, 32), grid_size(width, height, 176**2, 32)
    assert first == second[::-1] or abs(height - width) / max(height, width) < 0.2


@pytest.mark.parametrize("shape", [(768, 576), (720, 1280), (1920, 1080), (500, 500), (600, 800)])
def test_everyday_pictures_are_hardly_squeezed_and_use_the_area(shape):
    rows, columns = grid_size(*shape, 176**2, 32)
    squeeze = (rows / columns) / (shape[0] / shape[1])
    assert 0.86 < squeeze < 1.16
    assert rows * columns > 0.8 * 176**2


def test_of_fixed_sizes_the_nearest_aspect_is_taken():
    sizes = [(224, 160), (128, 224), (192, 192)]
    assert nearest_size(1280, 720, sizes) == (224, 160)
    assert nearest_size(720, 1280, sizes) == (128, 224)
    assert nearest_size(500, 520, sizes) == (192, 192)


def test_shrink_is_the_mean_of_the_pixels():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (128, 96, 3)).astype(np.uint8)
    small = shrink(image, (32, 24))
    expected = image.reshape(32, 4, 24, 4, 3).mean((1, 3))
    assert np.abs(small - expected).max() <= 1.5


def test_shrink_enlarges_what_is_smaller_than_the_grid():
    assert shrink(np.full((3, 5, 3), 7, np.uint8), (32, 64)).shape == (32, 64, 3)
    assert (shrink(np.full((1, 1, 3), 7, np.uint8), (32, 32)) == 7).all()


def test_batch_is_normalised_channels_first_rgb():
    mean, std = np.float32([0.5, 0.4, 0.3]), np.float32([0.2, 0.3, 0.4])
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 0] = 255
    batch = to_batch(image, mean, std)
    assert batch.shape == (1, 3, 4, 6) and batch.dtype == np.float32
    assert batch.flags["C_CONTIGUOUS"]
    expected = (np.float32([1, 0, 0]) - mean) / std
    assert np.allclose(batch[0, :, 2, 3], expected, atol=1e-5)


def test_float_and_byte_pictures_give_the_same_batch():
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    floats = image.astype(np.float32) / 255
    assert np.allclose(to_batch(image, mean, std), to_batch(floats, mean, std), atol=1e-5)
