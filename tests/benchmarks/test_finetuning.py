"""A hundred pictures of one set: drawn without overlap, tuned, scored on others."""

from benchmarks import finetuning
from benchmarks.store import load
from pocketmatte.data.layout import DataFolder


def test_nobody_scored_was_trained_on(data_folder, tmp_path):
    mine = finetuning.small_set(DataFolder(data_folder), "people", (10, 3), tmp_path)
    names = [{s.name for s in mine.split(split)} for split in ("train", "val", "test")]
    assert [len(part) for part in names] == [10, 3, 4]
    assert len(set.union(*names)) == 17
    assert all(sample.mask and not sample.alpha for sample in mine.split("test"))


def test_the_start_and_both_ways_are_scored(data_folder, tmp_path):
    words = ["--data", str(data_folder), "--set", "people", "--pictures", "8", "2"]
    assert finetuning.main([*words, "--epochs", "1", "--out", str(tmp_path)]) == 0
    found = load("finetuning", tmp_path)
    names = [row["name"] for row in found["rows"]]
    assert names == ["`balanced`", "fine-tuned, `keep: 0`", "fine-tuned, `keep: 0.5`"]
    scores = [row["iou"] for row in found["rows"]]
    assert all(0 < score <= 1 for score in scores) and scores[1] != scores[2]
    assert found["pictures"] == 4 and 0 <= found["better"] <= 4 and found["trained_on"] == 8
