"""Speed against quality of pruned networks: a point for each share, the whole network first."""

import pytest

from benchmarks import pruning
from benchmarks.store import RESULTS, load


def test_a_curve_of_the_smallest_network(data_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(pruning, "SHARES", (0.7,))
    words = ["--data", str(data_folder), "--model", "fast", "--epochs", "1", "--limit", "16"]
    assert pruning.main([*words, "--pictures", "2", "--out", str(tmp_path)]) == 0
    found = load("pruning", tmp_path)
    whole, thin = found["points"]
    assert (whole["keep"], whole["time"]) == (1.0, 1.0) and thin["keep"] == 0.7
    assert thin["parameters"] < 0.85 * whole["parameters"] and thin["macs"] < whole["macs"]
    assert thin["time"] > 0 and found["training_pictures"] == 16
    assert 0 <= thin["iou_refitted"] <= 1 and thin["iou_tuned"] != thin["iou_refitted"]


def test_without_epochs_only_the_refit_is_scored(data_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(pruning, "SHARES", (0.8,))
    words = ["--data", str(data_folder), "--model", "fast", "--epochs", "0", "--pictures", "2"]
    assert pruning.main([*words, "--out", str(tmp_path)]) == 0
    found = load("pruning", tmp_path)
    assert found["training_pictures"] == 0
    assert all("iou_tuned" not in point for point in found["points"])


def test_the_released_curve_falls_with_the_network():
    if not (RESULTS / "pruning.json").is_file():
        pytest.skip("no results yet")
    found = load("pruning")
    points = found["points"]
    assert len(points) >= 4 and found["pictures"] >= 50
    sizes = [point["parameters"] for point in points]
    assert sizes == sorted(sizes, reverse=True)
    scores = [point["iou_refitted"] for point in points]
    assert scores == sorted(scores, reverse=True)
