"""Small made-up trees in the shape of each format come out as the same pictures and labels."""

import base64
import json
import zlib

import cv2
import numpy as np
import pytest

from pocketmatte.data.convert import convert
from pocketmatte.data.formats import get_reader, list_formats
from pocketmatte.data.layout import DataFolder
from pocketmatte.errors import PocketmatteError


def portrait(seed, size=(60, 48)):
    """A picture and its person, both easy to recognise again."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(0, 256, (6, 5, 3)).astype(np.uint8), size[::-1])
    mask = np.zeros(size, bool)
    x, y = int(rng.integers(5, 20)), int(rng.integers(5, 25))
    mask[y:, x : x + 20] = True
    return image, mask


def soft(mask):
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.dtype != np.uint8:
        picture = np.round(np.float32(picture) * 255).astype(np.uint8)
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, order[picture.shape[2]])
    cv2.imwrite(str(path), picture)


def check(out, name, image=None, mask=None, alpha=None):
    sample = DataFolder(out).sample(name)
    if image is not None:
        assert np.array_equal(sample.read_image(), image)
    for found, wanted in ((sample.read_mask(), mask), (sample.read_alpha(), alpha)):
        assert (found is None) == (wanted is None)
        if wanted is not None:
            assert np.abs(np.float32(found) - wanted).max() < 0.003
    return sample


def names(out, split):
    return [sample.name for sample in DataFolder(out).split(split)]


@pytest.fixture
def people():
    return [portrait(seed) for seed in range(4)]


def test_every_format_is_listed_and_loads():
    assert all(callable(get_reader(name)) for name in list_formats())
    with pytest.raises(PocketmatteError, match="known are: folders"):
        get_reader("zip")


def test_plain_folders(tmp_path, people):
    for index, (image, mask) in enumerate(people):
        write(tmp_path / "src" / "Images" / "sub" / f"p.{index}.png", image)
        if index:
            write(tmp_path / "src" / "masks" / "sub" / f"p.{index}_mask.png", mask)
    done = convert(tmp_path / "src", "folders", tmp_path / "out", name="mine")
    assert done.splits == {"train": 3, "unlabelled": 1}
    assert names(tmp_path / "out", "unlabelled") == ["mine/sub_p.0"]
    check(tmp_path / "out", "mine/sub_p.2", people[2][0], mask=people[2][1])


def test_plain_folders_divided_into_splits(tmp_path, people):
    for split, (image, mask) in zip(("train", "valid", "test"), people, strict=False):
        write(tmp_path / "src" / split / "img" / "a.png", image)
        write(tmp_path / "src" / split / "matte" / "a.png", soft(mask))
    done = convert(tmp_path / "src", "folders", tmp_path / "out")
    assert done.splits == {"test": 1, "train": 1, "val": 1}
    check(tmp_path / "out", "src/val_a", people[1][0], alpha=soft(people[1][1]))


def test_masks_stored_as_ones_are_understood(tmp_path, people):
    image, mask = people[0]
    write(tmp_path / "src" / "images" / "a.png", image)
    write(tmp_path / "src" / "masks" / "a.png", mask.astype(np.uint8))
    convert(tmp_path / "src", "folders", tmp_path / "out")
    check(tmp_path / "out", "src/a", image, mask=mask)


def test_rgba_photos_cutouts_and_backgrounds(tmp_path, people):
    image, mask = people[0]
    rgba = np.dstack([image, np.round(soft(mask) * 255).astype(np.uint8)])
    write(tmp_path / "src" / "a.png", rgba)
    write(tmp_path / "walls" / "w.png", image)
    out = tmp_path / "out"
    assert convert(tmp_path / "src", "rgba", out).pictures == 1
    check(out, "src/a", image, alpha=soft(mask))
    assert convert(tmp_path / "src", "cutouts", out, name="cut").cutouts == 1
    assert convert(tmp_path / "walls", "backgrounds", out).backgrounds == 1
    folder = DataFolder(out)
    assert [p.name for p in folder.cutouts()] == ["a.png"]
    assert [p.name for p in folder.backgrounds()] == ["w.png"]
    with pytest.raises(PocketmatteError, match="no alpha channel"):
        convert(tmp_path / "walls", "cutouts", out)


def test_a_trimap_decides_outside_its_unknown_region(tmp_path, people):
    image, mask = people[0]
    alpha = np.full(mask.shape, 0.5, np.float32)
    trimap = np.where(mask, 1.0, 0.0).astype(np.float32)
    trimap[:, 20:24] = 0.5
    write(tmp_path / "src" / "images" / "a.png", image)
    write(tmp_path / "src" / "alphas" / "a.png", alpha)
    write(tmp_path / "src" / "trimaps" / "a.png", trimap)
    convert(tmp_path / "src", "trimap", tmp_path / "out")
    wanted = np.where(trimap == 0.5, 0.5, trimap)
    check(tmp_path / "out", "src/a", image, alpha=wanted)


def test_the_seeds_packed_arrays(tmp_path, people):
    source = tmp_path / "src"
    source.mkdir()
    np.save(source / "img_uint8.npy", np.stack([image for image, _ in people]))
    np.save(source / "msk_uint8.npy", np.stack([m for _, m in people])[..., None] * np.uint8(255))
    done = convert(source, "seed", tmp_path / "out", name="seed")
    assert done.splits == {"train": 4}
    check(tmp_path / "out", "seed/2", people[2][0], mask=people[2][1])
    np.save(source / "msk_uint8.npy", np.zeros((3, 60, 48), np.uint8))
    with pytest.raises(PocketmatteError, match="does not fit"):
        convert(source, "seed", tmp_path / "out")
    (source / "msk_uint8.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(PocketmatteError, match="cannot be read"):
        convert(source, "seed", tmp_path / "out")


def test_supervisely_polygons_bitmaps_and_do_not_know(tmp_path, people):
    image = people[0][0]
    tile = np.zeros((10, 12), np.uint8)
    tile[2:, 3:] = 255
    packed = base64.b64encode(zlib.compress(cv2.imencode(".png", tile)[1].tobytes())).decode()
    polygon = {
        "exterior": [[5, 20], [25, 20], [25, 40], [5, 40]],
        "interior": [[[10, 25], [15, 25], [15, 30], [10, 30]]],
    }
    unknown = {"exterior": [[5, 35], [25, 35], [25, 41], [5, 41]], "interior": []}
    annotation = {
        "size": {"height": 60, "width": 48},
        "objects": [
            {"classTitle": "person_poly", "bitmap": None, "points": polygon},
            {"classTitle": "person_bmp", "bitmap": {"data": packed, "origin": [30, 4]}},
            {"classTitle": "neutral", "points": unknown},
        ],
    }
    write(tmp_path / "src" / "ds1" / "img" / "a.png", image)
    write(tmp_path / "src" / "ds1" / "img" / "empty.png", image)
    ann = tmp_path / "src" / "ds1" / "ann"
    ann.mkdir()
    (ann / "a.png.json").write_text(json.dumps(annotation))
    (ann / "empty.json").write_text(json.dumps(annotation | {"objects": []}))
    done = convert(tmp_path / "src", "supervisely", tmp_path / "out")
    assert done.pictures == 1
    mask = DataFolder(tmp_path / "out").sample("src/ds1_a").read_mask()
    assert mask[22, 7] and mask[33, 20] and not mask[27, 12] and not mask[38, 10]
    assert mask[6:14, 33:42].all() and not mask[4:6, 30:42].any()
    # the polygon's outer edge lies where its corners say
    assert abs(int(mask[20:34, 20].sum()) - 14) <= 1 and not mask[18, 20]
    (ann / "a.png.json").write_text("{")
    with pytest.raises(PocketmatteError, match=r"a\.png\.json: not a Supervisely annotation"):
        convert(tmp_path / "src", "supervisely", tmp_path / "out")


def coco_text(runs):
    """COCO's compression, written from its description, to test the decoder against."""
    text = ""
    for index, run in enumerate(runs):
        value = run - (runs[index - 2] if index > 2 else 0)
        while True:
            group = value & 31
            value >>= 5
            more = value != (-1 if group & 16 else 0)
            text += chr(48 + (group | (32 if more else 0)))
            if not more:
                break
    return text


