"""The live matte without a window: newest frame, matching matte, and never the bare room."""

import threading
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from pocketmatte.errors import PocketmatteError
from pocketmatte.media import display, virtual_camera, webcam_window
from pocketmatte.media.camera import Camera, Shot
from pocketmatte.media.webcam import LiveMatte, Picture, parse_backgrounds

ROOM = (200, 60, 30)
PERSON = (35, 170, 90)


def frame(level=0):
    """A person on the left, the room on the right, and a level that tells the frame."""
    image = np.empty((48, 64, 3), np.uint8)
    image[:, :32], image[:, 32:] = PERSON, ROOM
    image[:8, :8] = level
    return image


class Scripted:
    """A camera that gives the frames it is told to."""

    def __init__(self):
        self.shots, self.error = [], None
        self._news = threading.Condition()

    def shoot(self, image):
        with self._news:
            self.shots.append(Shot(image, len(self.shots), time.monotonic()))
            self._news.notify_all()

    def fail(self, error):
        with self._news:
            self.error = error
            self._news.notify_all()

    def newest(self, after, timeout=10):
        with self._news:
            self._news.wait_for(
                lambda: self.error or (self.shots and self.shots[-1].number > after), timeout
            )
            if self.error:
                raise self.error
            if not self.shots or self.shots[-1].number <= after:
                raise PocketmatteError("the test is over")
            return self.shots[-1]


def black(picture):
    return not picture.image.any() and picture.alpha is None


def wait_for(test, seconds=5.0):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def camera():
    camera = Scripted()
    yield camera
    camera.fail(PocketmatteError("the test is over"))


class TestFailClosed:
    def test_black_until_the_first_matte(self, camera, left_is_person):
        gate = threading.Event()

        def slow(image):
            gate.wait(5)
            return left_is_person(image)

        with LiveMatte(camera, slow, parse_backgrounds("teal")) as live:
            assert black(live.newest()) and live.newest().message == "starting"
            camera.shoot(frame())
            assert black(live.newest(timeout=0.2))
            gate.set()
            wait_for(lambda: live.newest().number == 0)
            assert not live.newest().message

    @pytest.mark.parametrize(
        "error", [ZeroDivisionError("division\nby zero"), PocketmatteError("broken model")]
    )
    def test_black_after_an_error_of_the_model(self, camera, left_is_person, error):
        def model(image):
            if image[0, 0, 0] == 66:
                raise error
            return left_is_person(image)

        with LiveMatte(camera, model, parse_backgrounds("teal")) as live:
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 0)
            camera.shoot(frame(66))
            wait_for(lambda: live.newest().message)
            picture = live.newest()

        assert black(picture)
        assert "broken model" in picture.message or "division by zero" in picture.message
        assert "\n" not in picture.message

    def test_black_when_the_camera_is_unplugged(self, camera, left_is_person):
        with LiveMatte(camera, left_is_person, parse_backgrounds("teal")) as live:
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 0)
            camera.fail(PocketmatteError("camera 0 stopped"))
            wait_for(lambda: live.newest().message)

            assert black(live.newest()) and live.newest().message == "camera 0 stopped"

    def test_the_room_is_in_no_picture(self, camera, left_is_person):
        seen = []
        with LiveMatte(camera, left_is_person, parse_backgrounds("teal")) as live:
            for level in range(20):
                camera.shoot(frame(level))
                seen.append(live.newest(level - 1, timeout=2).image)

        rooms = [np.abs(image[20:, 40:].astype(int) - ROOM).max() < 40 for image in seen]
        assert not any(rooms)


class TestFrames:
    def test_each_matte_is_drawn_with_its_own_frame(self, camera):
        def model(image):
            time.sleep(0.01)
            alpha = np.zeros(image.shape[:2], np.float32)
            alpha[:8, :8] = 1
            alpha[:, 16] = image[0, 0, 0] / 255  # the matte remembers its frame
            return alpha

        pictures = []
        with LiveMatte(camera, model, parse_backgrounds("black"), smooth=0) as live:
            for level in range(1, 60):
                camera.shoot(frame(level))
                time.sleep(0.003)
                pictures.append(live.newest(timeout=0))

        numbers = {picture.number for picture in pictures if picture.number >= 0}
        assert len(numbers) > 3
        for picture in pictures:
            if picture.number >= 0:
                assert picture.image[4, 4, 0] == picture.number + 1
                assert picture.alpha[20, 16] == pytest.approx((picture.number + 1) / 255)

    def test_a_slow_model_gets_the_newest_frame_and_skips_the_rest(self, camera, left_is_person):
        levels = []

        def slow(image):
            levels.append(int(image[0, 0, 0]))
            time.sleep(0.05)
            return left_is_person(image)

        with LiveMatte(camera, slow, parse_backgrounds("teal")) as live:
            for level in range(60):
                camera.shoot(frame(level))
                time.sleep(0.005)
            wait_for(lambda: live.newest().number == 59)

        assert levels == sorted(set(levels))
        assert len(levels) < 20

    def test_figures_come_along(self, camera, left_is_person):
        with LiveMatte(camera, left_is_person, parse_backgrounds("teal")) as live:
            for level in range(5):
                camera.shoot(frame(level))
                wait_for(lambda level=level: live.newest().number == level)
            picture = live.newest()

        assert picture.fps > 0 and 0 < picture.age < 2
        assert {"network", "blend"} <= set(picture.stages)


