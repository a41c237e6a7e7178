import json

import pocketmatte.weights
from pocketmatte.cli.models import _data_terms
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

    (tiny,) = (line for line in lines if line.startswith("tiny "))
    (huge,) = (line for line in lines if line.startswith("huge "))
    assert tiny.split()[1:] == ["0.09", "M", "0", "M", "-", "-", *["not", "stated"] * 2]
    assert huge.split()[5:7] == ["0.9765", "-"]


def test_a_name_brings_its_whole_story(run):
    card = next(card for card in list_models() if card.name == "balanced")
    result = run("models", "balanced")
    text = result.out.decode()
    assert result.code == 0 and card.licence in text and card.description in text
    assert all(entry["name"] in text for entry in card.training_data)
    refused = run("models", "balancd")
    assert refused.code == 2 and "no such network; there are:" in refused.err


def test_times_are_measured_on_this_machine(run):
    heading, _, *lines = run("models", "balanced", "--time").out.decode().splitlines()
    (row,) = (line for line in lines if line.startswith("balanced "))
    assert heading.split()[3] == "ms" and 0.1 < float(row.split()[5]) < 1000


def test_the_strictest_terms_of_the_data_are_shown():
    sets = [{"name": "a", "terms": "MIT"}, {"name": "b", "terms": "non-commercial research"}]
    assert _data_terms(sets) == "non-commercial" and _data_terms(sets[:1]) == "MIT"


def test_json_holds_the_whole_cards(run):
    cards = json.loads(run("models", "--json").out)

    assert [card["name"] for card in cards] == [card.name for card in list_models()]
    assert all(card["training_data"] for card in cards)
