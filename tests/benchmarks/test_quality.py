import pytest

from benchmarks.quality import add_leads, pictures_facts, quality_row
from pocketmatte.data.layout import DataFolder


def test_a_row_of_plain_numbers(data_folder, made):
    row = quality_row(made("tiny"), DataFolder(data_folder), "test", None)
    assert row["name"] == "tiny" and row["kind"] == "preset"
    assert row["counts"]["pictures"] == 3 == len(row["by_picture"]["iou"])
    assert row["iou"] == pytest.approx(sum(row["by_picture"]["iou"]) / 3, abs=1e-4)
    assert row["iou_low"] <= row["iou"] <= row["iou_high"]
    assert 0 <= row["poor_share"] <= 1
    assert "alpha_sad" in row and "mask_mse" in row


def test_the_lead_is_paired_with_the_reference():
    def row(name, scores):
        return {"name": name, "by_picture": {"iou": scores, "boundary_f": scores}}

    rows = [row("mediapipe-general", [0.2, 0.9, 0.7]), row("ours", [0.3, 1.0, 0.8])]
    add_leads(rows)
    # then: better by the same on each picture, so there is no doubt
    assert rows[1]["iou_lead"] == pytest.approx(0.1)
    assert rows[1]["iou_lead_low"] == pytest.approx(0.1)
    assert rows[0]["iou_lead"] == 0


def test_without_the_reference_there_is_no_lead():
    rows = [{"name": "ours", "by_picture": {"iou": [1], "boundary_f": [1]}}]
    add_leads(rows)
    assert "iou_lead" not in rows[0]


def test_other_pictures_are_told_apart(data_folder):
    folder = DataFolder(data_folder)
    whole, part = (pictures_facts(folder, "test", limit) for limit in (None, 2))
    assert (whole["pictures"], part["pictures"]) == (3, 2)
    assert whole["pictures_sha256"] != part["pictures_sha256"]
    assert "/" not in whole["data"]