def runs_of(mask):
    flat = mask.T.ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *changes, flat.size]).tolist()
    return [0, *runs] if flat[0] else runs


def test_coco_polygons_runs_and_crowds(tmp_path, people):
    rng = np.random.default_rng(5)
    blob = cv2.resize(rng.random((9, 8)), (48, 60)) > 0.6
    crowd = np.zeros((60, 48), bool)
    crowd[50:55, 30:40] = True
    square = [4, 4, 24, 4, 24, 24, 4, 24]
    annotations = [
        {"image_id": 1, "category_id": 1, "segmentation": [square], "iscrowd": 0},
        {"image_id": 1, "category_id": 2, "segmentation": [[0, 30, 40, 30, 40, 50]]},
        {
            "image_id": 1,
            "category_id": 1,
            "iscrowd": 1,
            "segmentation": {"counts": runs_of(crowd), "size": [60, 48]},
        },
        {
            "image_id": 2,
            "category_id": 1,
            "segmentation": {"counts": coco_text(runs_of(blob)), "size": [60, 48]},
        },
        {"image_id": 3, "category_id": 2, "segmentation": [square]},
    ]
    images = [{"id": n, "file_name": f"{n:012d}.png", "height": 60, "width": 48} for n in (1, 2, 3)]
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
    }
    root = tmp_path / "coco"
    (root / "annotations").mkdir(parents=True)
    path = root / "annotations" / "instances_val2017.json"
    path.write_text(json.dumps(content))
    for n in (1, 2, 3):
        write(root / "val2017" / f"{n:012d}.png", people[n][0])
    done = convert(root, "coco", tmp_path / "out")
    assert done.splits == {"val": 2}
    first, second = DataFolder(tmp_path / "out").split("val")
    mask = first.read_mask()
    assert mask[4:24, 4:24].all() and mask[50:55, 30:40].all()
    assert abs(int(mask.sum()) - 400 - 50) <= 45  # fillPoly also takes the pixels under the edge
    assert not mask[35:45].any()
    assert np.array_equal(second.read_mask(), blob)
    content["annotations"][3]["segmentation"]["counts"] = "zz"
    path.write_text(json.dumps(content))
    with pytest.raises(PocketmatteError, match="segmentation of image 2 is damaged"):
        convert(root, "coco", tmp_path / "out")


