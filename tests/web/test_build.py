"""The built page in the package is made of today's sources and weights, and stays small."""

import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pocketmatte.filters import harmonize
from pocketmatte.harmony.network import open_harmonizer, to_layers
from pocketmatte.matting.pipeline import load_model
from pocketmatte.matting.preprocess import to_batch
from pocketmatte.web.server import PAGE
from pocketmatte.weights import list_models

APP = Path(__file__).parents[2] / "apps" / "web"
BUILD = json.loads((PAGE / "build.json").read_text())
LISTING = json.loads((PAGE / "models.json").read_text())
NETWORKS, HARMONIZER = LISTING["networks"], LISTING["harmonizer"]
CARDS = {card.name: card for card in (*list_models(), *list_models("harmonize"))}
REMEDY = "the built page is stale; run `npm run build` in apps/web"


@pytest.fixture(scope="module")
def prepare():
    """apps/web/prepare.py as a module."""
    pytest.importorskip("onnx")
    pytest.importorskip("ai_edge_litert")
    sys.path.insert(0, str(APP))
    spec = importlib.util.spec_from_file_location("prepare", APP / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(APP))


class TestFreshness:
    def test_sources(self, prepare):
        assert BUILD["sources"] == prepare.source_hash(), REMEDY

    @pytest.mark.parametrize(
        "card", [*list_models(), CARDS[HARMONIZER["name"]]], ids=lambda card: card.name
    )
    def test_weights(self, card):
        if card.name not in BUILD["weights"]:
            pytest.skip(f"the page lacks {card.name}; run `npm run build` in apps/web")
        assert BUILD["weights"][card.name] == card.sha256, REMEDY

    @pytest.mark.parametrize("entry", [*NETWORKS, HARMONIZER], ids=lambda entry: entry["name"])
    def test_preprocessing_is_the_cards(self, entry):
        card = CARDS[entry["name"]]
        for key in ("mean", "std", "area", "stride", "licence"):
            assert entry[key] == getattr(card, key), f"{key}: {REMEDY}"

    def test_the_harmonizer_is_as_careful_as_pythons(self):
        assert (HARMONIZER["noise"], HARMONIZER["clear"]) == (harmonize._NOISE, harmonize._CLEAR)
        assert HARMONIZER["pace"] == harmonize._PACE


class TestSize:
    def test_the_page_without_engine_and_weights(self):
        files = [
            path
            for path in PAGE.rglob("*")
            if path.is_file() and path.parent.name not in ("litert", "models")
        ]
        glue = max(path.stat().st_size for path in (PAGE / "litert").glob("*.js"))
        assert sum(path.stat().st_size for path in files) + glue <= 300_000

    @pytest.mark.parametrize("entry", [*NETWORKS, HARMONIZER], ids=lambda entry: entry["name"])
    def test_weights_are_small_or_take_two_bytes_each(self, entry):
        size = (PAGE / entry["file"]).stat().st_size
        assert size == entry["bytes"] <= max(500_000, 2.2 * entry["parameters"] + 30_000)
        if entry["name"] == "fast":
            assert size <= 500_000

    def test_the_engine_unpacks(self):
        for path in (PAGE / "litert").glob("*.wasm.gz"):
            assert gzip.decompress(path.read_bytes())[:4] == b"\0asm"


def run_page_file(entry, batch):
    """What the page's file says of one picture [1, C, H, W]; [C, H, W]."""
    from ai_edge_litert.interpreter import Interpreter
    from patches import apply_patches

    file = (PAGE / entry["file"]).read_bytes()
    runner = Interpreter(model_content=apply_patches(file, entry["patches"], *batch.shape[2:]))
    runner.allocate_tensors()
    runner.set_tensor(runner.get_input_details()[0]["index"], batch.transpose(0, 2, 3, 1))
    runner.invoke()
    return runner.get_tensor(runner.get_output_details()[0]["index"])[0].transpose(2, 0, 1)


@pytest.mark.parametrize("entry", NETWORKS, ids=lambda entry: entry["name"])
@pytest.mark.parametrize("size", [(192, 160), (128, 224), (96, 320)])
def test_one_file_runs_at_any_grid(prepare, entry, size):
    """The patched LiteRT file says what the released ONNX network says."""
    card = CARDS[entry["name"]]
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    picture[size[0] // 3 :, size[1] // 3 :] = (200, 150, 120)
    batch = to_batch(picture, np.float32(card.mean), np.float32(card.std))
    ours = run_page_file(entry, batch)[0]
    theirs = load_model(card.name).runtime(batch)[0, 0]
    # large networks have float16 weights in the page; noise leaves them in doubt
    assert np.abs(ours - theirs).max() < 0.1
    assert np.abs(ours - theirs).mean() < 0.002


@pytest.mark.parametrize("size", [(80, 80), (64, 96), (104, 56)])
def test_the_harmonizer_runs_at_any_grid(prepare, size):
    rng = np.random.default_rng(2)
    person, scene = rng.integers(0, 256, (2, *size, 3)).astype(np.uint8)
    alpha = np.zeros(size, np.float32)
    alpha[size[0] // 3 :, size[1] // 3 :] = 0.9
    batch = to_layers(person, alpha, scene)
    theirs = open_harmonizer(HARMONIZER["name"]).runtime(batch)[0]
    ours = run_page_file(HARMONIZER, batch)
    assert np.abs(theirs).max() > 0.05
    assert np.abs(ours - theirs).max() < 0.01 * np.abs(theirs).max()
