import json

import numpy as np
import pytest

from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.robustness.card import gather_facts, labelled, robustness_card
from pocketmatte.evaluation.robustness.disturbances import DISTURBANCES


class Leftist:
    """Right as long as the person is where it always was: knows nothing but the place."""

    name = "leftist"

    def alpha(self, image):
        alpha = np.zeros(image.shape[:2], np.float32)
        alpha[image.shape[0] // 4 :, image.shape[1] // 4 : image.shape[1] * 3 // 4] = 1
        return alpha


@pytest.fixture
def samples(data_folder):
    return labelled(DataFolder(data_folder), "test")


def test_only_pictures_with_a_mask(samples, data_folder):
    assert [sample.name for sample in samples] == ["made/0", "made/1", "made/2"]
    assert len(labelled(DataFolder(data_folder), "test", 2)) == 2
    with pytest.raises(PocketmatteError, match="mask"):
        labelled(DataFolder(data_folder), "plain")


def test_a_card_of_plain_values(samples, red_model):
    told = []
    facts = gather_facts(samples)
    card = robustness_card(red_model(), samples, facts, lambda *what: told.append(what))
    assert [row["name"] for row in card["disturbances"]] == list(DISTURBANCES)
    assert all(row["count"] == 3 for row in card["disturbances"])
    assert card["disturbances"][0]["iou"] == 1
    assert card["disturbances"][0]["iou_change"] == 0
    # then: colour is all that this network goes by
    found = {row["name"]: row for row in card["disturbances"]}
    assert found["mirrored"]["iou"] == found["rotated by 90 degrees"]["iou"] == 1
    assert found["grey"]["iou"] == 0
    assert found["grey"]["iou_change"] == -1 == found["grey"]["iou_change_low"]
    assert found["grey"]["poor_share"] == 1
    assert told == [(1, 3), (2, 3), (3, 3)]
    json.dumps(card)


def test_change_is_against_the_same_pictures(samples):
    card = robustness_card(Leftist(), samples, gather_facts(samples))
    found = {row["name"]: row for row in card["disturbances"]}
    assert found["as it is"]["iou"] == 1
    assert found["dark"]["iou_change"] == 0
    assert found["rotated by 90 degrees"]["iou_change"] < -0.2


def test_groups_and_what_nobody_knows(samples, red_model):
    card = robustness_card(red_model(), samples, gather_facts(samples))
    for groups in card["groups"].values():
        assert sum(one["count"] for one in groups) == 3
    # then: two of the three pictures have an alpha, none has a face
    assert card["groups"]["soft"][-1]["group"] == "not known"
    assert "ita" not in card["groups"]
    assert {"glasses", "hats", "age group"} <= set(card["missing"])
    assert any(words.startswith("Face: how light") for words in card["missing"])


def test_the_same_card_again(samples):
    facts = gather_facts(samples)
    assert robustness_card(Leftist(), samples, facts) == robustness_card(Leftist(), samples, facts)
