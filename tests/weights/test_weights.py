"""Cards and the files they describe."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import pocketmatte.weights as weights
from pocketmatte.errors import PocketmatteError
from pocketmatte.weights import Card, find_checkpoint, find_weights, list_models
from pocketmatte.weights.card import read_card

FOLDER = Path(weights.__file__).parent
RELEASED = list_models()


def test_the_default_is_released():
    assert "balanced" in [card.name for card in RELEASED]


@pytest.mark.parametrize("card", RELEASED, ids=lambda card: card.name)
class TestReleased:
    def test_card_tells_everything_a_user_needs(self, card):
        path = FOLDER / card.file
        assert path.stat().st_size == card.size_bytes
        assert hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
        assert card.parameters > 0 and card.macs > 0
        assert card.description and card.licence
        assert all(entry["name"] and entry["terms"] for entry in card.training_data)
        assert card.recipe["architecture"] == card.architecture
        assert 0 < card.scores["test"]["iou"] <= 1

    def test_balanced_keeps_its_budget(self, card):
        if card.name == "balanced":
            assert card.parameters <= 1_000_000

    def test_find_weights_by_name_and_by_path(self, card, tmp_path):
        assert find_weights(card.name) == (FOLDER / card.file, card)
        for name in (card.file, f"{card.name}.json"):
            shutil.copy(FOLDER / name, tmp_path)
        assert find_weights(tmp_path / card.file) == (tmp_path / card.file, card)

    def test_a_changed_file_is_refused(self, card, tmp_path):
        for name in (card.file, f"{card.name}.json"):
            shutil.copy(FOLDER / name, tmp_path)
        with (tmp_path / card.file).open("r+b") as file:
            file.seek(5000)
            file.write(b"\0\1\2\3")
        with pytest.raises(PocketmatteError, match="sha256 differs"):
            find_weights(tmp_path / card.file)

    def test_the_checkpoint_is_found_by_name_and_is_the_same_network(self, card):
        torch = pytest.importorskip("torch")
        from pocketmatte.models.checkpoint import load_checkpoint
        from pocketmatte.runtimes import open_runtime

        assert find_checkpoint(card.name) == FOLDER / card.checkpoint
        checkpoint = load_checkpoint(card.name)
        assert (checkpoint.recipe["name"], checkpoint.architecture) == (
            card.name,
            card.architecture,
        )
        side = 4 * card.stride
        src = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
        src = (src - torch.tensor(card.mean).view(1, 3, 1, 1)) / torch.tensor(card.std)[
            :, None, None
        ]
        with torch.no_grad():
            ours = checkpoint.network()(src).sigmoid().numpy()
        assert abs(ours - open_runtime(FOLDER / card.file, threads=1)(src.numpy())).max() < 5e-4


def test_checkpoints_that_are_missing_or_damaged_are_named(tmp_path, monkeypatch):
    for file in FOLDER.glob("balanced.*"):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(weights, "_FOLDER", tmp_path)
    with (tmp_path / "balanced.pt").open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2\3")
    with pytest.raises(PocketmatteError, match=r"balanced\.pt: damaged or changed"):
        find_checkpoint("balanced")
    (tmp_path / "balanced.pt").unlink()
    with pytest.raises(PocketmatteError, match="without its checkpoint"):
        find_checkpoint("balanced")
    with pytest.raises(PocketmatteError, match="no such checkpoint; give a released network"):
        find_checkpoint("balancd")


def test_a_card_survives_writing_and_reading(tmp_path):
    card = Card("a", "b", (0, 0, 0), (1, 1, 1), 100, 32, scores={"test": {"iou": 0.9}})
    card.write(tmp_path / "a.json")
    again = read_card(tmp_path / "a.json")
    assert again.scores == card.scores and list(again.mean) == list(card.mean)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_fields_of_a_later_version_are_ignored(tmp_path):
    values = {"name": "a", "architecture": "b", "mean": [0], "std": [1], "area": 1, "stride": 1}
    (tmp_path / "a.json").write_text(json.dumps(values | {"invented_later": 1}))
    assert read_card(tmp_path / "a.json").name == "a"


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json"])
def test_what_is_no_card_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(PocketmatteError, match="not a network's card"):
        read_card(tmp_path / "a.json")


def test_a_network_without_a_card_is_refused(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"x")
    with pytest.raises(PocketmatteError, match="no card beside the weights"):
        find_weights(tmp_path / "mine.onnx")
