import json

import pocketmatte.weights
from pocketmatte.weights import Card, list_models


def test_table_shows_every_released_network(run):
    result = run("models")

    text = result.out.decode()
    assert result.code == 0
    for card in list_models():
        assert card.name in text
        assert f"{card.parameters / 1e6:.2f} M" in text
        assert card.licence.split()[0] in text
    assert result.err == ""


def test_scores_of_the_test_split_are_shown_and_missing_ones_are_a_dash(run, monkeypatch):
    common = {"architecture": "a", "mean": (0, 0, 0), "std": (1, 1, 1), "area": 1, "stride": 1}
    cards = [
        Card("tiny", parameters=90_000, **common),
        Card("huge", parameters=2_000_000, scores={"test": {"iou": 0.97654}}, **common),
    ]
    monkeypatch.setattr(pocketmatte.weights, "list_models", lambda: cards)

    lines = [line.strip() for line in run("models").out.decode().splitlines()]

    (tiny,) = (line for line in lines if line.startswith("tiny ") and "MB" in line)
    (huge,) = (line for line in lines if line.startswith("huge ") and "MB" in line)
    assert tiny.split()[1:3] == ["0.09", "M"]
    assert tiny.split()[-2:] == ["-", "-"]
    assert huge.split()[-2:] == ["0.9765", "-"]


def test_json_holds_the_whole_cards(run):
    cards = json.loads(run("models", "--json").out)

    assert [card["name"] for card in cards] == [card.name for card in list_models()]
    assert all(card["training_data"] for card in cards)
