"""The studies for phones: rows that say what was turned, parts that can be measured alone."""

import numpy as np
import pytest

from benchmarks import mobile
from benchmarks.store import RESULTS, load
from pocketmatte.errors import PocketmatteError
from pocketmatte.models import create_model
from pocketmatte.weights import list_models


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("mobile")


def measured(data_folder, out, only):
    words = ["--data", str(data_folder), "--models", "fast", "--only", only, "--out", str(out)]
    words += ["--pictures", "2", "--ranges-from", "3"]
    assert mobile.main(words, tell=lambda text: None) == 0
    return load("mobile", out)


def test_better_ranges_and_lower_precision(data_folder, out):
    found = measured(data_folder, out, "precision,ranges")
    exact, half, coarse, mixed = found["precision"]["rows"]
    assert exact["mean"] < 1e-5 and exact["time"] == pytest.approx(1, abs=0.5)
    assert exact["mean"] < half["mean"] < mixed["mean"] < coarse["mean"]
    assert half["mb"] < exact["mb"] and coarse["mb"] < exact["mb"]
    assert [row["ranges"] for row in found["ranges"]["rows"]] == list(mobile.CHOICES)
    assert len({row["mean"] for row in found["ranges"]["rows"]}) > 2


def test_a_part_alone_keeps_the_others(data_folder, out, monkeypatch):
    monkeypatch.setattr(mobile, "SIDES", (128, 192))
    found = measured(data_folder, out, "size")
    assert "precision" in found
    small, own = found["size"]["rows"]
    assert own["own"] and own["time"] == 1 and small["time"] < 1
    assert all(0 <= row["iou"] <= 1 and 0 <= row["boundary_f"] <= 1 for row in (small, own))


def test_parts_are_named_and_found(data_folder, out):
    parts = mobile.parts_of(create_model("selfie_unet"))
    assert {"stem", "blocks.0", "steps.2", "head"} <= parts.keys() and "blocks" not in parts
    rows = measured(data_folder, out, "layers")["layers"]["rows"]
    assert {row["part"] for row in rows} == parts.keys()
    assert all(row["mean"] > 1e-6 for row in rows)  # a pattern that names no layer costs nothing


def test_unknown_parts_are_refused(data_folder):
    with pytest.raises(PocketmatteError, match="no such part: cooling"):
        mobile.main(["--data", str(data_folder), "--only", "cooling"])


def test_the_released_study_has_every_network():
    if not (RESULTS / "mobile.json").is_file():
        pytest.skip("no results yet")
    found = load("mobile")
    names = {card.name for card in list_models()}
    for part in mobile.PARTS.keys() & found.keys():
        assert {row["network"] for row in found[part]["rows"]} <= names
        assert found[part]["pictures"] >= 32
    best = [row for row in found["ranges"]["rows"] if row["ranges"] == "both"]
    assert best and np.all([row["iou_points"] > -0.3 for row in best])
