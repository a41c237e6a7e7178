import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketmatte.media import batch

ONE_RED_LINE = re.compile(r"error: [^\n]+\n")


@pytest.fixture
def folder(tmp_path, monkeypatch, fake_model):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a.png", "b.jpg", "in/x/c.webp")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), (200, 40, 60 * number)).save(path)
    return tmp_path


def test_one_photo_becomes_a_cutout_beside_it(run, folder, fake_model):
    result = run("photo", "a.png")

    assert result.code == 0
    assert result.out == b""
    assert re.fullmatch(r"a\.png -> a\.cutout\.png  \(\d+\.\d\d s\)\n", result.err)
    alpha = np.asarray(Image.open("a.cutout.png"))[..., 3]
    assert (alpha[:, :10] == 255).all()
    assert (alpha[:, 10:] == 0).all()
    assert fake_model.load == [("balanced", {"device": None, "threads": None})]


def test_options_reach_the_model_and_the_files(run, folder, fake_model):
    result = run(
        "photo", "a.png", "b.jpg", "in", "-o", "out", "--model", "fast", "--device", "cpu",
        "--threads", 1, "--background", "#0000ff", "--alpha", "--format", "webp", "--jobs", 2,
        "--quality", 100,
    )  # fmt: skip

    assert result.code == 0, result.err
    assert fake_model.load == [("fast", {"device": "cpu", "threads": 1})]
    found = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*.*"))
    assert found == [
        "a.alpha.png", "a.webp", "b.alpha.png", "b.webp", "x/c.alpha.png", "x/c.webp",
    ]  # fmt: skip
    assert np.asarray(Image.open("out/a.webp"))[0, -1].tolist() == [0, 0, 255]
    assert re.search(r"3 of 3 photos done in \d+\.\d s\n$", result.err)


def test_composite_has_a_name_of_its_own(run, folder):
    run("photo", "a.png")
    run("photo", "a.png", "--background", "b.jpg")

    assert Image.open("a.cutout.png").mode == "RGBA"
    assert Image.open("a.composite.png").mode == "RGB"


def test_some_fail_the_others_go_on_and_the_summary_tells(run, folder):
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("hello " * 50)

    result = run("photo", "empty.jpg", "a.png", "text.jpg", "b.jpg", "-o", "out")

    assert result.code == 2
    assert sorted(os.listdir("out")) == ["a.png", "b.png"]  # noqa: PTH208
    *_, summary, first, second = result.err.splitlines()
    assert summary.startswith("2 of 4 photos done, 2 failed in")
    assert first.startswith("error: empty.jpg is empty")
    assert second.startswith("error: text.jpg is text")


def test_skip_existing(run, folder):
    run("photo", "a.png")

    result = run("photo", "a.png", "b.jpg", "--skip-existing")

    assert "a.cutout.png is there already" in result.err
    assert "1 of 2 photos done, 1 skipped in" in result.err
    assert result.code == 0


def test_pipe_carries_the_picture_and_nothing_else(run, folder):
    result = run("photo", "-", "--format", "webp", stdin=Path("a.png").read_bytes())

    assert result.code == 0
    assert Image.open(io.BytesIO(result.out)).format == "WEBP"
    assert result.err.startswith("standard input -> standard output")


def test_notes_go_to_standard_error(run, folder):
    Image.new("RGB", (8, 8)).save(
        "wave.gif", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")]
    )

    result = run("photo", "wave.gif", "-o", "-", "--format", "jpg")

    assert "note: wave.gif has more than one frame: only the first is used" in result.err
    assert "put on white" in result.err
    assert Image.open(io.BytesIO(result.out)).format == "JPEG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.jpg"], "gone.jpg does not exist"),
        (["a.png", "--background", "biege"], "did you mean 'beige'"),
        (["a.png", "--background", "gone.jpg"], "no such file"),
        (["a.png", "-o", "a.png"], "written over the input"),
        (["a.png", "-o", "b.jpg", "--background", "b.jpg"], "written over the input"),
        (["a.png", "--format", "gif"], "unknown format 'gif'"),
        (["nothing-*.jpg"], "no file matches"),
        (["a.png", "--max-pixels", "10"], "20x10 pixels"),
        (["a.png", "-o", "b.jpg/out/"], "cannot write"),
        (["-"], "standard input is empty"),
    ],
)
def test_errors_are_one_line_with_exit_code_2(run, folder, arguments, message):
    before = sorted(path for path in folder.rglob("*"))

    result = run("photo", *arguments)

    assert result.code == 2
    assert ONE_RED_LINE.fullmatch(result.err), result.err
    assert message in result.err
    assert result.out == b""
    assert sorted(path for path in folder.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments", [[], ["a.png", "--quality", "0"], ["a.png", "--jobs", "x"], ["--nonsense"]]
)
def test_wrong_usage_is_exit_code_2_without_traceback(run, folder, arguments):
    result = run("photo", *arguments)

    assert result.code == 2
    assert "Usage: pocketmatte photo" in result.err
    assert "Traceback" not in result.err


