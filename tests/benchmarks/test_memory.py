import sys

import pytest

import benchmarks.memory
from benchmarks.child import peak_bytes
from benchmarks.memory import memory_result, start
from pocketmatte.errors import PocketmatteError
from pocketmatte.weights import list_models


@pytest.mark.skipif(not list_models(), reason="no released network")
def test_a_released_network_in_a_process_of_its_own():
    name = list_models()[0].name
    (row,) = memory_result([name], size=(96, 128), starts=1)["rows"]
    assert row["size_bytes"] == list_models()[0].size_bytes
    # then: a process with a network is of tens of megabytes, and its start takes its time
    assert 30 < row["peak_mb"] < 2000
    assert 0 < row["over_start_mb"] < row["peak_mb"]
    assert row["cold_ms"] > row["load_ms"] > 0 and row["first_ms"] > 0


def test_numbers_are_medians(monkeypatch, tmp_path):
    file = tmp_path / "net.onnx"
    file.write_bytes(bytes(1000))
    peaks = iter([300e6, 200e6, 100e6])

    def start(*_):
        times = {"cold_ms": 1.0, "load_ms": 2.0, "first_ms": 3.0}
        return {"peak_bytes": next(peaks), "before_bytes": 50e6, **times}

    monkeypatch.setattr(benchmarks.memory, "start", start)
    monkeypatch.setattr(benchmarks.memory, "weights_file", lambda *_: file)
    (row,) = memory_result(["x"], size=(64, 64), starts=3)["rows"]
    assert (row["peak_mb"], row["over_start_mb"], row["size_bytes"]) == (200, 150, 1000)


def test_a_process_that_fails_is_told(tmp_path):
    with pytest.raises(PocketmatteError, match=r"nobody: failed .*nothing\.npy"):
        start("nobody", tmp_path / "no.onnx", tmp_path / "nothing.npy")


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux counts")
def test_the_peak_stays_when_the_memory_is_given_back():
    before = peak_bytes()
    block = bytearray(b"x") * (before + 50_000_000)
    del block
    assert peak_bytes() > before + 40_000_000
