"""The verbs of the data road, driven as people drive them: one after the other."""

import json
import shutil
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest


@pytest.fixture
def folder(data_folder, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(data_folder, root)
    (root / "splits" / "none.txt").unlink(missing_ok=True)
    return root


def test_check_reports_and_its_exit_code_tells(run, folder, tmp_path):
    # a sound folder: 0
    done = run("data", "check", folder)
    assert done.code == 0 and b"nothing wrong" in done.out
    # a warning: 0, and 1 when strict
    path = folder / "people" / "mask" / "train0.png"
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(path), mask * 0)
    assert run("data", "check", folder).code == 0
    assert run("data", "check", folder, "--strict").code == 1
    # an error: 1, with report, JSON and sheet
    cv2.imwrite(str(path), 255 - mask)
    sheet = tmp_path / "sheet.png"
    done = run("data", "check", folder, "--json", tmp_path / "r.json", "--sheet", sheet)
    assert done.code == 1 and b"inverted" in done.out and b"people/train0" in done.out
    assert json.loads((tmp_path / "r.json").read_text())["counts"]["error"] == {"inverted": 1}
    assert cv2.imread(str(sheet)) is not None
    done = run("data", "check", folder, "--json", "-")
    assert json.loads(done.out)["pictures"] == 33
    # no folder: 2, one line
    done = run("data", "check", tmp_path / "none")
    assert done.code == 2 and done.err.count("\n") == 1 and "no such data folder" in done.err


def test_convert_brings_a_set_in(run, tmp_path):
    for name, size in (("a", 40), ("b", 40), ("c", 30)):
        for kind in ("images", "masks"):
            (tmp_path / "src" / kind).mkdir(parents=True, exist_ok=True)
            picture = np.full((40 if kind == "images" else size, 30), 255, np.uint8)
            cv2.imwrite(str(tmp_path / "src" / kind / f"{name}.png"), picture)
    out = tmp_path / "out"
    done = run("data", "convert", tmp_path / "src", "--from", "folders", "-o", out, "--set", "mine")
    assert done.code == 1  # one picture was left out, and named
    assert "set mine: 2 pictures (train 2)" in done.err and "c.png: 30x40" in done.err
    assert (out / "splits" / "train.txt").read_text() == "mine/a\nmine/b\n"
    done = run("data", "convert", tmp_path / "src", "--from", "zip", "-o", out)
    assert done.code == 2 and "known are: folders" in done.err


def test_convert_names_all_formats_in_its_help():
    from pocketmatte.cli.data.convert import FORMATS
    from pocketmatte.data.formats import list_formats

    assert FORMATS.split(", ") == list(list_formats())


def test_label_asks_the_teachers(run, folder, monkeypatch):
    import pocketmatte.matting.pipeline as pipeline

    asked = []

    def load_model(name, device=None, threads=None):
        asked.append((name, device, threads))
        return SimpleNamespace(alpha=lambda image: image.mean(2).astype(np.float32) / 255)

    monkeypatch.setitem(sys.modules, "pocketmatte.matting.pipeline", pipeline)
    monkeypatch.setattr(pipeline, "load_model", load_model)
    shutil.rmtree(folder / "unlabelled" / "alpha")
    command = ("data", "label", folder, "--teacher", "one.onnx", "--teacher", "two.onnx")
    done = run(*command, "--threads", "1")
    assert done.code == 0 and "2 labelled" in done.err
    assert asked == [("one.onnx", None, 1), ("two.onnx", None, 1)]
    assert len((folder / "splits" / "labelled.txt").read_text().split()) == 2
    assert "0 labelled, 2 had an alpha" in run(*command).err


def test_label_with_a_missing_teacher_fails_in_one_line(run, folder):
    done = run("data", "label", folder, "--teacher", "nobody.onnx")
    assert done.code == 2 and "nobody.onnx" in done.err and done.err.count("\n") == 1


def test_synthesize_then_check_then_pack(run, folder, tmp_path):
    made, packed = tmp_path / "made", tmp_path / "packed"
    done = run("data", "synthesize", folder, "-o", made, "--count", "4", "--side", "64")
    assert done.code == 0 and "4 pictures" in done.err
    assert run("data", "check", made, "--no-duplicates").code == 0
    done = run("data", "pack", made, "-o", packed)
    assert done.code == 0 and "1 shards" in done.err and "train 4" in done.err
    assert (packed / "train-000000.tar").is_file()


def test_synthesize_clips(run, folder, tmp_path):
    options = ("--count", "1", "--clips", "--frames", "2", "--side", "64")
    done = run("data", "synthesize", folder, "-o", tmp_path / "made", *options)
    assert done.code == 0 and "1 clips" in done.err
    assert len(list((tmp_path / "made" / "clips").rglob("*.webp"))) == 2
    done = run("data", "synthesize", folder, "-o", folder)
    assert done.code == 2 and "source folder itself" in done.err


def test_help_lists_the_road(run):
    done = run("data", "--help")
    for verb in (b"convert", b"check", b"label", b"synthesize", b"pack"):
        assert verb in done.out
