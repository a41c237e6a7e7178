import struct
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.video_reader import VideoReader

pytest.importorskip("av")


def read(path, **options):
    with VideoReader(path, **options) as reader:
        return reader.info, list(reader)


def set_matrix(path, a, b, c, d):
    """Write a display matrix into the header of an mp4 file's video track."""
    data = bytearray(path.read_bytes())
    identity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    where = data.index(identity, data.index(b"tkhd"))
    one = 0x10000
    data[where : where + 36] = struct.pack(
        ">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 0x40000000
    )
    path.write_bytes(data)


def test_frames_come_with_their_exact_times(make_clip):
    clip = make_clip(frames=8)

    info, frames = read(clip.path)

    assert [frame.time for frame in frames] == clip.times
    assert [frame.index for frame in frames] == list(range(8))
    assert info.fps == 25 and info.frames == 8 and info.duration == clip.seconds


def test_variable_frame_rate_is_kept(make_clip):
    clip = make_clip(frames=9, gaps=(1, 2, 3))

    info, frames = read(clip.path)

    assert [frame.time for frame in frames] == clip.times
    assert frames[1].duration == Fraction(2, 25)
    assert info.fps < info.base_rate == 25


def test_thirty_thousand_over_1001_stays_a_fraction(make_clip):
    clip = make_clip(name="ntsc.mkv", fps=30)
    av = pytest.importorskip("av")
    path = clip.path.with_name("ntsc.mp4")
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=Fraction(30000, 1001))
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            picture = av.VideoFrame(64, 48, "yuv420p")
            picture.pts = index
            file.mux(track.encode(picture))
        file.mux(track.encode(None))

    info, frames = read(path)

    assert info.fps == Fraction(30000, 1001)
    assert frames[29].time == 29 * Fraction(1001, 30000)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le", "yuv444p"])
def test_colours_are_those_that_were_encoded(make_clip, matrix, full, pixels):
    colours = (35, 170, 90), (200, 60, 30)
    clip = make_clip(
        matrix=matrix, full=full, pixels=pixels, left=colours[0], right=colours[1], frames=2
    )

    info, frames = read(clip.path)

    image = frames[0].image
    assert (info.colour.matrix, info.colour.full_range) == (matrix, full)
    assert info.bit_depth == (10 if "10" in pixels else 8)
    assert np.abs(image[10, 5].astype(int) - colours[0]).max() <= 3
    assert np.abs(image[10, 60].astype(int) - colours[1]).max() <= 3
    planes = frames[1].planes.rgb()
    assert np.abs(planes[10, 5].astype(int) - colours[0]).max() <= 6
    assert np.abs(planes[10, 60].astype(int) - colours[1]).max() <= 6


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), "bt601"), ((1280, 720), "bt709")])
def test_untagged_colours_are_guessed_by_size_as_players_do(make_clip, size, matrix):
    clip = make_clip(size=size, matrix=matrix, tagged=False, frames=1)

    info, frames = read(clip.path)

    assert info.colour.matrix == matrix and not info.colour.full_range
    assert np.abs(frames[0].image[10, -4].astype(int) - (200, 60, 30)).max() <= 3


