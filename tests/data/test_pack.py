"""Shards hold the folder's very bytes, and read like the folder."""

import json
import shutil
import tarfile

import numpy as np
import pytest

from pocketmatte.data.layout import DataFolder, read_rgb, read_rgba
from pocketmatte.data.pack import pack
from pocketmatte.data.shards import ShardFolder, open_data
from pocketmatte.errors import PocketmatteError


@pytest.fixture(scope="module")
def folder(data_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("pack") / "data"
    shutil.copytree(data_folder, root)
    (root / "splits" / "none.txt").unlink(missing_ok=True)
    (root / "labels.csv").write_text("picture,alpha_vs_mask_iou\npeople/train0,0.5\n")
    # a name with a dot, which would end a WebDataset key
    for kind in ("image", "mask", "alpha"):
        (root / "people" / kind / "train1.png").rename(root / "people" / kind / "train.1.png")
    text = (root / "splits" / "train.txt").read_text().replace("/train1\n", "/train.1\n")
    (root / "splits" / "train.txt").write_text(text)
    return root


@pytest.fixture(scope="module")
def shards(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("shards")
    pack(folder, out, max_bytes=2**17)
    return out


def same(first, second):
    assert first.name == second.name and first.set == second.set
    assert np.array_equal(first.read_image(), second.read_image())
    for a, b in (
        (first.read_mask(), second.read_mask()),
        (first.read_alpha(), second.read_alpha()),
    ):
        assert (a is None) == (b is None) and (a is None or np.array_equal(a, b))


def test_shards_read_like_the_folder(folder, shards):
    plain, packed = DataFolder(folder), open_data(shards)
    assert isinstance(packed, ShardFolder) and isinstance(open_data(folder), DataFolder)
    for split in ("train", "val", "test", "unlabelled"):
        ours, theirs = packed.split(split), plain.split(split)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    for a, b in zip(packed.backgrounds(), plain.backgrounds(), strict=True):
        assert np.array_equal(read_rgb(a), read_rgb(b))
    for a, b in zip(packed.cutouts(), plain.cutouts(), strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(read_rgba(a), read_rgba(b), strict=True))
    assert packed.agreement() == {"people/train0": 0.5}
    same(packed.sample("people/val2"), plain.sample("people/val2"))
    with pytest.raises(PocketmatteError, match="no shard holds people/ghost"):
        packed.sample("people/ghost")


def test_training_reads_shards(shards):
    pytest.importorskip("torch")
    from pocketmatte.data.dataset import load_pool

    pool = load_pool(open_data(shards), ["train"], side=64)
    assert len(pool.people) == 23 and len(pool.backgrounds) == 4  # train0 has a poor agreement


def test_shards_keep_to_their_size_and_samples_stay_whole(shards):
    paths = sorted(shards.glob("train-*.tar"))
    assert len(paths) > 1
    for path in paths:
        assert path.stat().st_size <= 2**17 + 20 * 512
        with tarfile.open(path) as tar:
            names = [member.name for member in tar]
        # WebDataset: members of a key follow each other, a key is what stands before the dot
        keys = [name.split(".")[0] for name in names]
        assert keys == sorted(keys, key=keys.index)
        kinds = {"image.png", "mask.png", "alpha.png", "json"}
        for key in dict.fromkeys(keys):
            assert {n.split(".", 1)[1] for n in names if n.split(".")[0] == key} == kinds


def test_the_same_data_gives_the_same_bytes(folder, shards, tmp_path):
    pack(folder, tmp_path, max_bytes=2**17)
    for path in shards.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_without_an_index_the_tar_headers_are_read(folder, shards, tmp_path):
    for path in shards.glob("*.tar"):
        shutil.copy(path, tmp_path)
    for a, b in zip(open_data(tmp_path).split("val"), DataFolder(folder).split("val"), strict=True):
        same(a, b)


def test_packing_anew_leaves_no_old_shards(folder, tmp_path):
    first = pack(folder, tmp_path, max_bytes=2**17)
    second = pack(folder, tmp_path)
    assert len(second.shards) < len(first.shards)
    assert sorted(p.name for p in tmp_path.glob("*.tar")) == sorted(second.shards)
    assert second.samples == {
        "test": 3,
        "train": 24,
        "unlabelled": 2,
        "val": 4,
        "backgrounds": 4,
        "cutouts": 4,
    }


def test_pictures_can_be_shrunk(folder, tmp_path):
    pack(folder, tmp_path, splits=["val"], side=48)
    for sample in open_data(tmp_path).split("val"):
        assert sample.read_image().shape == (48, 36, 3)
        assert sample.read_mask().shape == sample.read_alpha().shape == (48, 36)


def test_damage_is_named(folder, shards, tmp_path):
    with pytest.raises(PocketmatteError, match="holds no shards"):
        ShardFolder(tmp_path)
    with pytest.raises(PocketmatteError, match="it has: backgrounds, cutouts, test"):
        ShardFolder(shards).split("holdout")
    shutil.copytree(shards, tmp_path / "cut")
    samples = ShardFolder(tmp_path / "cut").split("val")
    path = tmp_path / "cut" / "val-000000.tar"
    path.write_bytes(path.read_bytes()[: samples[-1].alpha.offset + 10])
    with pytest.raises(PocketmatteError, match="cut off"):
        samples[-1].read_alpha()
    with pytest.raises(PocketmatteError, match=r"val-000000\.tar"):
        ShardFolder(tmp_path / "cut").split("val")[-1].read_alpha()
    (tmp_path / "cut" / "shards.json").write_text(json.dumps([1]))
    with pytest.raises(PocketmatteError, match=r"shards\.json: is damaged"):
        ShardFolder(tmp_path / "cut").split("test")


def test_nothing_to_pack_is_refused(tmp_path):
    with pytest.raises(PocketmatteError, match="nothing to pack"):
        pack(tmp_path, tmp_path / "out")
    with pytest.raises(PocketmatteError, match="too small"):
        pack(tmp_path, tmp_path / "out", max_bytes=10)
