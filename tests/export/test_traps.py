"""The classical traps of an export: every one is caught, and none is in a released network.

A shift of half a pixel by bilinear resizing, swapped channels, and a picture normalised twice
leave a network that runs and looks plausible. The proof must refuse such files.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import pocketmatte.weights as weights
from pocketmatte.errors import PocketmatteError
from pocketmatte.export.proof import TOLERANCE, prove, run_network, shift
from pocketmatte.matting.pipeline import load_model
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.weights import find_checkpoint, list_models

FOLDER = Path(weights.__file__).parent
RELEASED = list_models()


def shifted(model, card):
    """Bilinear resizing without the half-pixel rule, as older converters do it."""
    resizes = [node for node in model.graph.node if node.op_type == "Resize"]
    assert resizes
    for node in resizes:
        mode = next(a for a in node.attribute if a.name == "coordinate_transformation_mode")
        mode.s = b"asymmetric"


def swapped(model, card):
    """BGR in place of RGB."""
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    names = (first.input[1], f"{first.input[1]}.half")
    kernel = next(t for t in model.graph.initializer if t.name in names)
    array = np.ascontiguousarray(numpy_helper.to_array(kernel)[:, ::-1])
    kernel.CopyFrom(numpy_helper.from_array(array, kernel.name))


def normalised_twice(model, card):
    """The normalisation built in, and applied by the caller again."""
    for name in ("mean", "std"):
        # a card whose normalisation does nothing gets one that a converter might add
        plain = set(getattr(card, name)) <= {0, 1}
        values = np.float32([0.5] * 3 if plain else getattr(card, name)).reshape(1, 3, 1, 1)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    for node in model.graph.node:
        node.input[:] = ["again" if name == "src" else name for name in node.input]
    model.graph.node.insert(0, helper.make_node("Sub", ["src", "mean"], ["centred"]))
    model.graph.node.insert(1, helper.make_node("Div", ["centred", "std"], ["again"]))


@pytest.mark.parametrize("card", RELEASED, ids=lambda card: card.name)
class TestReleased:
    def network(self, card):
        return load_checkpoint(find_checkpoint(card.name)).network()

    def test_the_released_file_passes(self, card, portraits):
        proof = prove(FOLDER / card.file, card, self.network(card), portraits)
        assert proof["max"] <= TOLERANCE and proof["mask_iou"] > 0.999
        assert np.hypot(*proof["shift"]) < 0.01

    @pytest.mark.parametrize("trap", [shifted, swapped, normalised_twice])
    def test_a_trap_is_refused(self, card, portraits, tmp_path, trap):
        model = onnx.load(FOLDER / card.file)
        trap(model, card)
        onnx.save(model, tmp_path / "trap.onnx")
        with pytest.raises(PocketmatteError, match=r"trap\.onnx: its alpha differs"):
            prove(tmp_path / "trap.onnx", card, self.network(card), portraits)

    @pytest.mark.parametrize("runtime", ["onnx", "openvino", "opencv"])
    def test_the_pipeline_falls_into_none(self, card, astronaut, runtime):
        """From a picture in a file to the network's input: RGB, normalised once, not shifted."""
        if runtime == "openvino":
            pytest.importorskip("openvino")
        model = load_model(card.name, runtime)
        seen = []
        inner = model.runtime
        model.runtime = lambda batch: seen.append(batch) or inner(batch)
        _, small = model.coarse(astronaut)
        by_hand = (small / 255.0 - np.array(card.mean)) / np.array(card.std)
        assert np.abs(seen[0] - by_hand.transpose(2, 0, 1)[None]).max() < 1e-5
        expected = run_network(self.network(card), seen[0])
        assert np.abs(inner(seen[0])[0, 0] - expected).max() < TOLERANCE


def test_the_half_pixel_shift_is_measured(portraits, tmp_path):
    """Not only noticed: the proof tells where the mask went."""
    card = replace(RELEASED[0])
    model = onnx.load(FOLDER / card.file)
    shifted(model, card)
    onnx.save(model, tmp_path / "trap.onnx")
    card.precision = "fp16"  # only fp32 is refused
    found = prove(
        tmp_path / "trap.onnx",
        card,
        load_checkpoint(find_checkpoint(card.name)).network(),
        portraits,
    )
    assert np.hypot(*found["shift"]) > 0.2


@pytest.mark.parametrize(("down", "right"), [(0.5, 0.0), (0.0, -0.5), (0.25, 0.4), (0.0, 0.0)])
def test_shift_finds_a_known_shift(down, right):
    y, x = np.mgrid[:96, :80].astype(np.float32)

    def blob(dy, dx):
        distance = np.hypot((y - 50 - dy) / 30, (x - 40 - dx) / 22)
        return (1 / (1 + np.exp(12 * (distance - 1)))).astype(np.float32)

    assert shift(blob(down, right), blob(0, 0)) == pytest.approx((down, right), abs=0.03)
