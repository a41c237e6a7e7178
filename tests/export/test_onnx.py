"""The ONNX export: folded, dynamic, exact, well described."""

import hashlib

import numpy as np
import onnx
import pytest
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.export.onnx import trace
from pocketmatte.models import create_model, registered_models
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.runtimes import open_runtime
from pocketmatte.training.recipe import Recipe
from pocketmatte.weights import find_weights


@pytest.mark.parametrize("name", registered_models())
def test_every_architecture_gives_the_same_alpha_as_torch(name, tmp_path, lively):
    network = lively(name)
    onnx.save(trace(network, network.input_size), tmp_path / "net.onnx")
    runtime = open_runtime(tmp_path / "net.onnx", threads=1)
    for shape in ((1, 3, *network.input_size), (2, 3, 64, 96)):
        src = torch.randn(shape)
        with torch.no_grad():
            expected = network(src).sigmoid().numpy()
        assert np.abs(runtime(src.numpy()) - expected).max() < 1e-4


def test_graph_is_lean():
    """Batch norms folded, no shape arithmetic left, names and axes as documented."""
    model = trace(create_model("pocket_balanced"), (192, 160))
    assert model.ByteSize() < 4 * 726_585 + 100_000
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"BatchNormalization", "Reshape", "Transpose", "Shape", "Gather", "Identity"}
    (src,), (pha,) = model.graph.input, model.graph.output
    assert (src.name, pha.name) == ("src", "pha")
    axes = [d.dim_param or d.dim_value for d in src.type.tensor_type.shape.dim]
    assert axes == ["batch", 3, "height", "width"]


def test_weights_that_are_halves_are_kept_as_halves(tmp_path, lively):
    network = lively("selfie_unet")
    sizes = {}
    for name in ("floats", "halves"):
        recipe = Recipe(name=name, card={"licence": "MIT"}).to_dict()
        checkpoint = Checkpoint("selfie_unet", {}, recipe, 1, network.state_dict())
        sizes[name] = export(checkpoint, tmp_path).size_bytes
        network.half().float()
    assert sizes["halves"] < 0.65 * sizes["floats"]
    src = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        expected = network(src).sigmoid().numpy()
    for engine in ("onnx", "opencv"):
        runtime = open_runtime(tmp_path / "halves.onnx", engine)
        assert np.abs(runtime(src.numpy()) - expected).max() < 1e-4


def test_export_writes_weights_and_a_card_that_fits(tmp_path):
    network = create_model("pocket_balanced")
    told = {"licence": "MIT", "description": "test"}
    recipe = Recipe(resolution=[(0.0, 176)], card=told).to_dict()
    checkpoint = Checkpoint("pocket_balanced", {}, recipe, 7, network.state_dict())
    card = export(checkpoint, tmp_path, name="mine")
    path, found = find_weights(tmp_path / "mine.onnx")
    assert found.sha256 == card.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.parameters == 726_585 and found.area == 176**2 and found.stride == 32
    assert found.licence == "MIT" and found.scores["training"]["epochs"] == 7
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.json", "mine.onnx", "mine.pt"]


def test_the_checkpoint_beside_the_export_can_be_exported_again(tmp_path, lively):
    # given a checkpoint of a training that can be resumed
    network = lively("pocket_balanced")
    extra = {"optimizer": {"moments": torch.zeros(1000)}}
    checkpoint = Checkpoint(
        "pocket_balanced", {}, Recipe().to_dict(), 7, network.state_dict(), training=extra
    )
    card = export(checkpoint, tmp_path / "first", name="mine")
    beside = tmp_path / "first" / card.checkpoint
    assert hashlib.sha256(beside.read_bytes()).hexdigest() == card.checkpoint_sha256
    # when what lies beside the export is exported once more, under no other name
    again = export(load_checkpoint(beside), tmp_path / "second")
    # then it is the same network by the same name, and holds nothing that only resuming needs
    assert (again.name, again.sha256) == ("mine", card.sha256)
    assert load_checkpoint(beside).training == {} and checkpoint.training == extra


def test_bad_wishes_are_refused(tmp_path):
    network = create_model("pocket_balanced")
    checkpoint = Checkpoint("pocket_balanced", {}, Recipe().to_dict(), 1, network.state_dict())
    with pytest.raises(PocketmatteError, match="unknown format 'caffe'; known are: onnx, litert"):
        export(checkpoint, tmp_path, "caffe")
    with pytest.raises(PocketmatteError, match="multiples of 32"):
        export(checkpoint, tmp_path, size=(100, 100))
    with pytest.raises(PocketmatteError, match="'int4'; known are: fp32, fp16, int8"):
        export(checkpoint, tmp_path, precision="int4")
    with pytest.raises(PocketmatteError, match="add --calibrate DIR"):
        export(checkpoint, tmp_path, precision="int8")
    assert not list(tmp_path.iterdir())


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    network = create_model("pocket_balanced")
    checkpoint = Checkpoint("pocket_balanced", {}, Recipe().to_dict(), 1, network.state_dict())
    with pytest.raises(PocketmatteError, match="cannot write the export"):
        export(checkpoint, tmp_path / "file" / "deeper")
