import pytest

import pocketmatte.evaluation.speed.timing
from benchmarks.speed import speed_result


@pytest.fixture
def clock(monkeypatch, made):
    """Time passes only in networks: 6 ms in a preset's, 2 ms in a peer's, 1 ms for the rest."""
    now = [0.0]

    def wait(milliseconds):
        now[0] += milliseconds / 1000

    def own_time(self):
        return 6 if self.kind == "preset" else 2

    monkeypatch.setattr(pocketmatte.evaluation.speed.timing, "perf_counter", lambda: now[0])
    monkeypatch.setattr(made, "network", lambda self, _: (lambda: wait(own_time(self)), [16, 24]))
    monkeypatch.setattr(made, "alpha", lambda self, _: wait(own_time(self) + 1))


def test_each_network_beside_the_reference(subjects, clock):
    # when
    told = []
    found = speed_result(["tiny", "mediapipe-general"], size=(64, 96), turns=4, tell=told.append)
    # then: one after the other beside the reference, which is measured against itself too
    assert subjects == ["mediapipe-general", "tiny", "mediapipe-general"]
    assert told == ["tiny", "mediapipe-general"]
    assert found["reference"] == "mediapipe-general" and found["threads"] == 1
    tiny, itself = found["rows"]
    assert tiny["input"] == [16, 24]
    assert tiny["network"] == {
        "ms": 6,
        "median_ms": 6,
        "ratio": 3,
        "quartile_low": 3,
        "quartile_high": 3,
        "reference_ms": 2,
        "turns": 4,
    }
    assert tiny["alpha"]["ratio"] == pytest.approx(7 / 3, abs=1e-3)
    assert itself["network"]["ratio"] == itself["alpha"]["ratio"] == 1