@pytest.mark.parametrize("layout", ["labels", "gt_png", "mat"])
def test_eg1800_in_its_layouts(tmp_path, people, layout):
    root = tmp_path / "EG1800"
    for index, (image, mask) in enumerate(people):
        stem = f"{index:05d}"
        if layout == "labels":
            write(root / "Images" / f"{stem}.png", image)
            write(root / "Labels" / f"{stem}.png", mask.astype(np.uint8))
        else:
            write(root / "images_data_crop" / f"{stem}.png", image)
        if layout == "gt_png":
            write(root / "GT_png" / f"{stem}_mask.png", mask)
        if layout == "mat":
            io = pytest.importorskip("scipy.io")
            (root / "images_mask").mkdir(exist_ok=True)
            content = {"mask": mask.astype([np.uint8, np.float64][index % 2])}
            path = root / "images_mask" / f"{stem}_mask.mat"
            io.savemat(path, content, do_compression=index > 1)
    if layout != "mat":
        ending = ".png" if layout == "labels" else ""
        (root / "eg1800_train.txt").write_text(f"00000{ending}\n00001{ending}\n")
        (root / "eg1800_test.txt").write_text(f"00002{ending}\n00077{ending}\n")
    done = convert(root, "eg1800", tmp_path / "out", name="eg")
    assert done.splits == ({"train": 4} if layout == "mat" else {"test": 1, "train": 2})
    for index in range(3):
        check(tmp_path / "out", f"eg/{index:05d}", people[index][0], mask=people[index][1])


def test_a_damaged_mat_file_is_named(tmp_path, people):
    root = tmp_path / "EG1800"
    write(root / "images_data_crop" / "00001.png", people[0][0])
    (root / "images_mask").mkdir()
    (root / "images_mask" / "00001_mask.mat").write_bytes(b"MATLAB 5.0" + bytes(200))
    with pytest.raises(PocketmatteError, match=r"00001_mask\.mat: cannot be read"):
        convert(root, "eg1800", tmp_path / "out")


def test_aisegment(tmp_path, people):
    image, mask = people[0]
    root = tmp_path / "matting_human_half"
    write(root / "clip_img" / "1803151818" / "clip_00000000" / "1803151818-00000003.png", image)
    rgba = np.dstack([image, np.round(soft(mask) * 255).astype(np.uint8)])
    write(root / "matting" / "1803151818" / "matting_00000000" / "1803151818-00000003.png", rgba)
    write(root / "clip_img" / "1803151818" / "clip_00000000" / "no-twin.png", image)
    for source in (root, tmp_path):
        out = tmp_path / f"out-{source.name}"
        done = convert(source, "aisegment", out, name="ai")
        assert done.pictures == 1
        check(out, "ai/1803151818_clip_00000000_1803151818-00000003", image, alpha=soft(mask))


def test_p3m(tmp_path, people):
    root = tmp_path / "P3M-10k"
    places = ("train/blurred_image", "validation/P3M-500-P/blurred_image")
    places += ("validation/P3M-500-NP/original_image",)
    for place, (image, mask) in zip(places, people, strict=False):
        write(root / place / "p_1.png", image)
        write((root / place).parent / "mask" / "p_1.png", soft(mask))
    done = convert(root, "p3m", tmp_path / "out", name="p3m")
    assert done.splits == {"test": 2, "train": 1}
    check(tmp_path / "out", "p3m/P3M-500-NP_p_1", people[2][0], alpha=soft(people[2][1]))


