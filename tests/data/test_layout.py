"""Reading the data folder."""

import numpy as np
import pytest

from pocketmatte.data.layout import DataFolder, read_rgba
from pocketmatte.errors import PocketmatteError


def test_split_pairs_pictures_with_their_labels(data_folder):
    samples = DataFolder(data_folder).split("train")
    assert len(samples) == 24
    sample = samples[3]
    assert sample.name == "people/train3" and sample.set == "people"
    assert sample.read_image().dtype == np.uint8 and sample.read_image().shape == (96, 72, 3)
    alpha, mask = sample.read_alpha(), sample.read_mask()
    assert alpha.dtype == np.float32 and alpha.min() >= 0 and alpha.max() == 1
    assert mask.dtype == bool and np.array_equal(mask, alpha > 0.5)


def test_missing_labels_are_none(data_folder):
    sample = DataFolder(data_folder).split("unlabelled")[0]
    assert sample.read_mask() is None and sample.read_alpha() is not None


def test_colours_are_rgb_not_bgr(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "red.png"), np.full((4, 4, 4), (0, 0, 255, 128), np.uint8))
    rgb, alpha = read_rgba(tmp_path / "red.png")
    assert tuple(rgb[0, 0]) == (255, 0, 0)
    assert alpha[0, 0] == pytest.approx(128 / 255)


def test_missing_things_are_named(data_folder, tmp_path):
    with pytest.raises(PocketmatteError, match="no such data folder"):
        DataFolder(tmp_path / "none")
    with pytest.raises(PocketmatteError, match="test, train"):
        DataFolder(data_folder).split("holdout")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "train.txt").write_text("people/ghost\n")
    with pytest.raises(PocketmatteError, match="ghost"):
        DataFolder(tmp_path).split("train")


def test_a_damaged_picture_is_named(tmp_path):
    (tmp_path / "people" / "image").mkdir(parents=True)
    (tmp_path / "people" / "image" / "a.png").write_text("no picture")
    sample = DataFolder(tmp_path).sample("people/a")
    with pytest.raises(PocketmatteError, match=r"a\.png: cannot be decoded"):
        sample.read_image()


def test_agreement_reads_the_labels_table(tmp_path):
    (tmp_path / "labels.csv").write_text(
        "picture,teacher_agreement_iou,alpha_vs_mask_iou,soft_share\n"
        "a/1,0.99,0.85,0.02\nb/2,0.97,,0.01\n"
    )
    assert DataFolder(tmp_path).agreement() == {"a/1": 0.85, "b/2": 1.0}