@pytest.mark.parametrize(
    ("matrix", "clockwise", "expected"),
    [
        ((1, 0, 0, 1), 0, lambda image: image),
        ((0, 1, -1, 0), 90, lambda image: np.rot90(image, -1)),
        ((-1, 0, 0, -1), 180, lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), 270, np.rot90),
        ((-1, 0, 0, 1), 0, np.fliplr),
        ((1, 0, 0, -1), 180, np.flipud),
        ((0, 1, 1, 0), 270, lambda image: image.transpose(1, 0, 2)),
    ],
)
def test_the_display_matrix_is_applied(make_clip, matrix, clockwise, expected):
    clip = make_clip(frames=3)
    before = read(clip.path)[1][1]
    upright, bright = before.image, before.planes.y
    upright_size = upright.shape
    set_matrix(clip.path, *matrix)

    info, frames = read(clip.path)

    assert info.turn.clockwise == clockwise
    assert np.array_equal(frames[1].image, expected(upright))
    turned = expected(np.dstack([bright] * 3))
    assert np.array_equal(frames[1].planes.y, turned[..., 0])
    assert frames[1].planes.u.shape == tuple(side // 2 for side in turned.shape[:2])
    assert (info.height, info.width, 3) == expected(np.zeros(upright_size)).shape


def test_odd_sizes_are_read_whole(make_clip):
    clip = make_clip("odd.mkv", size=(61, 43), codec="ffv1", options={}, frames=2)

    info, frames = read(clip.path)

    assert (info.width, info.height) == (61, 43)
    assert frames[0].image.shape == (43, 61, 3) and frames[0].image.flags.c_contiguous
    assert frames[0].planes.shape == (43, 61) and frames[0].planes.v.shape == (22, 31)


def test_start_and_end_cut_exactly(make_clip):
    clip = make_clip(frames=20)
    whole = read(clip.path)[1]

    frames = read(clip.path, start=0.2, end=0.48)[1]

    assert [frame.time for frame in frames] == [Fraction(i, 25) for i in range(7)]
    assert np.array_equal(frames[0].image, whole[5].image)


def test_a_clock_that_starts_late_starts_at_zero_for_us(make_clip):
    clip = make_clip("late.ts", first=250_000)

    frames = read(clip.path)[1]

    assert frames[0].time == 0
    assert all(abs(b.time - a.time - Fraction(1, 25)) < 1e-3 for a, b in pairwise(frames))


def test_audio_is_described(make_clip):
    assert read(make_clip("mute.mp4").path)[0].audio is None
    audio = read(make_clip("loud.mp4", audio="aac").path)[0].audio
    assert (audio.codec, audio.rate, audio.channels) == ("aac", 48000, 2)


def test_frames_are_decoded_as_they_are_asked_for(make_clip):
    clip = make_clip(frames=30)

    with VideoReader(clip.path) as reader:
        first = next(iter(reader))

    assert first.index == 0
    assert first.image.shape == (48, 64, 3)


class TestErrors:
    def message(self, path, **options):
        with pytest.raises(PocketmatteError) as caught:
            read(path, **options)
        text = str(caught.value)
        assert str(path) in text or "--start" in text
        assert "\n" not in text
        return text

    def test_no_such_file(self, tmp_path):
        assert "no such file" in self.message(tmp_path / "nope.mp4")

    def test_a_folder(self, tmp_path):
        assert "folder" in self.message(tmp_path)

    def test_not_a_video(self, tmp_path):
        path = tmp_path / "text.mp4"
        path.write_text("hello " * 99)
        assert "not a video" in self.message(path)

    def test_an_empty_file(self, tmp_path):
        path = tmp_path / "empty.mp4"
        path.touch()
        assert "not a video" in self.message(path)

    def test_a_picture(self, tmp_path, pixels):
        import cv2

        cv2.imwrite(str(tmp_path / "me.png"), pixels)
        assert "pocketmatte photo" in self.message(tmp_path / "me.png")

    def test_only_sound(self, make_clip, tmp_path):
        av = pytest.importorskip("av")
        path = tmp_path / "sound.wav"
        with av.open(str(path), "w") as file:
            track = file.add_stream("pcm_s16le", rate=8000, layout="mono")
            piece = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
            piece.sample_rate = 8000
            file.mux(track.encode(piece))
        assert "no video" in self.message(path)

    def test_a_file_cut_short(self, make_clip):
        clip = make_clip(
            frames=100, size=(320, 240), options={"crf": "10"}, left=None, right=(9, 200, 60)
        )
        from shutil import copy

        av = pytest.importorskip("av")
        moved = clip.path.with_name("faststart.mp4")
        with (
            av.open(str(clip.path)) as source,
            av.open(str(moved), "w", options={"movflags": "+faststart"}) as target,
        ):
            track = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.size:
                    packet.stream = track
                    target.mux(packet)
        copy(moved, clip.path)
        data = clip.path.read_bytes()
        clip.path.write_bytes(data[: len(data) * 6 // 10])

        text = self.message(clip.path)

        assert "cut short" in text or "damaged" in text
        assert "--end" in text

    def test_nothing_in_the_range(self, make_clip):
        assert "--start" in self.message(make_clip().path, start=50)

    @pytest.mark.parametrize("range", [{"start": -1}, {"start": 2, "end": 1}, {"end": 0}])
    def test_a_range_that_is_none(self, make_clip, range):
        self.message(make_clip().path, **range)

    def test_iterating_twice(self, make_clip):
        with VideoReader(make_clip().path) as reader:
            list(reader)
            with pytest.raises(PocketmatteError, match="open it again"):
                list(reader)
