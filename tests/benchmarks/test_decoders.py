"""The two decoders of 2019: both export exactly, and their operators are named."""

import pytest

from benchmarks import decoders
from benchmarks.store import RESULTS, load


def test_both_are_exported_timed_and_profiled(tmp_path):
    assert decoders.main(["--runs", "2", "--out", str(tmp_path)]) == 0
    found = load("decoders", tmp_path)
    assert [row["network"] for row in found["networks"]] == list(decoders.NETWORKS)
    assert all(row["onnx_max"] < 1e-3 and row["onnx_ms"] > 0 for row in found["networks"])
    kinds = {name: set() for name in decoders.NETWORKS}
    for row in found["types"]:
        kinds[row["network"]].add(row["op"])
    transposed, bilinear = kinds.values()
    assert "ConvTranspose" in transposed and "ConvTranspose" not in bilinear


def test_the_released_study_ran_litert_too():
    if not (RESULTS / "decoders.json").is_file():
        pytest.skip("no results yet")
    for row in load("decoders")["networks"]:
        assert row["litert_max"] < 1e-3 and row["litert_ms"] > 0
