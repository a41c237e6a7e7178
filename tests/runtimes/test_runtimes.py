"""Runtimes: the same alpha from each, honest about devices."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
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
    export(checkpoint, folder, name="net")
    return folder / "net.pt", folder / "net.onnx"


@pytest.mark.parametrize("name", ["onnx", "openvino", "opencv"])
@pytest.mark.parametrize("shape", [(1, 3, 192, 160), (1, 3, 64, 96), (1, 3, 32, 32)])
def test_runtimes_agree_at_every_size(files, name, shape):
    if name == "openvino":
        pytest.importorskip("openvino")
    checkpoint, network = files
    batch = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    alpha = open_runtime(network, name)(batch)
    assert alpha.shape == (shape[0], 1, *shape[2:])
    assert alpha.min() >= 0 and alpha.max() <= 1
    assert np.abs(alpha - open_runtime(checkpoint)(batch)).max() < 1e-4


def test_the_default_runtime_takes_batches(files):
    batch = np.random.default_rng(0).normal(size=(3, 3, 64, 32)).astype(np.float32)
    runtime = open_runtime(files[1])
    singles = np.concatenate([runtime(picture[None]) for picture in batch])
    assert np.abs(runtime(batch) - singles).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "engine"),
    [("torch", "torch"), ("onnx", "onnxruntime"), ("opencv", "OpenCV"), ("openvino", "OpenVINO")],
)
class TestDevice:
    def open(self, files, name, **options):
        if name == "openvino":
            pytest.importorskip("openvino")
        return open_runtime(files[0 if name == "torch" else 1], name, **options)

    def test_says_what_runs(self, files, name, engine):
        device = self.open(files, name).device
        assert device.startswith("cpu") and engine in device

    def test_a_missing_one_is_an_error_not_a_fallback(self, files, name, engine):
        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("this machine has CUDA")
        with pytest.raises(PocketmatteError, match="cuda"):
            self.open(files, name, device="cuda")


def test_unknown_devices_and_impossible_threads_are_refused(files):
    with pytest.raises(PocketmatteError, match="unknown device 'toaster'"):
        open_runtime(files[1], device="toaster")
    with pytest.raises(PocketmatteError, match="setNumThreads"):
        open_runtime(files[1], "opencv", threads=63)


def test_unknown_runtimes_and_files_are_named(files, tmp_path):
    with pytest.raises(PocketmatteError, match="onnx, openvino, opencv, litert, torch"):
        open_runtime(files[1], "caffe")
    with pytest.raises(PocketmatteError, match=r"reads \.pt files"):
        open_runtime(files[1], "torch")
    with pytest.raises(PocketmatteError, match=r"no runtime reads \.bin"):
        open_runtime(Path("net.bin"))


@pytest.mark.parametrize("name", ["onnx", "openvino", "opencv"])
def test_a_damaged_file_is_named_in_one_line(tmp_path, name):
    if name == "openvino":
        pytest.importorskip("openvino")
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(PocketmatteError, match=r"broken\.onnx") as error:
        open_runtime(path, name)
    assert "\n" not in str(error.value)
