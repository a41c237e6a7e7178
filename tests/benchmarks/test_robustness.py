"""The robustness benchmark: networks side by side, older cards kept."""

import pytest

from benchmarks import store
from benchmarks.robustness import compared, older_cards
from pocketmatte.errors import PocketmatteError

PICTURES = {"data": "data", "split": "test", "pictures_sha256": "abc"}


def card(dark):
    return {"disturbances": [{"name": "as it is", "iou": 0.97}, {"name": "dark", "iou": dark}]}


def test_networks_stand_side_by_side():
    rows = compared({"fast": card(0.9), "best": card(0.95)})
    assert rows[1] == {"pictures": "dark", "fast": 0.9, "best": 0.95}


def test_older_cards_are_kept_only_for_the_same_pictures(tmp_path):
    store.save("robustness", {**PICTURES, "cards": {"fast": card(0.9)}}, tmp_path)
    assert older_cards("robustness", tmp_path, PICTURES) == {"fast": card(0.9)}
    with pytest.raises(PocketmatteError, match="is about other pictures"):
        older_cards("robustness", tmp_path, {**PICTURES, "pictures_sha256": "def"})