def test_terminal_gets_no_picture(run, folder, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    result = run("photo", "a.png", "-o", "-")

    assert result.code == 2
    assert "the terminal cannot show a picture" in result.err


def test_ctrl_c_ends_cleanly_with_a_summary(run, folder, monkeypatch):
    reads = []

    def read(source, *options):
        reads.append(source)
        if len(reads) == 2:
            raise KeyboardInterrupt
        return original(source, *options)

    original = batch.read_photo
    monkeypatch.setattr(batch, "read_photo", read)

    result = run("photo", "a.png", "b.jpg", "in", "-o", "out")

    assert result.code == 130
    assert "stopped: 1 of 3 photos done in" in result.err
    assert "Traceback" not in result.err
    assert os.listdir("out") == ["a.png"]  # noqa: PTH208


FAKE_CLI = """
import sys, time, types
from types import SimpleNamespace
import numpy as np
def model(image):
    time.sleep({pause})
    return SimpleNamespace(image=image, alpha=np.ones(image.shape[:2], "f4"), foreground=image)
pipeline = types.ModuleType("pocketmatte.matting.pipeline")
pipeline.load_model = lambda *_, **__: model
sys.modules["pocketmatte.matting.pipeline"] = pipeline
from pocketmatte.cli import main
main()
"""


def cli(pause, *arguments):
    return [sys.executable, "-c", FAKE_CLI.format(pause=pause), *arguments]


def test_progress_bar_on_a_terminal_tells_count_and_failures(folder):
    (folder / "empty.jpg").write_bytes(b"")
    leader, follower = pty.openpty()
    command = cli(0.1, "photo", "a.png", "empty.jpg", "b.jpg", "-o", "out")

    done = subprocess.run(command, stderr=follower, stdout=subprocess.PIPE, timeout=60)
    os.close(follower)
    shown = b""
    while True:
        try:
            shown += os.read(leader, 65536)
        except OSError:
            break
    os.close(leader)

    assert done.returncode == 2
    assert done.stdout == b""
    text = shown.decode()
    assert "3/3" in text
    assert "1 failed" in text
    assert "2 of 3 photos done, 1 failed" in text
    assert "\x1b[31merror: empty.jpg is empty" in text


def test_interrupt_of_the_real_process(folder):
    for number in range(20):
        Image.new("RGB", (20, 10)).save(f"n{number}.png")
    command = cli(0.4, "photo", "n*.png", "-o", "out", "--jobs", "2")
    # shells start background jobs with interrupts ignored, which a process would hand on
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=heed)
    while not Path("out").exists() or len(list(Path("out").iterdir())) < 2:
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"stopped: " in err
    assert b"Traceback" not in err
    for path in Path("out").iterdir():
        Image.open(path).load()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_full_disk_behind_standard_output(folder):
    with Path("/dev/full").open("wb") as full:
        command = cli(0, "photo", "a.png", "-o", "-")
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60)

    assert done.returncode == 2
    assert b"cannot write to standard output: no space left on device" in done.stderr
    assert b"Exception" not in done.stderr


def test_reader_that_goes_away_is_no_traceback(folder):
    Image.effect_noise((800, 800), 90).convert("RGB").save("noise.png")
    process = subprocess.Popen(
        cli(0, "photo", "noise.png", "-o", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.read(1)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=60) != 0
    assert b"Traceback" not in err
    assert b"Exception" not in err
