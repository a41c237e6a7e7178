import numpy as np
import pytest

from pocketmatte.evaluation.robustness.groups import ITA_CLASSES, group_rows, summarise


def rows_of(scores):
    return [{"iou": score, "boundary_f": score / 2} for score in scores]


def test_summary_of_a_group():
    found = summarise(rows_of([0.8, 0.9, 1.0, 0.5] * 5))
    assert found["count"] == 20
    assert found["iou"] == pytest.approx(0.8)
    assert found["boundary_f"] == pytest.approx(0.4)
    assert found["iou_low"] < 0.8 < found["iou_high"]
    assert found["poor_share"] == pytest.approx(0.5)
    assert "few" not in found


def test_few_pictures_say_so():
    assert summarise(rows_of([0.9] * 9))["few"]
    assert summarise([]) == {"count": 0, "few": True}


def test_thirds_hold_each_picture_once_and_in_order():
    rng = np.random.default_rng(3)
    light = rng.uniform(0, 1, 31)
    # given: the darker the worse
    found = group_rows(rows_of(light), [{"light": value} for value in light], "light")
    assert [one["group"].split()[0] for one in found] == ["darkest", "middle", "lightest"]
    assert sum(one["count"] for one in found) == 31
    assert max(one["count"] for one in found) - min(one["count"] for one in found) <= 1
    assert found[0]["iou"] < found[1]["iou"] < found[2]["iou"]
    assert found[0]["to"] == found[1]["from"]


def test_pictures_without_the_fact_come_last():
    facts = [{"ita": 50.0}, {}, {"ita": 41.0}, {"ita": 10.0}, {"ita": -60.0}]
    found = group_rows(rows_of([1, 0.1, 0.9, 0.8, 0.7]), facts, "ita")
    assert [one["group"] for one in found] == [name for name, *_ in ITA_CLASSES] + ["not known"]
    assert [one["count"] for one in found] == [2, 1, 1, 1]
    assert found[-1]["iou"] == pytest.approx(0.1)


def test_a_fact_that_nobody_has_makes_no_groups():
    assert group_rows(rows_of([1, 1]), [{}, {}], "soft") == []
