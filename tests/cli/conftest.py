import io
import sys
import types
from types import SimpleNamespace

import numpy as np
import pytest

from pocketmatte.cli import main
from pocketmatte.matting.pipeline import Model


@pytest.fixture
def run(monkeypatch, capfdbinary):
    """Run the command line in this process: run("photo", "me.jpg").code, .out, .err."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["pocketmatte", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        return SimpleNamespace(code=ended.value.code or 0, out=out, err=err.decode())

    return run


@pytest.fixture
def fake_model(monkeypatch):
    """Put a model that takes the left half for the person in place of the network."""
    calls = SimpleNamespace(load=[], sizes=[])

    def model(image):
        calls.sizes.append(image.shape)
        alpha = np.zeros(image.shape[:2], np.float32)
        alpha[:, : image.shape[1] // 2] = 1
        return SimpleNamespace(image=image, alpha=alpha, foreground=image)

    def load_model(name="balanced", **options):
        calls.load.append((name, options))
        return model

    pipeline = types.ModuleType("pocketmatte.matting.pipeline")
    pipeline.load_model, pipeline.TRUST, pipeline.Model = load_model, 0.5, Model
    monkeypatch.setitem(sys.modules, "pocketmatte.matting.pipeline", pipeline)
    return calls
