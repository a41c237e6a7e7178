"""Core ML: nothing but macOS runs it, so what was written is read back and taken apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.export.export import export

ct = pytest.importorskip("coremltools", reason="the coreml extra is not installed")
SIZE = (96, 64)


def read(path):
    spec = ct.utils.load_spec(str(path))
    block = next(iter(spec.mlProgram.functions["main"].block_specializations.values()))
    return spec.description, block


def test_the_package_is_what_was_asked_for(released, tmp_path):
    card = export(released, tmp_path, "coreml", size=SIZE)
    description, block = read(tmp_path / card.file)
    (src,), (pha,) = description.input, description.output
    assert (src.name, pha.name) == ("src", "pha")
    assert list(src.type.multiArrayType.shape) == [1, 3, *SIZE]
    assert description.metadata.userDefined["labels"] == '["person"]'
    mean = json.loads(description.metadata.userDefined["mean"])
    assert np.allclose(mean, released.card().mean)
    kinds = [operation.type for operation in block.operations]
    assert kinds.count("conv") > 20 and "conv_transpose" in kinds and "sigmoid" in kinds
    assert "batch_norm" not in kinds and not card.parity


def test_bilinear_resizing_keeps_to_half_pixel_centres(released, tmp_path):
    card = export(released, tmp_path, "coreml", size=SIZE)
    _, block = read(tmp_path / card.file)
    resizes = [operation for operation in block.operations if "upsample" in operation.type]
    assert len(resizes) == len(released.network().steps) == 3
    constants = {op.outputs[0].name: op for op in block.operations if op.type == "const"}
    for operation in resizes:
        name = operation.inputs["align_corners"].arguments[0].name
        value = constants[name].attributes["val"].immediateValue.tensor.bools.values
        assert list(value) == [False]


@pytest.mark.parametrize(("precision", "exact"), [("fp32", 1e-6), ("fp16", 2e-3)])
def test_every_weight_is_in_the_package(released, tmp_path, precision, exact):
    """What a Mac will multiply with: as near to the trained values as the precision allows."""
    card = export(released, tmp_path, "coreml", size=SIZE, precision=precision)
    model = ct.models.MLModel(str(tmp_path / card.file), skip_model_load=True)
    stored = ct.optimize.coreml.get_weights_metadata(model, weight_threshold=0)
    arrays = [np.asarray(entry.val, np.float32) for entry in stored.values()]
    kernels = [value.numpy() for value in released.weights.values() if value.ndim == 4]
    assert len(kernels) > 50
    for kernel in kernels:
        gaps = [np.abs(a - kernel).max() for a in arrays if a.shape == kernel.shape]
        assert min(gaps, default=np.inf) <= exact * np.abs(kernel).max()


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.45), ("int8", 0.6)])
def test_lower_precision_is_smaller(released, tmp_path, precision, share):
    """By nearly a half, or three quarters, of the weights; the rest is the graph."""
    whole = export(released, tmp_path, "coreml", size=SIZE)
    small = export(released, tmp_path, "coreml", size=SIZE, precision=precision)
    weights = 4 * whole.parameters
    assert share * weights < whole.size_bytes - small.size_bytes < 0.75 * weights
    stored = sum(p.stat().st_size for p in (tmp_path / small.file).rglob("*") if p.is_file())
    assert stored == small.size_bytes


def test_free_sizes_are_a_list(released, tmp_path):
    card = export(released, tmp_path, "coreml")
    description, _ = read(tmp_path / card.file)
    listed = description.input[0].type.multiArrayType.enumeratedShapes.shapes
    assert len(listed) == 3 and all(list(shape.shape)[:2] == [1, 3] for shape in listed)


def test_sixteen_bits_do_not_fit_into_halves(released, tmp_path):
    with pytest.raises(PocketmatteError, match="--pack-bits 8"):
        export(released, tmp_path, "coreml", size=SIZE, precision="fp16", output="packed")
    assert not list(Path(tmp_path).iterdir())
