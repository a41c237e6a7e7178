import cv2
import numpy as np
import pytest

from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.evaluate import evaluate
from pocketmatte.evaluation.metrics import boundary_f, connectivity_error, gradient_error

MASK_KEYS = {"iou", "miou", "accuracy", "boundary_f", "mask_mad", "mask_mse"}
ALPHA_KEYS = {"alpha_mad", "alpha_mse", "alpha_sad", "alpha_grad", "alpha_conn"}


def test_rows_hold_what_the_labels_allow(data_folder, red_model):
    # given: a folder where one picture has no label, and a model that is exact
    report = evaluate(red_model(), data_folder)
    # then
    assert [row["name"] for row in report.pictures] == ["made/0", "made/1", "made/2"]
    assert set(report.pictures[0]) == {"name"} | MASK_KEYS | ALPHA_KEYS
    assert set(report.pictures[2]) == {"name"} | MASK_KEYS
    assert report.counts == {"pictures": 3, "with_mask": 3, "with_alpha": 2}
    assert report.model == {"name": "red"}
    assert (report.data, report.split) == ("people", "test")


def test_scores_of_an_exact_model(data_folder, red_model):
    means = evaluate(red_model(), data_folder).means
    for key in ("iou", "miou", "accuracy", "boundary_f"):
        assert means[key] == 1.0
    assert means["mask_mad"] == means["mask_mse"] == 0
    # the soft alphas were written at half strength
    assert means["alpha_mad"] > 0.1


def test_scores_are_the_metrics_of_the_models_alpha(data_folder, red_model):
    model = red_model(blind=(1,))
    row = evaluate(model, data_folder).pictures[1]
    sample = DataFolder(data_folder).sample("made/1")
    alpha, truth, mask = model.alpha(sample.read_image()), sample.read_alpha(), sample.read_mask()
    # then: a blinded alpha of 0.25 is no person at all
    assert row["iou"] == row["boundary_f"] == boundary_f(alpha > 0.5, mask) == 0
    assert row["accuracy"] == pytest.approx(1 - mask.mean())
    assert row["mask_mad"] == pytest.approx(0.75 * mask.mean())
    assert row["mask_mse"] == pytest.approx(0.75**2 * mask.mean())
    assert row["alpha_mad"] == pytest.approx(np.abs(alpha - truth).mean(), rel=1e-5)
    assert row["alpha_sad"] == pytest.approx(np.abs(alpha - truth).sum() / 1000, rel=1e-5)
    assert row["alpha_grad"] == pytest.approx(gradient_error(alpha, truth))
    assert row["alpha_conn"] == pytest.approx(connectivity_error(alpha, truth))


def test_limit_and_progress(data_folder, red_model):
    model, seen = red_model(), []
    report = evaluate(model, data_folder, limit=2, progress=lambda *step: seen.append(step))
    assert model.calls == 2 and report.counts["pictures"] == 2
    assert [(done, total, row["name"]) for done, total, row in seen] == [
        (1, 2, "made/0"),
        (2, 2, "made/1"),
    ]


def test_pictures_are_read_one_at_a_time(data_folder, red_model):
    # given: the third picture's mask is broken
    (data_folder / "made" / "mask" / "2.png").write_bytes(b"no picture")
    model = red_model()
    with pytest.raises(PocketmatteError, match=r"2\.png"):
        evaluate(model, data_folder)
    # then: the two before it had been matted already
    assert model.calls == 2


def test_worst_sheets_are_drawn(data_folder, red_model, tmp_path):
    folder = tmp_path / "deep" / "worst"
    model = red_model(blind=(1,))
    evaluate(model, data_folder, worst=folder, worst_count=2)
    sheet = cv2.imread(str(folder / "worst-01.jpg"))
    assert sheet is not None
    assert [path.name for path in folder.iterdir()] == ["worst-01.jpg"]
    assert model.calls == 3 + 2


def test_a_folder_for_sheets_that_cannot_be_made_is_told_before_any_work(
    data_folder, red_model, tmp_path
):
    (tmp_path / "taken").write_text("a file")
    model = red_model()
    with pytest.raises(PocketmatteError, match="taken"):
        evaluate(model, data_folder, worst=tmp_path / "taken")
    assert model.calls == 0


def test_the_models_card_is_in_the_report(data_folder, red_model):
    model = red_model()
    model.card = type("Card", (), {"name": "tiny", "sha256": "ab", "parameters": 7})()
    report = evaluate(model, data_folder, limit=1)
    assert report.model == {"name": "tiny", "sha256": "ab", "parameters": 7}


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda image: np.zeros((4, 4), np.float32), "picture's size"),
        (lambda image: None, "NoneType"),
        (lambda image: image[..., 0], "255"),
        (lambda image: np.full(image.shape[:2], np.nan, np.float32), "lie in"),
    ],
)
def test_a_model_that_gives_no_alpha_is_refused(data_folder, red_model, answer, word):
    model = red_model()
    model.alpha = answer
    with pytest.raises(PocketmatteError, match=word) as error:
        evaluate(model, data_folder)
    assert "made/0" in str(error.value)


@pytest.mark.parametrize("kind", ["mask", "alpha"])
def test_a_label_of_another_size_is_refused(data_folder, red_model, kind):
    cv2.imwrite(str(data_folder / "made" / kind / "1.png"), np.zeros((5, 6), np.uint8))
    with pytest.raises(PocketmatteError, match=f"made/1: its {kind} is 6x5"):
        evaluate(red_model(), data_folder)


def test_a_split_without_labels_is_refused(data_folder, red_model):
    with pytest.raises(PocketmatteError, match="labelled split"):
        evaluate(red_model(), data_folder, split="plain")
    with pytest.raises(PocketmatteError, match="plain, test"):
        evaluate(red_model(), data_folder, split="wrong")
