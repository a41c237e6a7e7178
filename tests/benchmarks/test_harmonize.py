"""The harmonisation benchmark: its scores mean what they say."""

import numpy as np
import pytest

from benchmarks import harmonize as bench
from pocketmatte.data.harmony import Pair
from pocketmatte.data.layout import DataFolder


def test_scores_of_known_errors(astronaut):
    alpha = np.zeros((512, 512), np.float32)
    alpha[:256] = 1
    grey = np.full_like(astronaut, 100)
    pair = Pair(grey + 10, alpha, grey, grey)
    row = bench.score(bench.no_change, pair)
    assert row["fmse"] == pytest.approx(100, abs=0.1) and row["mse"] == pytest.approx(50, abs=0.1)
    assert row["psnr"] == pytest.approx(10 * np.log10(255**2 / 50), abs=0.01)
    assert (
        bench.score(
            bench.no_change, bench.matching_pair(np.dstack([grey, alpha * 255]).astype(np.uint8))
        )["delta_e"]
        == 0
    )


def test_histogram_matching_takes_the_backgrounds_levels():
    rng = np.random.default_rng(0)
    fore = rng.integers(0, 100, (64, 64, 3), np.uint8)
    back = rng.integers(100, 250, (64, 64, 3), np.uint8)
    alpha = np.zeros((64, 64), np.float32)
    alpha[:, :32] = 1
    made = bench.histogram(Pair(fore, alpha, back, fore))
    assert abs(made[:, :32].mean() - back[:, 32:].mean()) < 3


def test_quality_of_every_method(data_folder):
    people = bench.read_people(DataFolder(data_folder), "val", 2)
    assert max(people[0].shape[:2]) == bench.SIDE
    result = bench.quality(people, 1)
    assert set(result) == {"changed", "recoloured", "scene", "matching", "scene_matching"}
    for kind in result.values():
        assert [row["name"] for row in kind["rows"]] == list(bench.METHODS)
    for kind in ("matching", "scene_matching"):
        assert result[kind]["rows"][0]["fmse"] == 0
    # the strong light is on the scene alone, and all of it is the answer
    assert result["scene"]["rows"][0]["fmse"] > 100
