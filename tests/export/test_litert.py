"""LiteRT: the same alpha as torch, at the fixed size, through the whole pipeline."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.harmony.network import LearnedHarmonizer, open_harmonizer
from pocketmatte.matting.pipeline import load_model
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.training.recipe import Recipe
from pocketmatte.weights import find_weights

pytest.importorskip("litert_torch", reason="the litert extra is not installed")

from pocketmatte.export.litert import Cropped
from pocketmatte.mobile.read_tflite import read_tflite


@pytest.fixture(scope="module")
def checkpoint():
    network = create_model("pocket_balanced")
    recipe = Recipe(name="net", resolution=[(0.0, 128)]).to_dict()
    return Checkpoint("pocket_balanced", {}, recipe, 1, network.state_dict())


@pytest.fixture(scope="module")
def exported(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("litert")
    export(checkpoint, folder, "litert", size=(128, 96))
    export(checkpoint, folder, "onnx")
    checkpoint.save(folder / "net.pt")
    return folder


def test_litert_gives_torchs_alpha(exported, checkpoint):
    batch = np.random.default_rng(0).normal(size=(2, 3, 128, 96)).astype(np.float32)
    ours = load_model(exported / "net-128x96.tflite").runtime(batch)
    theirs = load_model(exported / "net.pt").runtime(batch)
    assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-4


def test_the_pipeline_uses_the_only_size_there_is(exported, astronaut):
    model = load_model(exported / "net-128x96.tflite")
    coarse, small = model.coarse(astronaut)
    assert coarse.shape == (128, 96) and small.shape == (128, 96, 3)
    assert model.alpha(astronaut).shape == astronaut.shape[:2]


@pytest.mark.parametrize(("padding", "added"), [(1, 1), (2, 1), (1, 0)])
def test_a_transposed_convolution_is_cut_to_the_same(padding, added):
    conv = torch.nn.ConvTranspose2d(3, 5, 3, 2, padding, output_padding=added)
    src = torch.randn(1, 3, 6, 7)
    assert torch.allclose(Cropped(conv)(src), conv(src), atol=1e-6)


def test_the_decoder_of_2019_is_converted(tmp_path):
    """Transposed convolutions with output padding and batch norms, at a small size."""
    torch.manual_seed(0)
    network = create_model("munet_mnv2_050_deconv")
    with torch.no_grad():
        network.train()(torch.randn(4, 3, 64, 64))
    recipe = Recipe(name="net", resolution=[(0.0, 64)]).to_dict()
    checkpoint = Checkpoint("munet_mnv2_050_deconv", {}, recipe, 1, network.state_dict())
    card = export(checkpoint, tmp_path, "litert", size=(64, 64))
    assert card.parity["max"] < 1e-3
    graph = read_tflite(tmp_path / card.file)
    assert sum(layer.op == "ConvTranspose" for layer in graph.layers) == 5


def test_another_size_is_refused(exported):
    runtime = load_model(exported / "net-128x96.tflite").runtime
    with pytest.raises(PocketmatteError, match="runs at 128x96, not at 64x64"):
        runtime(np.zeros((1, 3, 64, 64), np.float32))


def test_the_harmoniser_runs_as_litert(tmp_path, astronaut):
    """The released network: what LiteRT proposes is what onnxruntime proposes."""
    path, card = find_weights("harmonize")
    made = export(load_checkpoint(path.with_suffix(".pt")), tmp_path, "litert")
    assert made.parity["max"] < 1e-5 and made.sizes == [(64, 64)]
    alpha = np.zeros(astronaut.shape[:2], np.float32)
    alpha[100:, 100:400] = 1
    layers = astronaut // 3, alpha, astronaut[::-1].copy()
    ours = open_harmonizer(str(tmp_path / made.file))(*layers)
    theirs = LearnedHarmonizer(path, replace(card, sizes=made.sizes))(*layers)
    assert np.abs(theirs.gain).max() > 0.01
    for part in ("matrix", "curve", "gain"):
        assert np.abs(getattr(ours, part) - getattr(theirs, part)).max() < 1e-4
