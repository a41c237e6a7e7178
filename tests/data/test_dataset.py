"""The stream of training views."""

import shutil

import cv2
import numpy as np
import pytest
import torch

from pocketmatte.data.dataset import EpochSampler, MattingDataset, load_pool
from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError


@pytest.fixture(scope="module")
def pool(data_folder):
    return load_pool(DataFolder(data_folder), ["train", "unlabelled"], side=64)


def test_pool_holds_all_pictures_shrunk(pool):
    assert len(pool.people) == 26 and len(pool.backgrounds) == 4
    assert len(pool.pasteable) == 26 + 4
    assert all(max(p.shape[:2]) == 64 and p.shape[2] == 4 for p in pool.people)


def test_views_are_floats_in_range_and_seeded(pool):
    dataset = MattingDataset(pool, composites=0.5, zoom=(0.9, 1.5), seed=1)
    for index in range(10):
        src, pha = dataset[(0, index, 64, 96)]
        assert src.shape == (3, 64, 96) and pha.shape == (1, 64, 96)
        assert src.dtype == pha.dtype == torch.float32
        assert src.min() >= 0 and src.max() <= 1 and pha.min() >= 0 and pha.max() <= 1
        again = dataset[(0, index, 64, 96)]
        assert torch.equal(src, again[0]) and torch.equal(pha, again[1])
    assert not torch.equal(dataset[(0, 0, 64, 64)][0], dataset[(1, 0, 64, 64)][0])


def test_sampler_covers_an_epoch_once_with_one_shape_a_batch():
    sampler = EpochSampler(26, 4, seed=0, stride=32)
    sampler.side = 96
    batches = list(sampler)
    assert len(batches) == len(sampler) == 6
    keys = [key for batch in batches for key in batch]
    assert len({index for _, index, _, _ in keys}) == 24
    for batch in batches:
        assert len({key[2:] for key in batch}) == 1
        height, width = batch[0][2:]
        assert height % 32 == width % 32 == 0 and height * width <= 1.1 * 96**2
    assert list(sampler) == batches
    sampler.epoch = 1
    assert list(sampler) != batches


def test_masks_overrule_alpha_away_from_the_edge_only_where_asked(data_folder, tmp_path):

    # given a picture whose alpha misses a block inside the mask
    root = tmp_path / "data"
    shutil.copytree(data_folder, root)
    path = root / "people" / "alpha" / "train0.png"
    alpha = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    rows, cols = np.nonzero(alpha == 255)
    y, x = int(rows.max()) - 6, int(np.median(cols[rows == rows.max()]))
    alpha[y - 3 : y + 3, x - 3 : x + 3] = 0
    cv2.imwrite(str(path), alpha)
    (root / "splits" / "train.txt").write_text("people/train0\n")
    folder = DataFolder(root)
    # when it is read with and without trust in the mask
    trusting = load_pool(folder, ["train"], mask_sets=("people",)).people[0]
    plain = load_pool(folder, ["train"]).people[0]
    # then only the trusting one has the block filled
    assert trusting[y, x, 3] == 255 and plain[y, x, 3] == 0


def test_the_mask_moves_the_outline_of_a_soft_alpha(data_folder, tmp_path):
    # given an alpha that is half transparent all over, softer than half outside of the mask
    root = tmp_path / "data"
    shutil.copytree(data_folder, root)
    path = root / "people" / "alpha" / "train0.png"
    cv2.imwrite(str(path), np.full_like(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), 153))
    (root / "splits" / "train.txt").write_text("people/train0\n")
    folder = DataFolder(root)
    mask = folder.split("train")[0].read_mask()
    # when the set's masks are trusted with the outline
    alpha = load_pool(folder, ["train"], outline_sets={"people": 0.7}).people[0][..., 3]
    # then the outline is the mask's and the alpha's softness is left on both sides
    assert np.array_equal(alpha > 127, mask)
    assert set(np.unique(alpha)) == {round(0.3 * 153), round(0.7 * 255 + 0.3 * 153)}


def test_a_set_can_be_shown_more_than_once(data_folder):
    once = load_pool(DataFolder(data_folder), ["train"])
    twice = load_pool(DataFolder(data_folder), ["train"], repeat={"people": 2, "nobody": 7})
    assert len(twice.people) == 2 * len(once.people)
    assert np.array_equal(twice.people[0], twice.people[1])
    assert np.array_equal(twice.people[2], once.people[1])


def test_views_may_show_nobody(pool):
    data = MattingDataset(pool, composites=0.0, zoom=(1.0, 1.1), seed=0, empty=1.0)
    views = [data[(0, index, 48, 64)] for index in range(3)]
    assert all(tuple(image.shape) == (3, 48, 64) for image, _ in views)
    assert all(alpha.shape == (1, 48, 64) and alpha.max() == 0 for _, alpha in views)
    assert not torch.equal(views[0][0], views[1][0])


def test_an_empty_selection_is_refused(data_folder):
    (data_folder / "splits" / "none.txt").write_text("")
    with pytest.raises(PocketmatteError, match="no pictures left"):
        load_pool(DataFolder(data_folder), ["none"])
