"""The networks of 2019: all export exactly, and the two decoders' operators are named."""

import pytest

from benchmarks import decoders
from benchmarks.store import RESULTS, load


def test_all_are_exported_and_timed_and_the_decoders_profiled(tmp_path):
    assert decoders.main(["--runs", "2", "--out", str(tmp_path)]) == 0
    found = load("decoders", tmp_path)
    assert [row["network"] for row in found["networks"]] == list(decoders.NETWORKS)
    assert all(row["onnx_max"] < 1e-3 and row["onnx_ms"] > 0 for row in found["networks"])
    assert [row["phone"]["cpu_ms"] for row in found["networks"]] == [165, 542, 167, 75]
    kinds = {name: set() for name in decoders.PROFILED}
    for row in found["types"]:
        kinds[row["network"]].add(row["op"])
    transposed, bilinear = kinds.values()
    assert "ConvTranspose" in transposed and "ConvTranspose" not in bilinear
    (dearest,) = (row for row in found["types"] if row["op"] == "ConvTranspose")
    assert dearest["mmac"] > 0.8 * found["networks"][0]["mmac"]


def test_the_released_study_ran_litert_too():
    if not (RESULTS / "decoders.json").is_file():
        pytest.skip("no results yet")
    for row in load("decoders")["networks"]:
        assert row["litert_max"] < 1e-3 and row["litert_ms"] > 0
