"""The parity report: a row for each format and precision, and a failure that cannot be missed."""

import pytest

from benchmarks import parity
from benchmarks.store import load
from pocketmatte.errors import PocketmatteError


def test_a_report_of_the_default_network(data_folder, tmp_path):
    arguments = ["--data", str(data_folder), "--models", "balanced", "--to", "onnx"]
    assert parity.main([*arguments, "--out", str(tmp_path)]) == 0
    report = load("parity", tmp_path)
    assert [row["precision"] for row in report["rows"]] == ["fp32", "fp16", "int8"]
    exact, _, coarse = report["rows"]
    assert exact["max"] <= report["tolerance"] < coarse["max"]
    assert exact["iou"] == pytest.approx(exact["torch_iou"], abs=1e-3)
    assert coarse["mb"] < 0.75 * exact["mb"] and coarse["ms"] > 0 and coarse["pictures"] == 4
    assert {"onnx", "opencv", "torch"} <= {row["runtime"] for row in report["runtimes"]}
    assert all(row["max"] <= report["tolerance"] for row in report["runtimes"])


def test_a_wrong_export_ends_the_report(data_folder, tmp_path, monkeypatch):
    def wrong(runner, batch):
        return 1 - runner(batch).reshape(batch.shape[2:])

    monkeypatch.setattr("pocketmatte.export.proof.run_file", wrong)
    arguments = ["--data", str(data_folder), "--models", "balanced", "--to", "onnx"]
    with pytest.raises(PocketmatteError, match="differs from the network's"):
        parity.main([*arguments, "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_the_released_report_holds():
    """The default network is in it, and fp32 is exact in each format that was run."""
    report = load("parity")
    assert "balanced" in {row["network"] for row in report["rows"]}
    exact = [row for row in report["rows"] if row["precision"] == "fp32" and "max" in row]
    assert {row["format"] for row in exact} >= {"onnx", "openvino", "litert"}
    assert all(row["max"] <= 1e-3 and row["pictures"] == 32 for row in exact)
