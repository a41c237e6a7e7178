import json

import numpy as np
import pytest
from scipy.stats import bootstrap

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.report import Report, confidence_interval


@pytest.fixture
def report():
    rows = [
        {"name": "a/1", "iou": 0.95, "boundary_f": 0.8, "alpha_mad": 0.1},
        {"name": "a/2", "iou": 0.85, "boundary_f": 0.6},
        {"name": "a/3", "iou": 0.90, "boundary_f": 0.7},
        {"name": "b/1", "alpha_mad": 0.3},
        {"name": "b/2", "alpha_mad": 0.5},
    ]
    return Report({"name": "m"}, "people", "test", rows, 1.234)


def test_means_are_over_the_pictures_that_have_the_score(report):
    assert report.means == pytest.approx({"iou": 0.9, "boundary_f": 0.7, "alpha_mad": 0.3})
    assert report.counts == {"pictures": 5, "with_mask": 3, "with_alpha": 3}


def test_a_picture_at_the_limit_is_not_poor(report):
    assert report.poor_share == pytest.approx(1 / 3)


def test_worst_first_and_unmasked_pictures_last(report):
    assert [row["name"] for row in report.worst(9)] == ["a/2", "a/3", "a/1", "b/2", "b/1"]
    assert [row["name"] for row in report.worst(2)] == ["a/2", "a/3"]


def test_confidence_agrees_with_scipy():
    values = np.random.default_rng(1).beta(8, 2, 100)
    expected = bootstrap((values,), np.mean, method="percentile", rng=0).confidence_interval
    assert confidence_interval(values) == pytest.approx(tuple(expected), abs=0.003)


def test_confidence_holds_the_mean_and_narrows_with_more_pictures():
    generator = np.random.default_rng(2)
    widths = []
    for count in (10, 100, 1000):
        values = generator.random(count)
        low, high = confidence_interval(values)
        assert low < values.mean() < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


def test_confidence_is_repeatable_and_known_for_equal_values():
    assert confidence_interval([0.5, 0.7, 0.9]) == confidence_interval([0.5, 0.7, 0.9])
    assert confidence_interval([0.4]) == pytest.approx((0.4, 0.4))
    with pytest.raises(PocketmatteError, match="no values"):
        confidence_interval([])


def test_json_says_everything_and_survives_the_file(report, tmp_path):
    # when
    report.save(tmp_path / "scores.json")
    read = json.loads((tmp_path / "scores.json").read_text())
    # then
    assert read["model"] == {"name": "m"} and read["split"] == "test" and read["seconds"] == 1.23
    assert read["means"]["iou"] == 0.9
    assert read["confidence_95"].keys() == {"iou", "boundary_f"}
    assert read["share_under_0.90_iou"] == pytest.approx(0.333333)
    assert read["pictures"] == report.pictures
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]


def test_a_report_without_masks_has_no_iou():
    report = Report({"name": "m"}, "people", "test", [{"name": "b/1", "alpha_mad": 0.25}])
    assert report.means == {"alpha_mad": 0.25}
    assert report.confidence == {} and report.poor_share == 0


def test_a_file_that_cannot_be_written_is_told(report, tmp_path):
    with pytest.raises(PocketmatteError, match=r"scores\.json: cannot be written"):
        report.save(tmp_path / "missing" / "scores.json")
