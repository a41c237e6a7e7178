"""The sheet of soft pictures and the check of labels, on made-up people."""

import cv2
import numpy as np
import pytest

from benchmarks.hair import ROOT, draw, hair, softest
from benchmarks.labels import compare
from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError


class Grey:
    """A network that is never sure."""

    name = "grey"

    def alpha(self, image):
        return np.full(image.shape[:2], 0.5, np.float32)


@pytest.fixture
def samples(data_folder):
    return DataFolder(data_folder).split("val")


def test_the_softest_come_first(samples):
    found = softest(samples, Grey(), 3)
    shares = [share for share, _ in found]
    assert len(found) == 3 and shares == sorted(shares, reverse=True) and 0 < shares[-1] < 0.5


def test_sheets_are_drawn_outside_of_the_project(samples, tmp_path):
    paths = draw(softest(samples * 3, Grey(), 9), [Grey()], tmp_path / "sheets")
    assert [path.name for path in paths] == ["hair-01.jpg", "hair-02.jpg"]
    first, second = (cv2.imread(str(path)) for path in paths)
    assert first.shape[0] > 5 * second.shape[0] > 1000
    with pytest.raises(PocketmatteError, match="lies in the project"):
        hair(data=tmp_path, out=ROOT / "docs" / "hair")


def test_labels_are_compared_with_the_datas_own(samples):
    class Knows:
        name = "knows"

        def __init__(self):
            self.answers = iter(samples)

        def alpha(self, image):
            return next(self.answers).read_alpha()

    found = compare(samples, [Knows()])
    assert found["knows"] == {"iou": 1.0, "mad": 0.0}
    assert found["fused"]["iou"] > 0.97 and found["fused"]["mad"] < 0.02
    assert compare(samples, [Grey()])["grey"]["mad"] > 0.4
