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
    assert own["time"] == pytest.approx(1, abs=0.1) and small["time"] < 1
    assert all(0 <= row["iou"] <= 1 and 0 <= row["boundary_f"] <= 1 for row in (small, own))


def test_parts_are_named_and_found(data_folder, out):
    parts = mobile.parts_of(create_model("selfie_unet"))
    assert {"stem", "blocks.0", "steps.2", "head"} <= parts.keys() and "blocks" not in parts
    rows = measured(data_folder, out, "layers")["layers"]["rows"]
    assert {row["part"] for row in rows} == parts.keys()
    named = [row for row in rows if row["part"] != "between the parts"]
    assert all(row["mean"] > 1e-6 for row in named)  # a pattern of no layer costs nothing


def test_unknown_parts_are_refused(data_folder):
    with pytest.raises(PocketmatteError, match="no such part: cooling"):
        mobile.main(["--data", str(data_folder), "--only", "cooling"])


def test_presets_with_the_same_weights_share_their_rows():
    assert mobile.same_weights("fast") == mobile.same_weights("balanced") == ["balanced", "fast"]
    assert mobile.same_weights("best") == ["best"]


def test_threads_are_timed_in_every_runtime_that_is_there(data_folder, out):
    rows = measured(data_folder, out, "threads")["threads"]["rows"]
    assert {"onnx", "opencv", "torch"} <= {row["runtime"] for row in rows}
    assert all(0 < row[f"ms_{n}"] <= row[f"median_ms_{n}"] for row in rows for n in mobile.THREADS)


def test_the_released_study_has_every_network_and_the_same_pictures():
    if not (RESULTS / "mobile.json").is_file():
        pytest.skip("no results yet")
    found = load("mobile")
    if "--only" in found["command"]:
        pytest.skip("measured in parts")
    names = {card.name for card in list_models()}
    for part in mobile.PARTS:
        assert {name for row in found[part]["rows"] for name in row["network"].split(", ")} == names
        assert found[part]["pictures"] == found["size"]["pictures"] >= 32
    best = [row for row in found["ranges"]["rows"] if row["ranges"] == "both"]
    assert best and np.all([row["iou_points"] > -0.3 for row in best])
