"""Synthetic scenes: seeded, in range, and their alpha is the truth."""

import cv2
import numpy as np
import pytest

from pocketmatte.data import scene_effects as effects
from pocketmatte.data.layout import DataFolder, read_grey
from pocketmatte.data.material import Material, Pictures, cut_sides, load_material
from pocketmatte.data.scenes import make_scene
from pocketmatte.data.synthesize_to_disk import Plan, synthesize
from pocketmatte.errors import PocketmatteError


def rgba(colour, size=(80, 50), alpha=255):
    return np.dstack([np.full((*size, 3), colour, np.uint8), np.full(size, alpha, np.uint8)])


def bust():
    """A green head and shoulders, transparent around."""
    picture = rgba((20, 200, 20), (120, 90), 0)
    picture[10:60, 30:60, 3] = 255
    picture[60:, 5:85, 3] = 255
    return picture


@pytest.fixture(scope="module")
def material():
    rng = np.random.default_rng(0)
    walls = [cv2.resize(rng.integers(0, 256, (5, 6, 3)).astype(np.uint8), (90, 70)) for _ in "ab"]
    ball = rgba((200, 30, 200), (40, 40), 0)
    ball[..., 3] = cv2.circle(np.zeros((40, 40), np.uint8), (20, 20), 15, 255, -1)
    return Material([bust()], walls, [ball])


def scenes(material, count=60, **options):
    return [
        make_scene(np.random.default_rng((7, i)), material, (96, 72), **options)
        for i in range(count)
    ]


def test_scenes_are_seeded_and_in_range(material):
    for first, again in zip(scenes(material, 25), scenes(material, 25), strict=True):
        assert first.image.shape == (96, 72, 3) and first.image.dtype == np.uint8
        assert first.alpha.shape == (96, 72) and first.alpha.dtype == np.float32
        assert first.alpha.min() >= 0 and first.alpha.max() <= 1
        assert np.array_equal(first.image, again.image) and np.array_equal(first.alpha, again.alpha)


@pytest.fixture(scope="module")
def many(material):
    return scenes(material, 110)


def test_every_situation_comes_up_and_says_so(many):
    said = {part for scene in many for part in scene.parts}
    wanted = {"clutter", "chair", "held object", "webcam", "person moves", "camera moves"}
    wanted |= {"side_light", "back_light", "screen_light", "dark_room"}
    wanted |= {"0 people", "1 people", "2 people", "3 people", "4 people"}
    assert wanted <= said


def test_scenes_without_people_have_an_empty_alpha_and_others_not(many):
    for scene in many:
        assert scene.alpha.any() == ("0 people" not in scene.parts)


def test_held_things_count_as_asked(material, many):
    # given the same scenes drawn with held things as background and as person
    without, with_things = many[:50], scenes(material, 50, held="person")
    held = [i for i, s in enumerate(without) if "held object" in s.parts]
    assert len(held) >= 4
    # then the pictures are alike, and only where something is held the alphas differ
    more = 0
    for index, (a, b) in enumerate(zip(without, with_things, strict=True)):
        assert np.abs(a.image.astype(int) - b.image).mean() < 12
        if index not in held:
            assert np.array_equal(a.alpha, b.alpha)
        else:
            assert (b.alpha - a.alpha).min() > -0.02
            more += (b.alpha - a.alpha).max() > 0.5
    assert more >= 0.6 * len(held)


def test_the_alpha_lies_where_the_person_is():
    # given a green person before red walls, and no light, noise or things
    wall = np.full((60, 60, 3), (230, 20, 20), np.uint8)
    material = Material([bust()], [wall])
    checked = 0
    for index in range(80):
        scene = make_scene(np.random.default_rng((3, index)), material, (96, 72))
        if scene.parts != ["1 people"]:
            continue
        image = scene.image.astype(int)
        inside, outside = scene.alpha > 0.98, scene.alpha < 0.02
        if np.ptp(image[outside].mean(0)) < 25 or np.ptp(image[inside].mean(0)) < 25:
            continue  # toned to grey
        greener = image[..., 1] > image[..., 0]
        assert greener[inside].mean() > 0.95 and greener[outside].mean() < 0.05
        checked += 1
    assert checked >= 8


def test_people_whom_the_photo_has_cut_off_stay_cut_off():
    # given a person who fills the left edge of the photo
    person = rgba((20, 200, 20), (100, 80), 0)
    person[20:, :40, 3] = 255
    assert cut_sides(person) == (True, False, False)
    wall = np.full((60, 60, 3), 230, np.uint8)
    for index in range(30):
        scene = make_scene(np.random.default_rng((1, index)), Material([person], [wall]), (96, 72))
        if scene.parts[0] == "1 people" and "moves" not in "".join(scene.parts):
            # then one side of the picture is the person's straight edge
            touches = max((scene.alpha[:, side] > 0.5).sum() for side in (0, -1))
            assert touches > 0.5 * (scene.alpha > 0.5).any(1).sum()


