from pathlib import Path

import numpy as np
import pytest

from pocketmatte.media.video_reader import VideoReader

av = pytest.importorskip("av")


def read(path):
    with VideoReader(path) as reader:
        return reader.info, list(reader)


def test_a_background_makes_an_mp4_beside_the_input(run, fake_model, make_clip):
    clip = make_clip("talk.mp4", frames=5, left=(35, 170, 90))

    result = run("video", clip.path, "--background", "teal")

    target = clip.path.with_name("talk.composite.mp4")
    image = read(target)[1][2].image
    assert result.code == 0
    assert str(target) in result.err and "5 frames" in result.err
    assert np.abs(image[20, 56].astype(int) - (0, 128, 128)).max() < 8


def test_no_background_makes_a_transparent_webm(run, fake_model, make_clip):
    clip = make_clip("talk.mp4", frames=3)

    assert run("video", clip.path).code == 0

    assert b"\x53\xc0\x81\x01" in clip.path.with_name("talk.cutout.webm").read_bytes()


def test_png_files(run, fake_model, make_clip, tmp_path):
    clip = make_clip(frames=3)

    assert run("video", clip.path, "-o", tmp_path / "frames").code == 0

    assert len(list((tmp_path / "frames").glob("*.png"))) == 3


def test_times_are_read_as_people_write_them(run, fake_model, make_clip, tmp_path):
    clip = make_clip(frames=50)
    options = ["-o", tmp_path / "o.mp4", "--background", "red", "--start", "0:00:01"]

    assert run("video", clip.path, *options, "--end", "1.4").code == 0

    assert len(read(tmp_path / "o.mp4")[1]) == 10


def test_options_reach_the_library(run, fake_model, make_clip, tmp_path):
    clip = make_clip(frames=2, audio="aac")

    run(
        *("video", clip.path, "-o", tmp_path / "o.mp4", "--background", "red", "--no-audio"),
        *("--model", "fast", "--device", "cpu", "--threads", "1", "--no-flow", "--smooth", "0"),
    )

    assert fake_model.load == [("fast", {"device": "cpu", "threads": 1})]
    assert read(tmp_path / "o.mp4")[0].audio is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "o.mp4"], "has no transparency"),
        (["-o", "o.xyz", "--background", "red"], "unknown video format"),
        (["--background", "nowhere.mp4"], "no such file"),
        (["--background", "reddish"], "did you mean"),
        (["--background", "red", "--filter", "sparkle"], "unknown filter"),
        (["--background", "red", "--start", "soon"], "--start 'soon' is no time"),
        (["--background", "red", "--start", "3", "--end", "2"], "--end must lie after --start"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    run, fake_model, make_clip, tmp_path, monkeypatch, options, message
):
    clip = make_clip(frames=2)
    monkeypatch.chdir(tmp_path)

    result = run("video", clip.path, *options)

    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["clip.mp4"]


def test_a_missing_file(run, fake_model):
    result = run("video", "nowhere.mp4", "--background", "red")

    assert result.code == 2 and result.err.count("\n") == 1
    assert "nowhere.mp4: no such file" in result.err


def test_ctrl_c_keeps_the_file_and_says_so(run, fake_model, make_clip, tmp_path, monkeypatch):
    clip = make_clip(frames=30)
    from pocketmatte.matting import temporal

    steady = temporal.TemporalFilter.__call__
    calls = []

    def stop_at_ten(self, *arguments):
        calls.append(1)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return steady(self, *arguments)

    monkeypatch.setattr(temporal.TemporalFilter, "__call__", stop_at_ten)

    result = run("video", clip.path, "-o", tmp_path / "o.mp4", "--background", "red")

    assert result.code == 130
    assert "stopped" in result.err and "9 frames" in result.err
    assert len(read(tmp_path / "o.mp4")[1]) == 9
