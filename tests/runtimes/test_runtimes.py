"""Runtimes: the same alpha from each, honest about devices."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.onnx import export_onnx
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.runtimes import open_runtime
from pocketmatte.training.recipe import Recipe


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One network as checkpoint and as ONNX file."""
    folder = tmp_path_factory.mktemp("network")
    network = create_model("pocket_balanced")
    checkpoint = Checkpoint("pocket_balanced", {}, Recipe().to_dict(), 1, network.state_dict())
    checkpoint.save(folder / "net.pt")
    export_onnx(checkpoint, folder, "net")
    return folder / "net.pt", folder / "net.onnx"


@pytest.mark.parametrize("shape", [(1, 3, 192, 160), (2, 3, 64, 96), (1, 3, 32, 32)])
def test_runtimes_agree_at_every_size(files, shape):
    batch = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    torch_alpha, onnx_alpha = (open_runtime(path, threads=1)(batch) for path in files)
    assert onnx_alpha.shape == (shape[0], 1, *shape[2:])
    assert onnx_alpha.min() >= 0 and onnx_alpha.max() <= 1
    assert np.abs(torch_alpha - onnx_alpha).max() < 1e-4


def test_device_says_what_runs(files):
    for path, engine in zip(files, ("torch", "onnxruntime"), strict=True):
        device = open_runtime(path, threads=1).device
        assert device.startswith("cpu") and engine in device


def test_a_missing_device_is_an_error_not_a_fallback(files):
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has CUDA")
    for path in files:
        with pytest.raises(PocketmatteError, match="cuda"):
            open_runtime(path, device="cuda")
    with pytest.raises(PocketmatteError, match="unknown device 'toaster'"):
        open_runtime(files[1], device="toaster")


def test_unknown_runtimes_and_files_are_named(files, tmp_path):
    with pytest.raises(PocketmatteError, match="onnx, torch"):
        open_runtime(files[1], "caffe")
    with pytest.raises(PocketmatteError, match=r"reads \.pt files"):
        open_runtime(files[1], "torch")
    with pytest.raises(PocketmatteError, match=r"no runtime reads \.bin"):
        open_runtime(Path("net.bin"))


def test_a_damaged_file_is_named_in_one_line(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(PocketmatteError, match=r"broken\.onnx") as error:
        open_runtime(path)
    assert "\n" not in str(error.value)
