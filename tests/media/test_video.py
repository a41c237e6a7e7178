import resource
import tracemalloc
from fractions import Fraction

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.pipeline import load_model
from pocketmatte.media.video import matte_video
from pocketmatte.media.video_reader import VideoReader

av = pytest.importorskip("av")

TEAL = (0, 128, 128)


def read(path):
    with VideoReader(path) as reader:
        return reader.info, list(reader)


def near(pixel, colour, tolerance=8):
    return np.abs(pixel.astype(int) - colour).max() <= tolerance


def test_the_person_stays_and_the_room_goes(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=12, gaps=(1, 2), left=(35, 170, 90), audio="aac")

    result = matte_video(clip.path, tmp_path / "out.mp4", left_is_person, background="teal")

    info, frames = read(tmp_path / "out.mp4")
    assert [frame.time for frame in frames] == clip.times
    assert info.audio.codec == "aac"
    assert all(near(frame.image[20, 8], (35, 170, 90)) for frame in frames)
    assert all(near(frame.image[20, 56], TEAL) for frame in frames)
    assert result.frames == 12 and not result.stopped
    assert {"network", "steady", "foreground", "blend"} <= set(result.stages)


def test_without_background_the_room_is_transparent_and_unseen(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=3, left=(35, 170, 90))

    matte_video(clip.path, tmp_path / "frames", left_is_person)

    image = cv2.imread(str(tmp_path / "frames" / "000001.png"), cv2.IMREAD_UNCHANGED)
    assert image[20, 8, 3] == 255 and image[20, 56, 3] == 0
    assert not near(image[20, 56, 2::-1], (200, 60, 30), 60)


def test_a_picture_behind(make_clip, tmp_path, left_is_person):
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:48], picture[48:] = (10, 20, 200), (220, 20, 10)
    cv2.imwrite(str(tmp_path / "sky.png"), picture[..., ::-1])
    clip = make_clip(frames=3)

    matte_video(clip.path, tmp_path / "o.mp4", left_is_person, tmp_path / "sky.png")

    frames = read(tmp_path / "o.mp4")[1]
    assert near(frames[1].image[10, 56], (10, 20, 200), 12)
    assert near(frames[1].image[40, 56], (220, 20, 10), 12)


def test_a_shorter_video_behind_is_looped(make_clip, tmp_path, left_is_person):
    behind = make_clip("behind.mp4", frames=4, right=(35, 170, 90), left=(35, 170, 90))
    turning = tmp_path / "turning.mp4"
    with av.open(str(turning), "w") as file:
        track = file.add_stream("libx264", rate=25, options={"qp": "0"})
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for level in (40, 120, 200):
            picture = np.full((48, 64, 3), level, np.uint8)
            file.mux(track.encode(av.VideoFrame.from_ndarray(picture)))
        file.mux(track.encode(None))
    clip = make_clip(frames=8)

    matte_video(clip.path, tmp_path / "o.mp4", left_is_person, str(turning), smooth=0)

    levels = [int(frame.image[20, 56].mean()) for frame in read(tmp_path / "o.mp4")[1]]
    assert np.allclose(levels, [40, 120, 200, 40, 120, 200, 40, 120], atol=8)
    assert behind.path.exists()


def test_blur_keeps_the_person_out_of_the_background(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=2, left=(0, 0, 255), right=(200, 60, 30))

    matte_video(clip.path, tmp_path / "o.mp4", left_is_person, "blur:6")

    image = read(tmp_path / "o.mp4")[1][1].image
    assert near(image[20, 60], (200, 60, 30), 12)
    assert near(image[20, 40], (200, 60, 30), 25)


def test_filters_are_applied(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=2)

    def half(image):
        return 0.5 * left_is_person(image)

    matte_video(clip.path, tmp_path / "a.mp4", half, "white")
    matte_video(clip.path, tmp_path / "b.mp4", half, "white", "smooth_step:low=0.5,high=0.9")

    assert not near(read(tmp_path / "a.mp4")[1][0].image[20, 8], (255,) * 3, 60)
    assert near(read(tmp_path / "b.mp4")[1][0].image[20, 8], (255,) * 3)


