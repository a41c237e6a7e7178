import sys
from pathlib import Path

# the benchmarks are no installed package; they run from the project's root
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pytest


class MadeSubject:
    """A network in name only: takes the picture's middle for the person."""

    runtime, licence, sha256, title = "made", "MIT", "00", "Made up"

    def __init__(self, name="made", kind="preset", share=0.5, parameters=100_000):
        self.name, self.kind, self.share, self.parameters = name, kind, share, parameters
        self.size = 4 * parameters

    def alpha(self, image):
        alpha = np.zeros(image.shape[:2], np.float32)
        height, width = alpha.shape
        margin = int(width * (1 - self.share) / 2)
        alpha[height // 5 :, margin : width - margin] = 1
        return alpha

    def network(self, image):
        return lambda: self.alpha(image), [16, 16]


@pytest.fixture
def made():
    return MadeSubject


@pytest.fixture
def subjects(monkeypatch):
    """No network is loaded or fetched; keeps the names that were asked for."""
    asked = []

    def load_subject(name, threads=1, cache=None):
        asked.append(name)
        kind = "peer" if name.startswith("mediapipe") else "preset"
        return MadeSubject(name, kind, 0.5 if kind == "peer" else 0.6)

    monkeypatch.setattr("benchmarks.subjects.load_subject", load_subject)
    monkeypatch.setattr("benchmarks.speed.load_subject", load_subject)
    monkeypatch.setattr("benchmarks.subjects.preset_names", lambda: ["tiny", "huge"])
    return asked
