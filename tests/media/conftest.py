import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms


@pytest.fixture(scope="session")
def pixels():
    """A smooth picture with no symmetry: RGB uint8, 24 high, 32 wide."""
    small = np.random.default_rng(7).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return cv2.resize(small, (32, 24), interpolation=cv2.INTER_LINEAR)


@pytest.fixture(scope="session")
def picture(pixels):
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def ramp():
    """An alpha ramp from 0 to 255, uint8, 24 high, 32 wide."""
    return np.tile(np.linspace(0, 255, 32).astype(np.uint8), (24, 1))


@pytest.fixture(scope="session")
def rgba(picture, ramp):
    image = picture.copy()
    image.putalpha(Image.fromarray(ramp))
    return image


@pytest.fixture(scope="session")
def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def encode():
    def encode(image, format, **options):
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return encode
