import numpy as np
import pytest

import benchmarks.pipeline
from benchmarks.pipeline import SIZES, pipeline_result
from pocketmatte.matting.pipeline import Model
from pocketmatte.weights import Card


def test_every_preset_at_every_size(monkeypatch):
    card = Card("x", "none", mean=(0.5,) * 3, std=(0.25,) * 3, area=1024, stride=16)
    asked = []

    def load_model(name, runtime, threads):
        asked.append((name, runtime, threads))
        return Model(lambda batch: (batch[:, :1] > 0).astype(np.float32), card)

    monkeypatch.setattr(benchmarks.pipeline, "load_model", load_model)
    found = pipeline_result(["a", "b@torch"], sizes=((48, 64), (64, 48)), runs=1)
    assert asked == [("a", None, 1), ("b", "torch", 1)]
    assert [(row["name"], row["size"]) for row in found["rows"]] == [
        ("a", [48, 64]),
        ("a", [64, 48]),
        ("b@torch", [48, 64]),
        ("b@torch", [64, 48]),
    ]
    for row in found["rows"]:
        assert row["frame_ms"] == pytest.approx(sum(row["stages_ms"].values()), abs=0.05)


def test_720p_1080p_and_a_photo():
    assert SIZES == ((720, 1280), (1080, 1920), (1200, 1600))
