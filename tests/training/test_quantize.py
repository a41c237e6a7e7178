"""Training for int8: from a float network to a file with exactly the ranges that were trained."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export
from pocketmatte.export.proof import run_file
from pocketmatte.matting.pipeline import load_model
from pocketmatte.models.checkpoint import load_checkpoint, trained_for_int8
from pocketmatte.models.quantize import ALPHA, Quantized
from pocketmatte.runtimes import open_runtime
from pocketmatte.training.loop import train
from pocketmatte.training.quantize import quantize_recipe


@pytest.fixture(scope="module")
def trained(data_folder, tmp_path_factory):
    """One epoch of the default recipe; history and folder."""
    out = tmp_path_factory.mktemp("int8")
    recipe = quantize_recipe("fast", DataFolder(data_folder))
    recipe.epochs, recipe.batch, recipe.threads, recipe.workers = 1, 8, 1, 0
    recipe.resolution = [(0.0, 96)]
    return train(recipe, data_folder, out).rows, out


def test_the_calibrated_start_is_epoch_0_and_the_best_is_never_worse(trained):
    rows, out = trained
    assert [row["epoch"] for row in rows] == [0, 1] and "loss_teacher" in rows[1]
    assert load_checkpoint(out / "best.pt").scores["val_iou"] >= rows[0]["val_iou"]


def test_weights_and_ranges_move(trained):
    ours, start = load_checkpoint(trained[1] / "last.pt"), load_checkpoint("fast")
    moved = [abs(ours.weights[n] - start.weights[n]).max() > 0 for n in start.weights]
    assert np.mean(moved) > 0.9
    assert ours.ranges[ALPHA] == [0, 1] and len(ours.ranges) > 80
    assert all(low <= 0 <= high for low, high in ours.ranges.values())


def test_the_file_has_the_trained_ranges_and_needs_no_pictures(trained, tmp_path):
    checkpoint = load_checkpoint(trained[1] / "last.pt")
    card = export(checkpoint, tmp_path, precision="int8", size=(96, 96))
    graph = onnx.load(tmp_path / card.file).graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    steps = {
        float(constants[node.input[1]])
        for node in graph.node
        if node.op_type == "QuantizeLinear" and constants[node.input[1]].ndim == 0
    }
    wanted = {(high - low) / 255 for low, high in checkpoint.ranges.values()}
    fitting = [step for step in steps if min(abs(step / w - 1) for w in wanted if w) < 1e-3]
    assert len(fitting) == len(steps) > 60


def test_the_file_does_what_training_saw(trained, tmp_path, astronaut):
    checkpoint = load_checkpoint(trained[1] / "last.pt")
    card = export(checkpoint, tmp_path, precision="int8", size=(96, 96))
    ranges = {name: bounds for name, bounds in checkpoint.ranges.items() if name != ALPHA}
    simulated = Quantized(checkpoint.network(), ranges)
    batch = astronaut[:480:5, :480:5].transpose(2, 0, 1)[None] / np.float32(255)
    import torch

    with torch.no_grad():
        expected = simulated(torch.from_numpy(batch)).sigmoid()[0, 0].numpy()
        exact = checkpoint.network()(torch.from_numpy(batch)).sigmoid()[0, 0].numpy()
    made = run_file(open_runtime(tmp_path / card.file, threads=1), batch)
    assert np.abs(made - expected).mean() < 0.5 * np.abs(exact - expected).mean() + 2e-3


def test_training_exports_the_file_with_its_checkpoint(trained, astronaut):
    _, out = trained
    model = load_model(out / "fast-int8.onnx")
    assert model.card.precision == "int8" and model.card.checkpoint == "fast-int8.pt"
    assert model.alpha(astronaut).shape == astronaut.shape[:2]
    assert load_checkpoint(out / "fast-int8.pt").ranges


def test_a_twin_counts_only_for_the_weights_it_was_trained_from(trained, monkeypatch):
    _, out = trained
    float_network, other = load_checkpoint("fast"), load_checkpoint("balanced")
    monkeypatch.setattr(
        "pocketmatte.models.checkpoint.find_trained_for_int8", lambda name: out / "best.pt"
    )
    assert trained_for_int8(float_network).ranges
    float_network.weights["head.bias"] = float_network.weights["head.bias"] + 1
    assert trained_for_int8(float_network) is float_network
    other.weights["stem.0.bias"] = other.weights["stem.0.bias"] + 1
    assert trained_for_int8(other) is other


def test_bad_starts_are_one_line(trained, data_folder, tmp_path):
    _, out = trained
    data = DataFolder(data_folder)
    with pytest.raises(PocketmatteError, match="int8 already"):
        quantize_recipe(str(out / "best.pt"), data)
    recipe = quantize_recipe("fast", data)
    with pytest.raises(PocketmatteError, match="start it again"):
        train(recipe, data_folder, tmp_path, resume=True)
    recipe.pretrained = None
    with pytest.raises(PocketmatteError, match="one trained network"):
        train(recipe, data_folder, tmp_path)
