import errno
from fractions import Fraction

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.media.video_reader import VideoReader
from pocketmatte.media.video_sink import VideoSink

av = pytest.importorskip("av")

OPAQUE = ["out.mp4", "out.mkv", "out.webm", "out.mov"]
CLEAR = ["out.webm", "out.mov"]


def picture(height=48, width=64, level=0):
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = (35, 170, 90), (200, 60, 30)
    image[: height // 4] = level
    return image


def copy(source, target, **options):
    with VideoReader(source) as reader, VideoSink(target, like=reader, **options) as sink:
        for frame in reader:
            sink.write(frame.image, frame.time, frame.duration)


def read(path):
    with VideoReader(path) as reader:
        return reader.info, list(reader)


def read_alpha(path):
    """RGBA frames; WebM's transparency needs libvpx's own decoder."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        if context.name == "vp9":
            context = av.CodecContext.create("libvpx-vp9", "r")
            context.extradata = stream.codec_context.extradata
        for packet in file.demux(stream):
            for frame in context.decode(packet if packet.size else None):
                yield frame.to_ndarray(format="rgba")


def left_behind(folder, *known):
    return {path.name for path in folder.iterdir()} - set(known)


def sound(path):
    """The audio as float32 samples of one channel, and the codec's name."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", 48000)
        pieces = [
            piece.to_ndarray().ravel()
            for frame in file.decode(stream)
            for piece in resampler.resample(frame)
        ]
        return np.concatenate(pieces), stream.codec_context.name


def packets(path):
    with av.open(str(path)) as file:
        return [bytes(p) for p in file.demux(file.streams.audio[0]) if p.size]


@pytest.mark.parametrize("name", OPAQUE)
def test_colours_and_times_come_back(make_clip, tmp_path, name):
    clip = make_clip(frames=9, gaps=(1, 2, 3))

    copy(clip.path, tmp_path / name)

    info, frames = read(tmp_path / name)
    before, source = read(clip.path)
    ours, theirs = frames[4].image.astype(int), source[4].image
    assert [frame.time for frame in frames] == clip.times
    assert info.duration == pytest.approx(float(before.duration), abs=0.002)
    assert (info.width, info.height) == (64, 48)
    assert (info.colour.matrix, info.colour.full_range) == ("bt709", False)
    assert np.abs(ours - theirs)[:, :28].max() <= 6 and np.abs(ours - theirs)[:, 36:].max() <= 6


@pytest.mark.parametrize("matrix", ["bt601", "bt2020"])
def test_other_matrices_become_bt709_without_a_shift(make_clip, tmp_path, matrix):
    clip = make_clip(matrix=matrix, full=True, left=(35, 170, 90), frames=2)

    copy(clip.path, tmp_path / "out.mp4")

    info, frames = read(tmp_path / "out.mp4")
    assert info.colour.matrix == "bt709" and not info.colour.full_range
    assert np.abs(frames[0].image[20, 10].astype(int) - (35, 170, 90)).max() <= 6
    assert np.abs(frames[0].image[20, 55].astype(int) - (200, 60, 30)).max() <= 6


@pytest.mark.parametrize("name", CLEAR)
def test_transparency_comes_back(tmp_path, name):
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
    with VideoSink(tmp_path / name, fps=25) as sink:
        for _ in range(5):
            sink.write(np.dstack([picture(), ramp]))

    frames = list(read_alpha(tmp_path / name))

    assert len(frames) == 5
    assert np.abs(frames[2][..., 3].astype(int) - ramp).max() <= 8
    assert np.abs(frames[2][30, 10, :3].astype(int) - (35, 170, 90)).max() <= 8


def test_webm_says_that_it_has_transparency(tmp_path):
    with VideoSink(tmp_path / "out.webm") as sink:
        sink.write(np.dstack([picture(), np.full((48, 64), 9, np.uint8)]))

    alpha_mode = b"\x53\xc0\x81\x01"  # Matroska's element, with one byte that says 1
    assert alpha_mode in (tmp_path / "out.webm").read_bytes()


def test_a_folder_gets_png_files_and_their_times(tmp_path):
    times = [Fraction(0), Fraction(1, 25), Fraction(1, 5)]
    images = [np.dstack([picture(level=i), np.full((48, 64), 50 * i, np.uint8)]) for i in range(3)]
    with VideoSink(tmp_path / "frames") as sink:
        for image, time in zip(images, times, strict=True):
            sink.write(image, time)

    folder = tmp_path / "frames"
    assert left_behind(folder) == {"000000.png", "000001.png", "000002.png", "timestamps.txt"}
    for index, image in enumerate(images):
        stored = cv2.imread(str(folder / f"{index:06d}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA), image)
    lines = (folder / "timestamps.txt").read_text().splitlines()
    assert lines[0] == "# timestamp format v2"
    assert [float(line) for line in lines[1:]] == [0, 40, 200]


@pytest.mark.parametrize(("name", "size"), [("out.mp4", (44, 62)), ("out.webm", (43, 61))])
def test_odd_sizes_lose_no_pixel(tmp_path, name, size):
    with VideoSink(tmp_path / name) as sink:
        sink.write(picture(43, 61))

    _, frames = read(tmp_path / name)

    assert frames[0].image.shape == (*size, 3)
    assert np.abs(frames[0].image[42, 60].astype(int) - (200, 60, 30)).max() <= 8


def test_mp4_is_ready_for_streaming(tmp_path):
    with VideoSink(tmp_path / "out.mp4") as sink:
        sink.write(picture())

    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_oblong_pixels_stay_oblong(make_clip, tmp_path):
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=25)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        track.codec_context.sample_aspect_ratio = Fraction(4, 3)
        file.mux(track.encode(av.VideoFrame(64, 48, "yuv420p")))
        file.mux(track.encode(None))

    copy(path, tmp_path / "out.mp4")

    assert read(tmp_path / "out.mp4")[0].pixel_aspect == Fraction(4, 3)


class TestAudio:
    @pytest.mark.parametrize(
        ("codec", "source", "target"),
        [
            ("aac", "in.mp4", "out.mp4"),
            ("aac", "in.mp4", "out.mkv"),
            ("aac", "in.mp4", "out.mov"),
            ("libopus", "in.mkv", "out.webm"),
            ("pcm_s16le", "in.mov", "out.mov"),
        ],
    )
    def test_it_is_copied_bit_for_bit(self, make_clip, tmp_path, codec, source, target):
        clip = make_clip(source, frames=25, audio=codec)

        copy(clip.path, tmp_path / target)

        assert packets(tmp_path / target) == packets(clip.path)

    @pytest.mark.parametrize(
        ("codec", "target", "becomes"),
        [("aac", "out.webm", "opus"), ("pcm_s16le", "out.mp4", "aac"), ("flac", "out.mov", "aac")],
    )
    def test_what_the_format_cannot_hold_is_encoded_again(
        self, make_clip, tmp_path, codec, target, becomes
    ):
        clip = make_clip("in.mkv", frames=50, audio=codec)

        copy(clip.path, tmp_path / target)

        before, _ = sound(clip.path)
        after, name = sound(tmp_path / target)
        assert name == becomes
        assert len(after) == pytest.approx(len(before), abs=2500)
        middle = slice(24_000, 72_000)
        assert abs(_peak(after[middle]) - 440) <= 2
        assert after[middle].std() == pytest.approx(before[middle].std(), rel=0.1)

    def test_a_cut_piece_keeps_sound_and_picture_together(self, make_clip, tmp_path):
        clip = make_clip(frames=75, audio="aac")

        with (
            VideoReader(clip.path, start=1, end=2) as reader,
            VideoSink(tmp_path / "out.mp4", like=reader) as sink,
        ):
            for frame in reader:
                sink.write(frame.image, frame.time)

        with av.open(str(tmp_path / "out.mp4")) as file:
            audio = file.streams.audio[0]
            assert float(audio.duration * audio.time_base) == pytest.approx(1, abs=0.05)
            assert float((audio.start_time or 0) * audio.time_base) < 0.03
        # every packet is one of the source's, from its middle
        source = packets(clip.path)
        copied = packets(tmp_path / "out.mp4")
        first = source.index(copied[0])
        assert source[first : first + len(copied)] == copied
        assert first == pytest.approx(48000 / 1024, abs=2)

    def test_a_transcoded_cut_has_the_right_length(self, make_clip, tmp_path):
        clip = make_clip(frames=75, audio="aac")

        with (
            VideoReader(clip.path, start=1, end=2) as reader,
            VideoSink(tmp_path / "out.webm", like=reader) as sink,
        ):
            for frame in reader:
                sink.write(frame.image, frame.time)

        assert len(sound(tmp_path / "out.webm")[0]) == pytest.approx(48000, abs=2500)

    def test_sound_longer_than_the_picture_is_kept_whole(self, make_clip, tmp_path):
        clip = make_clip(frames=5, audio="aac", sound_seconds=3)

        copy(clip.path, tmp_path / "out.mp4")

        assert packets(tmp_path / "out.mp4") == packets(clip.path)

    def test_none_stays_none(self, make_clip, tmp_path):
        copy(make_clip().path, tmp_path / "out.mp4")

        assert read(tmp_path / "out.mp4")[0].audio is None

    def test_it_can_be_left_out(self, make_clip, tmp_path):
        copy(make_clip(audio="aac").path, tmp_path / "out.mp4", audio=False)

        assert read(tmp_path / "out.mp4")[0].audio is None


def _peak(samples):
    spectrum = np.abs(np.fft.rfft(samples))
    return spectrum.argmax() * 48000 / len(samples)


class TestWholeOrNotAtAll:
    @pytest.mark.parametrize("name", [*OPAQUE, "frames"])
    def test_nothing_is_there_before_the_end(self, tmp_path, name):
        with VideoSink(tmp_path / name) as sink:
            sink.write(picture())
            assert not (tmp_path / name).exists()

        assert left_behind(tmp_path) == {name}

    @pytest.mark.parametrize("name", ["out.mp4", "out.webm", "frames"])
    def test_an_error_leaves_nothing(self, tmp_path, name):
        with pytest.raises(ZeroDivisionError), VideoSink(tmp_path / name) as sink:
            sink.write(picture())
            raise ZeroDivisionError

        assert not left_behind(tmp_path)

    def test_an_error_leaves_the_older_file(self, tmp_path):
        (tmp_path / "out.mp4").write_text("older")
        with pytest.raises(ZeroDivisionError), VideoSink(tmp_path / "out.mp4") as sink:
            sink.write(picture())
            raise ZeroDivisionError

        assert (tmp_path / "out.mp4").read_text() == "older"

    @pytest.mark.parametrize("name", ["out.mp4", "out.webm"])
    def test_ctrl_c_keeps_what_is_done_with_its_sound(self, make_clip, tmp_path, name):
        clip = make_clip(frames=75, audio="aac")

        with (
            pytest.raises(KeyboardInterrupt),
            VideoReader(clip.path) as reader,
            VideoSink(tmp_path / name, like=reader) as sink,
        ):
            for frame in reader:
                if frame.index == 25:
                    raise KeyboardInterrupt
                sink.write(frame.image, frame.time, frame.duration)

        _, frames = read(tmp_path / name)
        assert len(frames) == 25
        assert len(sound(tmp_path / name)[0]) == pytest.approx(48000, abs=2500)
        assert left_behind(tmp_path, "clip.mp4") == {name}

    def test_no_frame_is_an_error_and_no_file(self, tmp_path):
        with (
            pytest.raises(PocketmatteError, match="no frame"),
            VideoSink(tmp_path / "out.mp4"),
        ):
            pass

        assert not left_behind(tmp_path)


class TestErrors:
    def refuse(self, match, path, image=None, **options):
        with (
            pytest.raises(PocketmatteError, match=match) as caught,
            VideoSink(path, **options) as sink,
        ):
            sink.write(picture() if image is None else image)
        assert "\n" not in str(caught.value)

    def test_an_unknown_format(self, tmp_path):
        self.refuse("unknown video format 'xyz'", tmp_path / "out.xyz")

    def test_a_single_png(self, tmp_path):
        self.refuse("folder", tmp_path / "out.png")

    def test_transparency_where_there_is_none(self, tmp_path):
        image = np.zeros((48, 64, 4), np.uint8)
        self.refuse("no transparency", tmp_path / "out.mp4", image)
        assert not left_behind(tmp_path)

    def test_a_folder_with_files_in_it(self, tmp_path):
        (tmp_path / "frames").mkdir()
        (tmp_path / "frames" / "mine.txt").touch()
        self.refuse("not empty", tmp_path / "frames")

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").touch()
        self.refuse("cannot write", tmp_path / "file" / "out.mp4")
        self.refuse("cannot write", tmp_path / "file" / "frames")

    def test_a_missing_encoder(self, tmp_path, monkeypatch):
        from dataclasses import replace

        from pocketmatte.media import video_formats

        row = replace(video_formats.FORMATS["mp4"], codec="libnothing")
        monkeypatch.setitem(video_formats.FORMATS, "mp4", row)
        self.refuse("no encoder libnothing", tmp_path / "out.mp4")
        assert not left_behind(tmp_path)

    def test_the_input_as_output(self, make_clip):
        clip = make_clip()
        before = clip.path.read_bytes()
        with VideoReader(clip.path) as reader:
            self.refuse("it is the input", clip.path, like=reader)
        assert clip.path.read_bytes() == before

    def test_a_frame_of_another_size(self, tmp_path):
        with (
            pytest.raises(PocketmatteError, match="frame 1"),
            VideoSink(tmp_path / "o.mp4") as sink,
        ):
            sink.write(picture())
            sink.write(picture(24, 64))

    def test_a_frame_that_is_no_picture(self, tmp_path):
        self.refuse("RGB or RGBA uint8", tmp_path / "out.mp4", np.zeros((48, 64), np.float32))

    def test_a_full_disk(self, tmp_path, monkeypatch):
        full = av.error.FFmpegError(errno.ENOSPC, "No space left on device")

        with (
            pytest.raises(PocketmatteError, match="no space left"),
            VideoSink(tmp_path / "out.mp4") as sink,
        ):
            sink.write(picture())
            monkeypatch.setattr(sink._out, "_mux", lambda packets: _raise(full))
            sink.write(picture())
        assert not left_behind(tmp_path)

    def test_pyav_is_missing(self, tmp_path, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "av", None)
        self.refuse(r"pip install 'pocketmatte\[video\]'", tmp_path / "out.mp4")


def _raise(error):
    raise error
