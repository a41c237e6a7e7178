import json

import cv2
import pytest

import pocketmatte.matting.pipeline
import pocketmatte.weights
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.presets import benchmark


@pytest.fixture
def loaded(model, monkeypatch):
    """Presets a and b in place of the released ones; they run in onnx and nowhere else."""
    asked = []

    def load_model(name, runtime=None, device=None, threads=None):
        asked.append((name, runtime, device, threads))
        if runtime != "onnx":
            raise PocketmatteError(f"the {runtime} runtime needs the package {runtime!r}")
        return model

    cards = [type("Card", (), {"name": name}) for name in "ab"]
    monkeypatch.setattr(pocketmatte.matting.pipeline, "load_model", load_model)
    monkeypatch.setattr(pocketmatte.weights, "list_models", lambda: cards)
    monkeypatch.setattr(pocketmatte.weights, "find_weights", lambda name: (None, None))
    return asked


def test_every_preset_in_every_runtime(loaded):
    told = []
    found = benchmark(size=(64, 96), runs=2, progress=lambda *what: told.append(what))
    # then: what ran tells the device, what did not tells why
    assert [row["device"] for row in found["rows"]] == ["cpu (made up)"] * 2
    assert {one["model"] for one in found["left_out"]} == {"a", "b"}
    assert all("needs the package" in one["reason"] for one in found["left_out"])
    assert len(told) == len(found["rows"]) + len(found["left_out"])
    row = found["rows"][0]
    assert row["frame_ms"] == pytest.approx(sum(row["stages_ms"].values()), abs=0.01)
    assert row["best_ms"] <= row["frame_ms"]
    assert row["fps"] == pytest.approx(1000 / row["frame_ms"], rel=0.01)
    assert found["size"] == [64, 96] and found["machine"]["cpu"]
    json.dumps(found)


def test_choices_reach_the_loader_and_opencv_is_left_as_it_was(loaded):
    before = cv2.getNumThreads()
    benchmark(["b"], ["onnx"], (64, 64), 1, device="cpu", threads=1)
    assert loaded == [("b", "onnx", "cpu", 1)]
    assert cv2.getNumThreads() == before


def test_when_nothing_runs_the_reason_is_told(loaded):
    with pytest.raises(PocketmatteError, match=r"nothing could be timed.*needs the package"):
        benchmark(["a"], ["torch"], (64, 64), 1)


def test_unknown_names_are_refused():
    with pytest.raises(PocketmatteError, match="abacus"):
        benchmark(runtimes=["abacus"], size=(64, 64))
    with pytest.raises(PocketmatteError, match=r"nothing\.onnx"):
        benchmark(models=["nothing.onnx"], size=(64, 64))
