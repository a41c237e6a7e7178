"""A file explains itself: labels, normalisation, output and terms are inside."""

import json

import numpy as np
import onnxruntime
import pytest

from pocketmatte.export.export import export
from pocketmatte.models.checkpoint import Checkpoint


@pytest.fixture
def checkpoint(released):
    """With a mean and a deviation of its own, so that constants from elsewhere would show."""
    recipe = {**released.recipe, "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3)}
    recipe["card"] = {**recipe["card"], "licence": "Terms of a test", "description": "Test."}
    return Checkpoint(released.architecture, released.options, recipe, 1, released.weights)


def check(notes):
    assert json.loads(notes["labels"]) == ["person"]
    assert json.loads(notes["mean"]) == [0.5, 0.4, 0.3]
    assert json.loads(notes["std"]) == [0.2, 0.25, 0.3]
    assert "once" in notes["input"] and "RGB" in notes["input"]
    assert notes["licence"] == "Terms of a test" and notes["output"].startswith("alpha")


def test_onnx(checkpoint, tmp_path):
    card = export(checkpoint, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / card.file)
    check(session.get_modelmeta().custom_metadata_map)


def test_openvino(checkpoint, tmp_path):
    openvino = pytest.importorskip("openvino")
    card = export(checkpoint, tmp_path, "openvino")
    model = openvino.Core().read_model(tmp_path / card.file)
    notes = model.get_rt_info("pocketmatte").astype(dict)
    check({key: str(value.astype(str)) for key, value in notes.items()})


def test_litert(checkpoint, tmp_path):
    pytest.importorskip("litert_torch", reason="the litert extra is not installed")
    from pocketmatte.export.litert_notes import read_notes

    card = export(checkpoint, tmp_path, "litert", size=(64, 64))
    check(read_notes((tmp_path / card.file).read_bytes()))


def test_litert_notes_leave_the_network_as_it_was():
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    from pocketmatte.export.litert_notes import read_notes, write_notes
    from pocketmatte.mobile.paradox import MODELS
    from pocketmatte.mobile.write_tflite import build_tflite

    plain = build_tflite(MODELS[0])
    noted = write_notes(plain, {"labels": "person"})
    assert read_notes(plain) == {} and read_notes(noted) == {"labels": "person"}
    results = []
    for data in (plain, noted):
        runner = interpreter.Interpreter(model_content=data)
        runner.allocate_tensors()
        details = runner.get_input_details()[0]
        picture = np.random.default_rng(0).random(details["shape"], np.float32)
        runner.set_tensor(details["index"], picture)
        runner.invoke()
        results.append(runner.get_tensor(runner.get_output_details()[0]["index"]))
    assert np.array_equal(*results)
