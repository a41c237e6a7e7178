"""Fusing teachers, and labelling a folder that can be stopped and gone on with."""

import csv
import shutil

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketmatte.data.label import label
from pocketmatte.data.label_fuse import agreement, edge_distance, fuse
from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError


def disc(radius, softness=0.0, centre=(50, 50), size=(100, 100)):
    alpha = np.zeros(size, np.float32)
    cv2.circle(alpha, centre, radius, 1.0, -1)
    return cv2.GaussianBlur(alpha, (0, 0), softness) if softness else alpha


class Teacher:
    """Answers with an alpha made from the picture; counts how often it was asked."""

    def __init__(self, function):
        self.function, self.asked = function, 0

    def alpha(self, image):
        self.asked += 1
        return self.function(image)


def brightness(image):
    return image.mean(2).astype(np.float32) / 255


class TestFuse:
    def test_the_median_decides_who_is_person(self):
        # given two teachers that see one disc and a mask that also marks a far corner
        mask = disc(20) > 0.5
        mask[:20, :20] = True
        fused = fuse([disc(20), disc(20, 1.0)], mask)
        assert not fused[:18, :18].any() and fused[50, 50] == 1

    def test_with_two_opinions_the_first_decides(self):
        lonely = disc(20)
        lonely[:20, :20] = 1
        assert fuse([disc(20), lonely])[5, 5] == 0
        assert fuse([lonely, disc(20)])[5, 5] == 1

    def test_the_last_teacher_gives_the_soft_edge(self):
        soft = disc(20, 1.0)
        fused = fuse([disc(20), soft])
        band = edge_distance(disc(20) > 0.5) < 1
        assert np.abs(fused - soft)[band].max() < 1e-6
        assert set(np.unique(fused[edge_distance(disc(20) > 0.5) > 4])) == {0, 1}

    def test_its_edge_is_not_taken_where_it_parts_from_the_median(self):
        # given an edge teacher whose disc is far too large on the right side
        wide = np.maximum(disc(20, 1.0), disc(20, 1.0, (62, 50)))
        fused = fuse([disc(20), disc(20), wide])
        # then its answer counts on the left only
        assert fused[50, 76] == 0 and not fused[:, 74:].any()
        assert np.abs(fused - wide)[30:70, 25:35].max() < 0.05

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 4))
    def test_it_stays_in_range_and_agrees_with_unanimous_teachers(self, seed, count):
        rng = np.random.default_rng(seed)
        alpha = cv2.resize(rng.random((4, 4), np.float32), (40, 30)).clip(0, 1)
        fused = fuse([alpha] * count)
        assert fused.dtype == np.float32 and fused.min() >= 0 and fused.max() <= 1
        # near 0.5 the two may round apart, nowhere else
        sure = np.abs(alpha - 0.5) > 1e-3
        assert np.array_equal((fused > 0.5)[sure], (alpha > 0.5)[sure])

    def test_empty_and_full_pictures(self):
        assert not fuse([disc(0) * 0, disc(0) * 0]).any()
        assert fuse([disc(0) * 0 + 1]).all()


def test_agreement_is_the_worst_pair():
    assert agreement([disc(20)]) == 1.0
    assert agreement([disc(20), disc(20, 0.5)]) > 0.95
    assert agreement([disc(20), disc(20), disc(10)]) == pytest.approx(0.25, abs=0.05)
    assert agreement([disc(20) * 0, disc(20) * 0]) == 1.0


@pytest.fixture
def folder(data_folder, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data_folder, root)
    shutil.rmtree(root / "unlabelled" / "alpha")
    return root


def rows(path):
    with path.open(newline="") as file:
        return {row["picture"]: row for row in csv.DictReader(file)}


def test_alphas_rows_and_split_are_written(folder):
    done = label(folder, [Teacher(brightness), Teacher(brightness)])
    assert done.pictures == 2 and not done.failures
    assert done.kept == ["unlabelled/unlabelled0", "unlabelled/unlabelled1"]
    sample = DataFolder(folder).split("labelled")[0]
    wanted = brightness(sample.read_image())
    assert np.array_equal(sample.read_alpha() > 0.5, np.round(wanted * 255) / 255 > 0.5)
    row = rows(folder / "labels.csv")["unlabelled/unlabelled0"]
    assert row["teacher_agreement_iou"] == "1.000" and row["alpha_vs_mask_iou"] == ""
    assert DataFolder(folder).agreement()["unlabelled/unlabelled0"] == 1.0


def test_teachers_who_disagree_keep_a_picture_out(folder):
    done = label(folder, [Teacher(brightness), Teacher(lambda image: 1 - brightness(image))])
    assert done.pictures == 2 and done.kept == []
    assert (folder / "splits" / "labelled.txt").read_text() == ""
    # the threshold can be moved without asking the teachers again
    teacher = Teacher(brightness)
    assert len(label(folder, [teacher], keep=0).kept) == 2 and teacher.asked == 0


def test_it_goes_on_where_it_was_stopped(folder):
    # given a run that is stopped at the second picture
    def stop(image):
        if first.asked == 2:
            raise KeyboardInterrupt
        return brightness(image)

    first = Teacher(stop)
    with pytest.raises(KeyboardInterrupt):
        label(folder, [first])
    assert list(rows(folder / "labels.csv")) == ["unlabelled/unlabelled0"]
    # when it is called again
    second = Teacher(brightness)
    done = label(folder, [second])
    # then only the rest is done, and both are kept
    assert second.asked == 1 and done.there_before == 1 and len(done.kept) == 2
    # and redo does all
    again = Teacher(brightness)
    assert label(folder, [again], redo=True).pictures == again.asked == 2


def test_supplied_alphas_and_rows_are_left_alone(folder):
    (folder / "labels.csv").write_text(
        "picture,teacher_agreement_iou,alpha_vs_mask_iou,soft_share\npeople/train0,0.99,0.85,0.1\n"
    )
    alpha = folder / "people" / "alpha" / "train0.png"
    before, teacher = alpha.read_bytes(), Teacher(brightness)
    done = label(folder, [teacher], splits=["train", "unlabelled"])
    assert alpha.read_bytes() == before
    assert teacher.asked == 2 and done.there_before == 24
    assert rows(folder / "labels.csv")["people/train0"]["alpha_vs_mask_iou"] == "0.85"


def test_another_folder_can_take_the_result(folder, tmp_path):
    out = tmp_path / "out"
    label(folder, [Teacher(brightness)], out=out, splits=["val"])
    assert len(list((out / "people" / "alpha").glob("*.png"))) == 4
    assert not (folder / "labels.csv").exists()
    assert float(rows(out / "labels.csv")["people/val0"]["alpha_vs_mask_iou"]) <= 1


def test_bad_teachers_and_pictures(folder):
    with pytest.raises(PocketmatteError, match="no teacher"):
        label(folder, [])
    (folder / "unlabelled" / "image" / "unlabelled0.png").write_bytes(b"junk")
    done = label(folder, [Teacher(brightness)])
    assert done.pictures == 1 and "unlabelled0.png: cannot be decoded" in done.failures[0]
    done = label(folder, [Teacher(lambda image: brightness(image)[:5])], redo=True)
    assert "its alpha must have the picture's size" in done.failures[1]
