import os
from pathlib import Path

import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.photo import read_photo
from pocketmatte.media.plan import plan_photos


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")


def pairs(jobs):
    return [(str(job.source or "-"), str(job.target or "-")) for job in jobs]


def test_output_lies_beside_the_input(folder):
    assert pairs(plan_photos(["me.jpg", "sub/you.png"])) == [
        ("me.jpg", "me.cutout.png"),
        ("sub/you.png", "sub/you.cutout.png"),
    ]


def test_mark_and_format_change_the_name(folder):
    (job,) = plan_photos(["me.jpg"], format="webp", mark="composite")

    assert (str(job.target), job.format) == ("me.composite.webp", "webp")


@pytest.mark.parametrize("name", ["out.png", "out.WEBP", "out.jpeg", "new/out.jpg"])
def test_output_with_a_picture_suffix_is_the_file(folder, name):
    (job,) = plan_photos(["me.tif"], name)

    assert str(job.target) == name


def test_format_follows_the_file_name(folder):
    assert [plan_photos(["me.tif"], f"o.{s}")[0].format for s in ("png", "webp", "jpeg")] == [
        "png",
        "webp",
        "jpg",
    ]


@pytest.mark.parametrize("out", ["out", "out/", "v1.2", "there.png"])
def test_anything_else_is_a_folder(folder, out):
    if out == "there.png":
        Path(out).mkdir()

    (job,) = plan_photos(["sub/me.jpg"], out)

    assert job.target == Path(out) / "me.png"


def test_folder_is_searched_and_its_tree_mirrored(folder):
    touch("in/b.JPG", "in/a.png", "in/x/y/c.webp", "in/notes.txt", "in/.hidden.jpg")
    touch("in/.git/d.jpg", "in/a.cutout.png", "in/a.alpha.png", "in/b.composite.jpg", "in/p.heic")

    assert pairs(plan_photos(["in"], "out")) == [
        ("in/a.png", "out/a.png"),
        ("in/b.JPG", "out/b.png"),
        ("in/p.heic", "out/p.png"),
        ("in/x/y/c.webp", "out/x/y/c.png"),
    ]
    assert ("in/x/y/c.webp", "in/x/y/c.cutout.png") in pairs(plan_photos(["in"]))


def test_second_run_does_not_eat_the_output_of_the_first(folder):
    touch("a.jpg", "out/a.png", "deep/out/b.png")

    assert pairs(plan_photos(["."], "out")) == [
        ("a.jpg", "out/a.png"),
        ("deep/out/b.png", "out/deep/out/b.png"),
    ]


def test_patterns_that_the_shell_left_are_expanded(folder):
    touch("b.jpg", "a.jpg", "a.png", "a.cutout.jpg", "sub/c.jpg")

    assert [job.name for job in plan_photos(["*.jpg"])] == ["a.jpg", "b.jpg"]
    assert [job.name for job in plan_photos(["**/*.jpg"], "out")] == [
        "a.jpg",
        "b.jpg",
        "sub/c.jpg",
    ]


def test_file_whose_name_looks_like_a_pattern_is_a_file(folder):
    touch("me[1].jpg", "me1.jpg")

    assert [job.name for job in plan_photos(["me[1].jpg"])] == ["me[1].jpg"]


def test_streams(folder):
    assert pairs(plan_photos(["-"])) == [("-", "-")]
    assert pairs(plan_photos(["me.jpg"], "-")) == [("me.jpg", "-")]
    assert pairs(plan_photos(["-"], "out.png")) == [("-", "out.png")]
    assert pairs(plan_photos(["-", "me.jpg"], "out")) == [
        ("-", "out/stdin.png"),
        ("me.jpg", "out/me.png"),
    ]
    assert plan_photos(["-"], format="webp")[0].format == "webp"
    assert plan_photos(["-"])[0].name == "standard input"


def test_matte_has_a_name_of_its_own(folder):
    def matte(*args, **options):
        return str(plan_photos(*args, alpha=True, **options)[0].matte)

    assert matte(["me.jpg"]) == "me.alpha.png"
    assert matte(["me.jpg"], "out") == "out/me.alpha.png"
    assert matte(["me.jpg"], "you.webp") == "you.alpha.png"
    assert matte(["me.jpg"], format="jpg") == "me.alpha.png"
    with pytest.raises(PocketmatteError, match="needs a file name"):
        matte(["-"])


def test_same_input_twice_is_done_once(folder):
    assert len(plan_photos(["me.jpg", "me.jpg"])) == 1


@pytest.mark.parametrize("out", [None, "out"])
def test_two_inputs_with_one_output_are_refused(folder, out):
    with pytest.raises(PocketmatteError, match=r"me\.jpg and me\.png would both be written to"):
        plan_photos(["me.jpg", "me.png"], out)


def test_names_that_meet_only_in_the_folder_are_refused(folder):
    with pytest.raises(PocketmatteError, match=r"both be written to out/me\.png"):
        plan_photos(["a/me.jpg", "b/me.jpg"], "out")


def test_matte_that_meets_an_output_is_refused(folder):
    with pytest.raises(PocketmatteError, match=r"both be written to out/me\.alpha\.png"):
        plan_photos(["me.jpg", "me.alpha.jpg"], "out", alpha=True)


def test_output_that_is_an_input_is_refused(folder):
    touch("me.png", "sub/x")

    for inputs, out in [(["me.png"], "me.png"), (["me.png"], "sub/../me.png"), (["."], ".")]:
        with pytest.raises(PocketmatteError, match=r"written over the input .*me\.png"):
            plan_photos(inputs, out)


def test_output_that_is_the_background_is_refused(folder):
    with pytest.raises(PocketmatteError, match="written over the input"):
        plan_photos(["me.jpg"], "beach.png", keep=["beach.png"])


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ([], {}, "no input"),
        (["*.jpg"], {}, r"no file matches '\*\.jpg'"),
        (["empty"], {}, "folder empty holds no pictures"),
        (["a.jpg", "b.jpg"], {"output": "o.png"}, r"2 photos do not fit in o\.png"),
        (["a.jpg", "b.jpg"], {"output": "-"}, "2 photos do not fit in standard output"),
        (["a.jpg"], {"output": "o.gif"}, r"unknown format \.gif"),
        (["a.jpg"], {"output": "o.png", "format": "jpg"}, r"o\.png is not a jpg name"),
        (["a.jpg"], {"output": "file"}, "it is a file"),
        (["a.jpg"], {"format": "bmp"}, "unknown format 'bmp'; use png, webp or jpg"),
    ],
)
def test_refusals_before_work_begins(folder, inputs, options, message):
    Path("empty").mkdir()
    touch("file")

    with pytest.raises(PocketmatteError, match=message):
        plan_photos(inputs, **options)


def test_missing_file_is_left_for_the_batch_to_report(folder):
    assert pairs(plan_photos(["gone.jpg"])) == [("gone.jpg", "gone.cutout.png")]


def test_names_that_the_system_refuses_are_left_for_the_batch_to_report(folder, monkeypatch):
    assert len(plan_photos(["x" * 300 + ".jpg"])) == 1

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", deny)
    assert len(plan_photos(["locked/me.jpg"], "out")) == 1


def test_locked_folder_fails_alone(folder, monkeypatch):
    touch("in/a.jpg", "in/locked/b.jpg")
    scan = os.scandir

    def deny(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny)
    jobs = plan_photos(["in"], "out")
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert [job.name for job in jobs] == ["in/a.jpg", "in/locked"]
    with pytest.raises(PocketmatteError, match="cannot read folder in/locked: permission denied"):
        read_photo(jobs[1].source)
