"""The default network as a checkpoint, and pictures to export it with."""

import numpy as np
import pytest

from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.weights import find_checkpoint


@pytest.fixture(scope="session")
def released():
    return load_checkpoint(find_checkpoint("balanced"))


@pytest.fixture(scope="session")
def portraits(astronaut):
    """Crops of a free portrait, RGB uint8."""
    rolled = np.ascontiguousarray(astronaut[:, ::-1])
    return [astronaut, astronaut[:420, 60:380], astronaut[40:300], rolled[:300, 100:400]]
