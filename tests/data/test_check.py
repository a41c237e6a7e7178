"""Each fault is planted in a sound folder, and found as what it is."""

import shutil

import cv2
import numpy as np
import pytest

from pocketmatte.data.check import check_data
from pocketmatte.data.check_report import check_sheet, outlined, text_report
from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError


@pytest.fixture
def folder(data_folder, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data_folder, root)
    (root / "splits" / "none.txt").unlink(missing_ok=True)
    return root


def edit(path, change):
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(path), change(picture))


def kinds(root, **options):
    return check_data(root, **options).counts()


def found(root, kind):
    return [f.pictures for f in check_data(root).of_kind(kind)]


def test_a_sound_folder_has_nothing_wrong(folder):
    report = check_data(folder)
    assert report.pictures == 33
    assert report.total("error") == report.total("warning") == 0
    assert report.sets["people"] == {"image": 31, "mask": 31, "alpha": 31}
    assert report.splits == {"test": 3, "train": 24, "unlabelled": 2, "val": 4}
    assert "nothing wrong" in text_report(report)


def test_faults_of_masks_are_told_apart(folder):
    # given masks that are inverted, empty, full, stored as 0 and 1, blurred, of another size
    masks = folder / "people" / "mask"
    edit(masks / "train0.png", lambda m: 255 - m)
    edit(masks / "train1.png", lambda m: m * 0)
    edit(masks / "train2.png", lambda m: m * 0 + 255)
    edit(masks / "train3.png", lambda m: m // 255)
    edit(masks / "train4.png", lambda m: cv2.GaussianBlur(m, (0, 0), 4))
    edit(masks / "train5.png", lambda m: m[:-10])
    # when the folder is checked
    report = check_data(folder)
    # then each is what it is
    expected = {"inverted": 0, "empty": 1, "full": 2, "mask_range": 3, "mask_grey": 4, "size": 5}
    for kind, number in expected.items():
        names = [f.pictures for f in report.of_kind(kind)]
        assert [f"people/train{number}"] in names, kind
    assert len(report.of_kind("inverted")) == 1
    assert {"people/train1", "people/train2"} <= {f.pictures[0] for f in report.of_kind("disagree")}


def test_an_inverted_mask_is_found_without_an_alpha_to_compare(folder):
    (folder / "people" / "alpha" / "train6.png").unlink()
    edit(folder / "people" / "mask" / "train6.png", lambda m: 255 - m)
    assert found(folder, "inverted") == [["people/train6"]]


def test_faults_of_alphas_are_told_apart(folder):
    alphas = folder / "people" / "alpha"
    edit(alphas / "train0.png", lambda a: np.where(a > 200, 255, np.where(a > 20, 128, 0)))
    edit(alphas / "train1.png", lambda a: a // 2 + 60)
    edit(alphas / "train2.png", lambda a: np.roll(a, 30, axis=1))
    report = check_data(folder)
    assert [f.pictures for f in report.of_kind("trimap")] == [["people/train0"]]
    assert [f.pictures for f in report.of_kind("soft")] == [["people/train1"]]
    assert ["people/train2"] in [f.pictures for f in report.of_kind("disagree")]


def test_missing_and_damaged_files_are_findings_not_crashes(folder):
    people = folder / "people"
    (people / "image" / "train0.png").write_bytes(b"no picture")
    (people / "image" / "train1.png").unlink()
    (people / "mask" / "train2.png").write_bytes(b"")
    for kind in ("mask", "alpha"):
        (people / kind / "val0.png").unlink()
    report = check_data(folder)
    assert [f.pictures[0] for f in report.of_kind("unreadable")] == [
        "people/train0",
        "people/train2",
    ]
    assert [f.pictures[0] for f in report.of_kind("missing_picture")] == ["people/train1"]
    assert len(report.of_kind("orphan")) == 2
    assert [f.pictures[0] for f in report.of_kind("missing_label")] == ["people/val0"]


def test_leaks_and_copies_are_told_apart(folder):
    # given a test picture again in train (smaller), a val picture, and a copy inside train
    images = folder / "people" / "image"
    for source, target in (("test0", "train0"), ("val0", "train1"), ("train5", "train6")):
        picture = cv2.imread(str(images / f"{source}.png"))
        cv2.imwrite(str(images / f"{target}.png"), cv2.GaussianBlur(picture, (0, 0), 0.6))
    report = check_data(folder)
    assert [f.pictures for f in report.of_kind("leak")] == [["people/test0", "people/train0"]]
    assert [f.pictures for f in report.of_kind("leak_val")] == [["people/train1", "people/val0"]]
    assert [f.pictures for f in report.of_kind("duplicate")] == [["people/train5", "people/train6"]]
    assert "leak" not in kinds(folder, duplicates=False)


def test_split_lists_are_checked(folder):
    with (folder / "splits" / "train.txt").open("a") as file:
        file.write("people/test0\npeople/train3\n")
    report = check_data(folder)
    assert [f.pictures for f in report.of_kind("same_name")] == [["people/test0"]]
    assert [f.pictures for f in report.of_kind("listed_twice")] == [["people/train3"]]


def test_report_and_sheet_name_the_worst(folder, tmp_path):
    edit(folder / "people" / "mask" / "train0.png", lambda m: 255 - m)
    report = check_data(folder)
    text = text_report(report)
    assert "error: inverted, 1" in text and "people/train0" in text
    sheet = tmp_path / "sheets" / "sheet.png"
    drawn = check_sheet(report, DataFolder(folder), sheet, rows=5, sound=3)
    assert drawn == 4
    assert cv2.imread(str(sheet)).shape[0] > 4 * 240
    json = report.to_dict()
    assert json["counts"]["error"] == {"inverted": 1}
    assert json["findings"][0]["pictures"] == ["people/train0"]


def test_outlines_lie_on_the_edge_of_the_label():
    image, label = np.full((240, 200, 3), 90, np.uint8), np.zeros((240, 200), np.float32)
    label[60:180, 50:150] = 1
    drawn = outlined(image, [(label, (0, 255, 0))])
    green = (drawn[..., 1] > 200) & (drawn[..., 0] < 60)
    rows, columns = np.nonzero(green)
    assert abs(rows.min() - 60) <= 1 and abs(rows.max() - 179) <= 1
    assert abs(columns.min() - 50) <= 1 and abs(columns.max() - 149) <= 1
    assert not green[80:160, 70:130].any()


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(PocketmatteError, match="no such data folder"):
        check_data(tmp_path / "none")
    with pytest.raises(PocketmatteError, match="data convert"):
        check_data(tmp_path)