def test_start_and_end(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=50, audio="aac")

    result = matte_video(clip.path, tmp_path / "o.mp4", left_is_person, "teal", start=0.4, end=1.2)

    frames = read(tmp_path / "o.mp4")[1]
    assert result.frames == len(frames) == 20
    assert frames[0].time == 0 and frames[-1].time == Fraction(19, 25)


def test_a_model_with_a_grid_is_asked_at_its_grid(make_clip, tmp_path):
    shapes = set()

    class Model:
        def coarse(self, image):
            small = cv2.resize(image, (16, 12), interpolation=cv2.INTER_AREA)
            shapes.add(image.shape)
            alpha = np.zeros((12, 16), np.float32)
            alpha[:, :8] = 1
            return alpha, small

    clip = make_clip(frames=3, left=(35, 170, 90))

    matte_video(clip.path, tmp_path / "o.mp4", Model(), "teal")

    image = read(tmp_path / "o.mp4")[1][1].image
    assert shapes == {(48, 64, 3)}
    assert near(image[20, 8], (35, 170, 90)) and near(image[20, 56], TEAL)


def test_progress_is_told(make_clip, tmp_path, left_is_person):
    told = []

    matte_video(
        make_clip(frames=4).path,
        tmp_path / "o.mp4",
        left_is_person,
        "teal",
        progress=lambda frames, time: told.append((frames, float(time))),
    )

    assert told == [(1, 0.0), (2, 0.04), (3, 0.08), (4, 0.12)]


def test_ctrl_c_keeps_what_is_done(make_clip, tmp_path, left_is_person):
    clip = make_clip(frames=50, audio="aac")

    def stop(frames, time):
        if frames == 20:
            raise KeyboardInterrupt

    result = matte_video(clip.path, tmp_path / "o.mp4", left_is_person, "teal", progress=stop)

    info, frames = read(tmp_path / "o.mp4")
    assert result.stopped and result.frames == len(frames) == 20
    assert info.audio is not None
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "o.mp4"}


def test_ctrl_c_before_the_first_frame_leaves_nothing(make_clip, tmp_path):
    def stop(image):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matte_video(make_clip().path, tmp_path / "o.mp4", stop, "teal")

    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4"}


@pytest.mark.parametrize("failing", [1, 3])
def test_an_error_of_the_model_leaves_nothing(make_clip, tmp_path, left_is_person, failing):
    calls = []

    def model(image):
        calls.append(1)
        if len(calls) == failing:
            raise ZeroDivisionError
        return left_is_person(image)

    with pytest.raises(ZeroDivisionError):
        matte_video(make_clip(frames=30).path, tmp_path / "o.mp4", model, "teal")

    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4"}


def test_mp4_cannot_be_transparent_and_says_so_at_once(make_clip, tmp_path):
    def model(image):
        raise AssertionError("asked before the check")

    with pytest.raises(PocketmatteError, match="#00b140"):
        matte_video(make_clip().path, tmp_path / "o.mp4", model)


def test_a_filter_of_colours_needs_a_background(make_clip, tmp_path, left_is_person):
    with pytest.raises(PocketmatteError, match="light_wrap"):
        matte_video(make_clip().path, tmp_path / "o.webm", left_is_person, filters="light_wrap")


@pytest.mark.parametrize("way", ["rgb", "planes"])
def test_memory_does_not_grow_with_the_length(make_clip, tmp_path, left_is_person, way):
    size = (320, 240)
    short = make_clip("short.mp4", frames=30, size=size, audio="aac", options={"crf": "30"})
    long = make_clip("long.mp4", frames=400, size=size, audio="aac", options={"crf": "30"})
    model = left_is_person if way == "rgb" else load_model("fast", threads=1)

    def peak(path):
        tracemalloc.start()
        matte_video(path, tmp_path / "o.mp4", model, "teal")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    traced_short, before = peak(short.path)
    traced_long, after = peak(long.path)

    frame = size[0] * size[1] * 3
    # how many of the three threads' arrays are there at once is chance
    assert traced_long < traced_short + {"rgb": 12, "planes": 6}[way] * frame
    # native memory too: 370 more frames of 230 kB would be 85 MB
    assert after - before < 150 * frame
