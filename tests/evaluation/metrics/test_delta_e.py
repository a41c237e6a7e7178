"""CIEDE2000 against the paper's own figures and scikit-image."""

import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.metrics import delta_e_2000, foreground_delta_e

# Sharma, Wu and Dalal 2005, table 1: pairs chosen to catch the usual mistakes
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_the_papers_pairs(first, second, expected):
    assert delta_e_2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=1e-4)
    assert delta_e_2000(np.array(second), np.array(first)) == pytest.approx(expected, abs=1e-4)


def test_agrees_with_scikit_image():
    color = pytest.importorskip("skimage.color")
    rng = np.random.default_rng(0)
    first, second = rng.uniform((0, -90, -90), (100, 90, 90), (2, 5000, 3))
    assert delta_e_2000(first, second) == pytest.approx(color.deltaE_ciede2000(first, second))


def test_only_the_person_counts(astronaut):
    alpha = np.zeros(astronaut.shape[:2], np.float32)
    alpha[:, :200] = 1
    changed = astronaut.copy()
    changed[:, 200:] = 0
    assert foreground_delta_e(changed, astronaut, alpha) == 0
    changed[:, :100] = 255 - changed[:, :100]
    half = foreground_delta_e(changed, astronaut, alpha)
    alpha[:, 100:] = 0
    assert foreground_delta_e(changed, astronaut, alpha) == pytest.approx(2 * half)
    assert foreground_delta_e(changed, astronaut, alpha * 0) == 0


def test_sizes_must_agree(astronaut):
    with pytest.raises(PocketmatteError):
        foreground_delta_e(astronaut, astronaut[:-1], np.ones((512, 512), np.float32))