@pytest.mark.parametrize("divided", [False, True])
def test_ppm(tmp_path, people, divided):
    root = tmp_path / "PPM-100"
    image, mask = people[0]
    base = root / "val" if divided else root
    write(base / ("fg" if divided else "image") / "1_o.png", image)
    write(base / ("alpha" if divided else "matte") / "1_o.png", soft(mask))
    done = convert(root, "ppm", tmp_path / "out", name="ppm")
    assert done.splits == ({"val": 1} if divided else {"train": 1})
    check(tmp_path / "out", "ppm/val_1_o" if divided else "ppm/1_o", image, alpha=soft(mask))


@pytest.mark.parametrize("name", [n for n in list_formats() if n != "folders"])
def test_an_empty_folder_is_refused_in_one_line(tmp_path, name):
    (tmp_path / "src").mkdir()
    with pytest.raises(PocketmatteError) as caught:
        convert(tmp_path / "src", name, tmp_path / "out")
    assert "\n" not in str(caught.value) and str(tmp_path / "src") in str(caught.value)


def test_val_is_drawn_by_seed_with_copies_on_one_side(tmp_path):
    # given 30 pictures, each twice at another size
    for index in range(30):
        image, mask = portrait(100 + index)
        write(tmp_path / "src" / "images" / f"{index}.png", image)
        write(tmp_path / "src" / "masks" / f"{index}.png", mask)
        double = cv2.resize(image, None, None, 2, 2)
        write(tmp_path / "src" / "images" / f"{index}-copy.png", double)
        write(tmp_path / "src" / "masks" / f"{index}-copy.png", np.kron(mask, np.ones((2, 2))) > 0)
    # when a fifth goes to val
    out = tmp_path / "out"
    done = convert(tmp_path / "src", "folders", out, val=0.2, seed=3)
    # then both sides hold whole pairs
    assert done.splits == {"train": 48, "val": 12}
    val = {name.removesuffix("-copy") for name in names(out, "val")}
    assert len(val) == 6
    assert not val & {name.removesuffix("-copy") for name in names(out, "train")}
    # and the seed decides
    assert convert(tmp_path / "src", "folders", tmp_path / "2", val=0.2, seed=3).splits
    assert names(tmp_path / "2", "val") == names(out, "val")
    convert(tmp_path / "src", "folders", tmp_path / "3", val=0.2, seed=4)
    assert names(tmp_path / "3", "val") != names(out, "val")


def test_converting_again_replaces_the_set_and_leaves_others(tmp_path, people):
    for source in ("a", "b"):
        for index, (image, mask) in enumerate(people[:2]):
            write(tmp_path / source / "images" / f"{index}.png", image)
            write(tmp_path / source / "masks" / f"{index}.png", mask)
    out = tmp_path / "out"
    for source in ("a", "b", "a"):
        convert(tmp_path / source, "folders", out)
    assert names(out, "train") == ["b/0", "b/1", "a/0", "a/1"]


def test_pictures_are_taken_over_byte_by_byte_or_shrunk(tmp_path):
    image, mask = portrait(1, (120, 96))
    write(tmp_path / "src" / "images" / "a.jpg", image)
    write(tmp_path / "src" / "masks" / "a.png", mask)
    convert(tmp_path / "src", "folders", tmp_path / "same")
    source = (tmp_path / "src" / "images" / "a.jpg").read_bytes()
    assert (tmp_path / "same" / "src" / "image" / "a.jpg").read_bytes() == source
    convert(tmp_path / "src", "folders", tmp_path / "small", side=60)
    sample = DataFolder(tmp_path / "small").sample("src/a")
    assert sample.read_image().shape == (60, 48, 3)
    differs = sample.read_mask() ^ mask[::2, ::2]
    assert differs.mean() < 0.02


def test_a_label_of_another_size_is_left_out_and_named(tmp_path, people):
    for index, (image, mask) in enumerate(people[:2]):
        write(tmp_path / "src" / "images" / f"{index}.png", image)
        write(tmp_path / "src" / "masks" / f"{index}.png", mask[: 60 - 10 * index])
    done = convert(tmp_path / "src", "folders", tmp_path / "out")
    assert done.pictures == 1
    assert "1.png: 48x60, but its mask is 48x50" in done.failures[0]
    assert names(tmp_path / "out", "train") == ["src/0"]
