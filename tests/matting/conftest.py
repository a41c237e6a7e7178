import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def smooth():
    """Make a smooth picture without symmetry: RGB uint8."""

    def make(shape, seed=7):
        few = np.random.default_rng(seed).integers(20, 236, (5, 6, 3), dtype=np.uint8)
        return cv2.resize(few, shape[::-1], interpolation=cv2.INTER_CUBIC)

    return make
