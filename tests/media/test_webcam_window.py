"""The real window on a virtual screen, driven by keys and mouse, judged by screenshots.

It needs Xvfb and xdotool, and an OpenCV with windows: the headless build of the light install has
none. Both builds are one Python package, so for the tests the other one goes into a folder of its
own, which is put first on the path of the process under test:

    pip install --no-deps --target .gui opencv-python

POCKETMATTE_GUI names another folder. With POCKETMATTE_REQUIRE_GUI set, a missing part fails the
tests instead of skipping them.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ImageGrab

ROOT = Path(__file__).parents[2]
ROOM, PERSON = (200, 60, 30), (35, 170, 90)
COLOURS = [(20, 20, 160), (150, 150, 20), (120, 20, 120)]

DRIVER = """
import sys
import time
from pathlib import Path

import numpy as np

from pocketmatte.media.camera import Camera
from pocketmatte.media.display import require_window
from pocketmatte.media.webcam import LiveMatte, parse_backgrounds
from pocketmatte.media.webcam_window import Window

clip, backgrounds, out, mode = sys.argv[1:]
began = time.monotonic()

def model(image):
    if mode == "late" and time.monotonic() - began < 4:
        time.sleep(0.2)
    if mode == "fails" and time.monotonic() - began > 6:
        raise ValueError("the network broke")
    alpha = np.zeros(image.shape[:2], np.float32)
    alpha[:, : image.shape[1] // 2] = 1
    alpha[:, : image.shape[1] // 4] = 0.3
    return alpha

require_window()
with Camera(clip) as camera, LiveMatte(camera, model, parse_backgrounds(backgrounds)) as live:
    Window(live, Path(out)).run()
"""


def missing(what):
    if os.environ.get("POCKETMATTE_REQUIRE_GUI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def screen():
    """A virtual screen: its name, such as ":5"."""
    for tool in ("Xvfb", "xdotool"):
        if not shutil.which(tool):
            missing(f"no {tool}: apt-get install xvfb xdotool")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def environment(screen, tmp_path_factory):
    """The environment of the process under test: the screen, and an OpenCV with windows."""
    folder = Path(os.environ.get("POCKETMATTE_GUI", ROOT / ".gui"))
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    if (folder / "cv2").is_dir():
        path.insert(0, str(folder))
    elif "GUI:                           NONE" in cv2.getBuildInformation():
        missing("no OpenCV with windows: pip install --no-deps --target .gui opencv-python")
    return os.environ | {
        "DISPLAY": screen,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "QT_LOGGING_RULES": "*=false",
        "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config")),
    }


class Session:
    """A running window."""

    def __init__(self, environment, arguments):
        self._environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *map(str, arguments)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tool(self, *arguments):
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=self._environment,
            capture_output=True,
            text=True,
        )
        return done.stdout.split()

    def key(self, name):
        # The focus comes late: a window that gets it while it is made hangs in Qt.
        window = self.tool("search", "--onlyvisible", "--name", "^pocketmatte$")[-1]
        self.tool("windowfocus", "--sync", window, "key", name)

    def look(self):
        """A screenshot: RGB uint8."""
        return np.asarray(ImageGrab.grab(xdisplay=self._environment["DISPLAY"]).convert("RGB"))

    def colour(self, x, y=300):
        """The middling colour of the screen around a place."""
        return np.median(self.look()[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3), axis=0)

    def shows(self, x, colour, tolerance=14, y=300):
        return np.abs(self.colour(x, y) - colour).max() <= tolerance

    def until(self, test, seconds=8.0):
        end = time.monotonic() + seconds
        nudge = time.monotonic() + 2
        while not test():
            if time.monotonic() > nudge and not self.look().any():
                # Without a window manager Qt can miss that its window is seen.
                nudge += 2
                for window in self.tool("search", "--name", "^pocketmatte$"):
                    self.tool("windowunmap", "--sync", window, "windowmap", window)
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)


@pytest.fixture
def start(environment, make_clip, tmp_path):
    """Open the window on a clip of a person (left) in a room (right), with three backgrounds."""
    clip = make_clip(frames=50, size=(640, 360), left=PERSON, right=ROOM, options={"qp": "8"})
    (tmp_path / "scenes").mkdir()
    for index, colour in enumerate(COLOURS):
        scene = np.full((36, 64, 3), colour[::-1], np.uint8)
        cv2.imwrite(str(tmp_path / "scenes" / f"{index}.png"), scene)
    (tmp_path / "out").mkdir()
    sessions = []

    def start(mode=""):
        arguments = [clip.path, tmp_path / "scenes", tmp_path / "out", mode]
        sessions.append(Session(environment, arguments))
        return sessions[-1]

    yield start
    for session in sessions:
        session.process.kill()
        session.process.wait()


# The picture is 640 wide on a window of 1280: a quarter is 0.3 person, a quarter person.
FAINT, SOLID, BEHIND = 200, 500, 900


def test_keys_change_the_picture_and_q_ends(start, tmp_path):
    session = start()
    session.until(lambda: session.shows(BEHIND, COLOURS[0]), 20)
    assert session.shows(SOLID, PERSON)

    session.key("v")
    session.until(lambda: session.shows(BEHIND, (0, 0, 0)) and session.shows(SOLID, (255,) * 3))
    session.key("v")
    session.until(lambda: session.shows(BEHIND, COLOURS[0]))

    session.key("b")
    session.until(lambda: session.shows(BEHIND, ROOM, 30))
    session.key("b")
    session.until(lambda: session.shows(BEHIND, COLOURS[0]))

    faint = session.colour(FAINT)
    session.key("m")  # smooth step: 0.3 becomes less, so more background
    session.until(lambda: session.colour(FAINT)[1] < faint[1] - 10)
    session.key("a")
    session.until(lambda: np.abs(session.colour(FAINT) - faint).max() < 6)

    session.key("c")  # the person takes the blue of the background
    session.until(lambda: np.abs(session.colour(SOLID) - PERSON).max() > 40)
    session.key("a")
    session.until(lambda: session.shows(SOLID, PERSON))

    session.key("s")  # the clone bleeds the background's colours into the person
    session.until(lambda: np.abs(session.colour(SOLID) - PERSON).max() > 25)
    session.key("a")
    session.until(lambda: session.shows(SOLID, PERSON))

    session.key("h")  # the network finds that this person does not belong before that wall
    session.until(lambda: np.abs(session.colour(SOLID) - PERSON).max() > 12)
    session.key("h")
    session.until(lambda: session.shows(SOLID, PERSON, 6))

    session.key("p")
    session.until(lambda: list((tmp_path / "out").glob("*.png")))
    snapshot = next((tmp_path / "out").glob("*.png"))
    session.until(lambda: cv2.imread(str(snapshot)) is not None)
    image = cv2.imread(str(snapshot))[..., ::-1]
    assert image.shape == (360, 640, 3)
    assert np.abs(image[180, 500].astype(int) - COLOURS[0]).max() < 8
    assert np.abs(image[180, 250].astype(int) - PERSON).max() < 8

    session.key("r")
    time.sleep(1.0)
    session.key("r")
    session.until(lambda: list((tmp_path / "out").glob("pocketmatte-*.mp4")))

    session.key("q")
    assert session.process.wait(timeout=10) == 0

    from pocketmatte.media.video_reader import VideoReader

    with VideoReader(next((tmp_path / "out").glob("*.mp4"))) as reader:
        frames = list(reader)
    assert frames[-1].time > 0.5
    assert np.abs(frames[-1].image[180, 500].astype(int) - COLOURS[0]).max() < 14


def test_the_slider_chooses_the_background(start):
    session = start()
    session.until(lambda: session.shows(BEHIND, COLOURS[0]), 20)
    session.key("d")
    time.sleep(0.5)
    look = session.look()
    rows = np.flatnonzero((look[600:, 700] > 150).all(axis=1))
    assert rows.size, "no slider below the picture"
    height = 600 + int(np.median(rows))

    session.tool("mousemove", 224, height, "mousedown", 1)
    for x in range(260, 1279, 60):
        session.tool("mousemove", x, height)
    session.tool("mousemove", 1278, height, "mouseup", 1)

    session.until(lambda: session.shows(BEHIND, COLOURS[2]))
    session.key("q")
    assert session.process.wait(timeout=10) == 0

    again = start()
    again.until(lambda: again.shows(BEHIND, COLOURS[0]), 20)


@pytest.mark.parametrize("mode", ["late", "fails"])
def test_the_room_is_never_on_the_screen(start, mode):
    session = start(mode)
    seen = []

    def watched():
        seen.append(session.colour(BEHIND))
        return seen[-1]

    session.until(lambda: np.abs(watched() - COLOURS[0]).max() < 20, 20)
    end = time.monotonic() + (2 if mode == "late" else 10)
    while time.monotonic() < end:
        watched()

    rooms = [np.abs(colour - ROOM).max() < 60 for colour in seen]
    assert not any(rooms)
    if mode == "fails":
        session.until(lambda: session.shows(SOLID, (0, 0, 0)) and session.shows(BEHIND, (0, 0, 0)))


def test_closing_the_window_ends_it(start):
    session = start()
    session.until(lambda: session.shows(BEHIND, COLOURS[0]), 20)

    session.key("Escape")

    assert session.process.wait(timeout=10) == 0
