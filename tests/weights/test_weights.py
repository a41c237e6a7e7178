"""Cards and the files they describe."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import pocketmatte.weights as weights
from pocketmatte.errors import PocketmatteError
from pocketmatte.weights import Card, find_weights, list_models
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