def test_shoulders_are_found_under_the_head_and_not_on_faces():
    alpha = np.zeros((200, 160), np.float32)
    cv2.ellipse(alpha, (80, 70), (28, 40), 0, 0, 360, 1.0, -1)
    alpha[125:, 20:140] = 1
    assert 95 <= effects.shoulders(alpha) <= 130
    face = np.ones((200, 160), np.float32)
    assert effects.shoulders(face) is None
    assert effects.shoulders(face * 0) is None


def test_dark_room_darkens_clothes_more_than_faces():
    person = np.full((200, 160, 3), 0.7, np.float32)
    alpha = np.zeros((200, 160), np.float32)
    cv2.ellipse(alpha, (80, 70), (28, 40), 0, 0, 360, 1.0, -1)
    alpha[125:, 20:140] = 1
    after, scene = effects.dark_room(np.random.default_rng(0), person, person.copy(), alpha)
    assert after[60, 80].mean() > 2 * after[180, 80].mean() and scene.mean() < 0.3


def test_motion_kernels_are_streaks_of_the_asked_length():
    for seed in range(20):
        kernel = effects.motion_kernel(np.random.default_rng(seed), 9)
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
        rows, columns = np.nonzero(kernel)
        assert 6 <= np.hypot(np.ptp(rows), np.ptp(columns)) <= 10


def test_pictures_are_read_when_asked_for_and_few_are_kept():
    read = []
    pictures = Pictures(range(10), lambda item: read.append(item) or np.array([item]), keep=2)
    assert len(pictures) == 10 and not read
    assert [int(pictures[i][0]) for i in (3, 3, 4, 5, 3)] == [3, 3, 4, 5, 3]
    assert read == [3, 4, 5, 3]


def test_material_comes_from_training_people_only(data_folder, tmp_path):
    folder = DataFolder(data_folder)
    assert len(load_material(folder).people) == 24 + 4
    assert len(load_material(folder, "cutouts").people) == 4
    assert len(load_material(folder, "labelled", "val").people) == 4
    for options, message in (
        ({"people": "all", "split": "test"}, "for judging"),
        ({"people": "none"}, "choose from"),
        ({"people": "labelled", "split": "nowhere"}, "no people to paste"),
    ):
        with pytest.raises(PocketmatteError, match=message):
            load_material(folder, **options)
    (tmp_path / "cutouts").mkdir()
    (tmp_path / "cutouts" / "a.png").write_bytes((data_folder / "cutouts" / "0.png").read_bytes())
    with pytest.raises(PocketmatteError, match="backgrounds"):
        load_material(DataFolder(tmp_path))


def files(root):
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_the_disk_holds_a_sound_data_folder(data_folder, tmp_path):
    seen = []
    plan = Plan(str(data_folder), seed=3, side=96)
    names = synthesize(plan, tmp_path, 6, progress=lambda *facts: seen.append(facts))
    assert [s[0] for s in seen] == [1, 2, 3, 4, 5, 6]
    folder = DataFolder(tmp_path)
    assert [s.name for s in folder.split("train")] == names and len(names) == 6
    for sample in folder.split("train"):
        image, alpha = sample.read_image(), sample.read_alpha()
        assert max(image.shape[:2]) == 96 and alpha.shape == image.shape[:2]
        assert np.array_equal(sample.read_mask(), alpha > 0.5)
    table = (tmp_path / "synthetic.csv").read_text().splitlines()
    assert len(table) == 7 and "people" in table[1]


def test_more_processes_and_more_pictures_give_the_same_bytes(data_folder, tmp_path):
    plan = Plan(str(data_folder), seed=3, side=64)
    synthesize(plan, tmp_path / "one", 5)
    synthesize(plan, tmp_path / "two", 5, jobs=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    synthesize(plan, tmp_path / "few", 2)
    few, all_ = files(tmp_path / "few"), files(tmp_path / "one")
    assert all(few[name] == all_[name] for name in few if name.startswith("synthetic/"))
    other = Plan(str(data_folder), seed=4, side=64)
    synthesize(other, tmp_path / "other", 1)
    assert not set(files(tmp_path / "other").values()) & {
        data for name, data in all_.items() if name.startswith("synthetic/image")
    }


def test_bad_plans_are_refused(data_folder, tmp_path):
    for plan, count, message in (
        (Plan(str(data_folder), held="hand"), 1, "held"),
        (Plan(str(data_folder), side=8), 1, "side"),
        (Plan(str(data_folder)), 0, "count"),
        (Plan(str(tmp_path)), 1, "source folder itself"),
        (Plan(str(tmp_path / "none")), 1, "no such data folder"),
    ):
        with pytest.raises(PocketmatteError, match=message):
            synthesize(plan, tmp_path, count)


def test_a_picture_of_the_disk_reads_back_as_drawn(data_folder, tmp_path):
    plan = Plan(str(data_folder), seed=1, side=64)
    (name,) = synthesize(plan, tmp_path, 1)
    alpha = read_grey(tmp_path / "synthetic" / "alpha" / f"{name.split('/')[1]}.png")
    from pocketmatte.data.synthesize_to_disk import _size

    rng = np.random.default_rng((1, 0))
    size = _size(plan, rng)
    scene = make_scene(rng, load_material(DataFolder(data_folder), side=96), size)
    assert np.abs(alpha - scene.alpha).max() <= 0.5 / 255 + 1e-6
