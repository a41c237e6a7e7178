"""A real portrait with a matte, and layers of every awkward size."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def portrait():
    """(image, alpha) of scikit-image's astronaut (NASA, public domain), matte by GrabCut."""
    from skimage.data import astronaut

    image = astronaut()
    mask = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    for centre, axes, kind in (
        ((225, 130), (95, 125), cv2.GC_PR_FGD),
        ((215, 440), (235, 230), cv2.GC_PR_FGD),
        ((225, 130), (50, 70), cv2.GC_FGD),
        ((210, 440), (150, 150), cv2.GC_FGD),
    ):
        cv2.ellipse(mask, centre, axes, 0, 0, 360, kind, -1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image[..., ::-1].copy(), mask, None, *models, 2, cv2.GC_INIT_WITH_MASK)
    solid = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return image, cv2.GaussianBlur(solid, (0, 0), 1.5)


@pytest.fixture(scope="session")
def scenery(portrait):
    """A background of the portrait's size: scikit-image's coffee cup (public domain)."""
    from skimage.data import coffee

    height, width = portrait[1].shape
    return cv2.resize(coffee(), (width, height), interpolation=cv2.INTER_AREA)


@pytest.fixture
def layers(portrait, scenery):
    """(foreground, alpha, background)."""
    image, alpha = portrait
    return image, alpha, scenery


@pytest.fixture
def noise_layers():
    """A maker of random layers of any size."""

    def make(height, width, seed=0):
        rng = np.random.default_rng(seed)
        foreground, background = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        alpha = np.clip(rng.normal(0.5, 0.7, (height, width)), 0, 1).astype(np.float32)
        return foreground, alpha, background

    return make
