"""The short way in planes shows what the long way in RGB shows."""

import itertools

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.matting.pipeline import load_model
from pocketmatte.matting.planes import Planes
from pocketmatte.media.plane_matter import PlaneMatter
from pocketmatte.media.video import choose_matter, matte_video
from pocketmatte.media.video_matter import VideoMatter
from pocketmatte.media.video_reader import VideoReader

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def model():
    return load_model("fast", threads=1)


@pytest.fixture(scope="module")
def portraits(astronaut):
    """A free portrait that moves, as frames of odd size in planes, and the same in RGB."""
    planes = []
    for index in range(4):
        place = np.float32([[1.1, 0, 40 + 5 * index], [0, 1.1, -40]])
        image = cv2.warpAffine(astronaut, place, (641, 361), borderMode=cv2.BORDER_REFLECT)
        planes.append(Planes.of_rgb(image))
    return planes


@pytest.mark.parametrize("background", ["teal", "picture", "video", "blur"])
@pytest.mark.parametrize("flow", [True, False])
def test_it_shows_what_the_long_way_shows(model, portraits, background, flow, tmp_path, make_clip):
    if background == "picture":
        rows = np.linspace(0, 255, 90, dtype=np.uint8)[:, None, None]
        background = np.broadcast_to(rows, (90, 160, 3)).copy()
    elif background == "video":
        background = make_clip(size=(160, 90), frames=3).path
    short = choose_matter(model, background, flow=flow)
    long = choose_matter(model, background, flow=flow, planes=False)
    assert isinstance(short, PlaneMatter) and isinstance(long, VideoMatter)

    for index, planes in enumerate(portraits):
        quick = short.finish(short.see(planes), index / 25).composite
        slow = Planes.of_rgb(long(planes.rgb(), index / 25).composite)

        for one, other in zip(quick, slow, strict=True):
            difference = cv2.absdiff(one, other)
            assert difference.mean() < 0.9
            assert np.percentile(difference, 99.5) < 15


@pytest.mark.parametrize(
    ("background", "filters"), [("none", ""), ("teal", "smooth_step"), ("teal", "light_wrap")]
)
def test_what_needs_rgb_goes_the_long_way(model, background, filters):
    assert isinstance(choose_matter(model, background, filters), VideoMatter)


def test_a_model_of_ones_own_goes_the_long_way(left_is_person):
    assert isinstance(choose_matter(left_is_person, "teal"), VideoMatter)


def test_a_picture_that_comes_again_is_not_worked_on_again(model, portraits):
    matter = choose_matter(model, "teal", clock=itertools.count().__next__)
    first = matter.finish(matter.see(portraits[0])).composite
    worked = dict(matter.seconds)
    again = matter.finish(matter.see(Planes(*(plane.copy() for plane in portraits[0])))).composite

    assert all(map(np.array_equal, first, again)) and matter.frames == 2
    for stage in ("steady", "refine", "foreground", "blend"):
        assert matter.seconds[stage] == worked[stage]
    matter.finish(matter.see(portraits[1]))
    assert matter.seconds["refine"] > worked["refine"]


def test_behind_a_picture_that_comes_again_a_video_goes_on(model, portraits, make_clip):
    clip = make_clip(size=(160, 90), frames=3)
    matter = choose_matter(model, str(clip.path))
    one, two = (matter.finish(matter.see(portraits[0]), time).composite for time in (0, 0.07))

    assert not np.array_equal(one.y, two.y)


def test_an_empty_room_is_all_background(model):
    matter = PlaneMatter(model, choose_matter(model, "teal").background)
    grey = Planes.of_rgb(np.full((90, 160, 3), 120, np.uint8))

    composite = matter.finish(matter.see(grey)).composite

    assert np.abs(composite.rgb().astype(int) - (0, 128, 128)).max() <= 3


@pytest.mark.parametrize("source", [{}, {"matrix": "bt601", "full": True}, {"pixels": "yuv444p"}])
def test_pictures_of_any_kind_pass_through_a_file(make_clip, tmp_path, model, source):
    clip = make_clip(frames=3, size=(70, 50), left=(35, 170, 90), **source)

    matte_video(clip.path, tmp_path / "o.mp4", model, background="#ff8800")

    with VideoReader(tmp_path / "o.mp4") as result:
        assert (result.info.width, result.info.height) == (70, 50)
        for frame in result:  # there is nobody in the picture
            assert np.abs(frame.image.astype(int) - (255, 136, 0)).max() < 12


def test_the_file_holds_the_planes_that_were_made(model, portraits, tmp_path):
    from pocketmatte.media.video_sink import VideoSink

    with VideoSink(tmp_path / "o.mkv", fps=25, crf=1) as sink:
        for planes in portraits:
            sink.write(planes)

    with VideoReader(tmp_path / "o.mkv") as reader:
        assert (reader.info.width, reader.info.height) == (642, 362)  # H.264 needs even sides
        for frame, planes in zip(reader, portraits, strict=True):
            for one, other in zip(frame.planes, planes, strict=True):
                part = one[: other.shape[0], : other.shape[1]]
                assert np.abs(part.astype(int) - other).mean() < 1


@pytest.mark.parametrize("name", ["o.webm", "o.mov", "frames"])
def test_every_format_takes_planes(portraits, tmp_path, name):
    from pocketmatte.media.video_sink import VideoSink

    with VideoSink(tmp_path / name, fps=25) as sink:
        sink.write(portraits[0])
        with pytest.raises(PocketmatteError, match="the first was"):
            sink.write(Planes.empty(20, 20))

    want = portraits[0].rgb().astype(int)
    if name == "frames":
        image = cv2.imread(str(next((tmp_path / name).glob("*.png"))))[..., ::-1]
    else:
        with VideoReader(tmp_path / name) as reader:
            image = next(iter(reader)).image
    assert np.abs(image - want).mean() < 3