class TestChoices:
    def test_backgrounds_of_a_folder(self, camera, left_is_person, tmp_path):
        for index, colour in enumerate([(250, 0, 0), (0, 250, 0)]):
            image = np.full((48, 64, 3), colour, np.uint8)
            cv2.imwrite(str(tmp_path / f"{index}.png"), image[..., ::-1])
        (tmp_path / "notes.txt").touch()

        with LiveMatte(camera, left_is_person, parse_backgrounds(tmp_path)) as live:
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 0)
            first = live.newest().image[40, 60]
            live.background = 1
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 1)
            second = live.newest().image[40, 60]

        assert live.backgrounds == 2
        assert tuple(first) == (250, 0, 0) and tuple(second) == (0, 250, 0)

    def test_blur_covers_the_chosen_background(self, camera, left_is_person):
        with LiveMatte(camera, left_is_person, parse_backgrounds("teal")) as live:
            live.blurred = True
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 0)

            assert np.abs(live.newest().image[40, 60].astype(int) - ROOM).max() < 30

    def test_harmonise_steadies_over_time(self, camera, left_is_person):
        with LiveMatte(camera, left_is_person, parse_backgrounds("teal")) as live:
            live.choose("harmonize")
            camera.shoot(frame())
            wait_for(lambda: live.newest().number == 0)

            assert live.look == "harmonize" and not live.newest().message

    def test_transparent_and_empty_are_refused(self, tmp_path):
        with pytest.raises(PocketmatteError, match="transparent"):
            parse_backgrounds("none")
        with pytest.raises(PocketmatteError, match="no pictures"):
            parse_backgrounds(tmp_path)


class TestCamera:
    def test_a_file_plays_at_its_own_speed_again_and_again(self, make_clip):
        clip = make_clip(frames=5, fps=25)
        began = time.monotonic()

        with Camera(clip.path) as camera:
            number = -1
            while number < 11:
                number = camera.newest(number).number

        assert time.monotonic() - began > 10 / 25

    def test_frames_that_nobody_took_are_dropped(self, make_clip):
        with Camera(make_clip(frames=50, fps=50).path) as camera:
            first = camera.newest(-1)
            time.sleep(0.3)
            assert camera.newest(first.number).number > first.number + 5

    def test_mirror(self, make_clip):
        with Camera(make_clip(left=PERSON, right=ROOM).path, mirror=True) as camera:
            image = camera.newest(-1).image

        assert np.abs(image[20, 60].astype(int) - PERSON).max() < 8

    def test_a_camera_that_is_not_there(self):
        with pytest.raises(PocketmatteError, match="cannot open camera '99'"):
            Camera("99")

    def test_a_broken_file_is_told_to_who_waits(self, tmp_path):
        path = tmp_path / "broken.mp4"
        path.write_bytes(b"nothing" * 99)
        with Camera(path) as camera, pytest.raises(PocketmatteError, match="not a video"):
            camera.newest(-1)

    def test_a_silent_camera_is_an_error_in_the_end(self, make_clip):
        with (
            Camera(make_clip(frames=1).path) as camera,
            pytest.raises(PocketmatteError, match="no picture"),
        ):
            camera.newest(10**6, timeout=0.05)


class TestDisplay:
    def test_a_headless_build_is_told_with_the_remedy(self, monkeypatch):
        monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:      NONE\n")
        with pytest.raises(PocketmatteError, match="--no-deps opencv-python=="):
            display.require_window()

    def test_no_display(self, monkeypatch):
        monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:      QT5\n")
        monkeypatch.setattr("sys.platform", "linux")
        monkeypatch.delenv("DISPLAY", raising=False)
        with pytest.raises(PocketmatteError, match="no display"):
            display.require_window()

    def test_a_display_that_is_not_running_does_not_end_the_process(self, monkeypatch):
        monkeypatch.setattr(cv2, "getBuildInformation", lambda: "  GUI:      QT5\n")
        monkeypatch.setenv("DISPLAY", ":4321")
        with pytest.raises(PocketmatteError, match="':4321'"):
            display.require_window()


class TestVirtualCamera:
    def test_a_missing_package(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "pyvirtualcam", None)
        with pytest.raises(PocketmatteError, match="pip install pyvirtualcam"):
            virtual_camera.VirtualCamera(64, 48)

    def test_a_missing_device(self, monkeypatch):
        def refuse(*_):
            raise RuntimeError("v4l2loopback:\nno device")

        monkeypatch.setitem(
            __import__("sys").modules, "pyvirtualcam", SimpleNamespace(Camera=refuse)
        )
        with pytest.raises(PocketmatteError, match="no virtual camera") as caught:
            virtual_camera.VirtualCamera(64, 48)
        assert "\n" not in str(caught.value)

    def test_pictures_of_another_size_become_black(self, monkeypatch):
        sent = []
        fake = SimpleNamespace(device="/dev/video9", send=sent.append, close=lambda: None)
        module = SimpleNamespace(Camera=lambda *_: fake)
        monkeypatch.setitem(__import__("sys").modules, "pyvirtualcam", module)

        camera = virtual_camera.VirtualCamera(64, 48)
        camera.send(frame())
        camera.send(np.full((720, 1280, 3), 9, np.uint8))

        assert np.array_equal(sent[0], frame())
        assert sent[1].shape == (48, 64, 3) and not sent[1].any()


class TestDrawing:
    def window(self):
        live = SimpleNamespace(look="alpha", blurred=False, backgrounds=1)
        return webcam_window.Window(live)

    def test_the_overlay_leaves_the_picture_alone(self):
        image = np.full((360, 640, 3), 99, np.uint8)
        picture = Picture(image, np.ones((360, 640), np.float32), 3, 0.02, 30, {"network": 5.0})

        drawn = self.window().draw(picture)

        assert (image == 99).all()
        assert (drawn[:30] == 255).any()
        assert (drawn[100:250] == 99).all()

    def test_black_says_why(self):
        drawn = self.window().draw(Picture(np.zeros((360, 640, 3), np.uint8), message="starting"))

        assert (drawn[160:190] == 255).any()
