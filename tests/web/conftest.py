"""Real Chromium on the real page, with a fake camera rendered from the example portraits."""

import base64
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from pocketmatte.media.photo import read_photo
from pocketmatte.web.server import PageServer

ROOT = Path(__file__).parents[2]
CLIP_SIZE = (640, 480)
SOFTWARE = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
# cameras of still pictures; the page's own wishes choose among them
CAMERAS = """async (cameras) => {
    const devices = [];
    for (const { id, label, facing, data } of cameras) {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const canvas = document.createElement('canvas');
        canvas.width = picture.width;
        canvas.height = picture.height;
        const draw = canvas.getContext('2d');
        setInterval(() => draw.drawImage(picture, 0, 0), 60);
        devices.push({ deviceId: id, label, facing, kind: 'videoinput', canvas });
    }
    window.wishes = [];
    navigator.mediaDevices.enumerateDevices = async () => devices;
    navigator.mediaDevices.getUserMedia = async (wish) => {
        wishes.push(wish);
        const { deviceId, facingMode } = wish.video;
        const device = devices.find((one) => one.deviceId === deviceId?.ideal)
            ?? devices.find((one) => one.facing === facingMode?.ideal) ?? devices[0];
        const stream = device.canvas.captureStream(15);
        const track = stream.getVideoTracks()[0];
        track.getSettings = () => ({ deviceId: device.deviceId });
        window.track = track;
        return stream;
    };
}"""


class Visitor:
    """Somebody who looks at the page and works its controls."""

    def __init__(self, page):
        self.page = page

    def plug_in(self, *cameras):
        """Replace the cameras: (label, "user" or "environment", RGB uint8) each."""
        entries = []
        for index, (label, facing, image) in enumerate(cameras):
            _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            data = base64.b64encode(png.tobytes()).decode()
            entries.append({"id": f"id-{index}", "label": label, "facing": facing, "data": data})
        self.page.evaluate(CAMERAS, entries)

    def start_camera(self):
        self.page.locator("#camera-toggle").click()
        self.page.locator("#view").wait_for(state="visible", timeout=60_000)

    def open_photo(self, file):
        """A path, or playwright's description of a file."""
        self.page.locator("#photo-file").set_input_files(file)
        self.page.locator("#view").wait_for(state="visible", timeout=60_000)

    def choose(self, background):
        self.page.locator(f'#swatches input[value="{background}"]').check()
        self.page.locator("#backgrounds[aria-busy=false]").wait_for()

    def picture(self):
        """What the page shows, through its own button: RGBA uint8."""
        self.page.get_by_role("button", name="Take picture").click()
        with self.page.expect_download(timeout=60_000) as download:
            self.page.get_by_role("link", name="Download").click(timeout=60_000)
        self.page.get_by_role("button", name="Throw away").click()
        picture = cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED)
        return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)

    def screenshot(self):
        """The stage on the screen: RGB uint8."""
        data = np.frombuffer(self.page.locator("#frame").screenshot(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]

    def said(self):
        """The line for screen readers."""
        return self.page.get_by_role("status").inner_text()


def portrait_frame(shift=0.0, size=CLIP_SIZE):
    """The astronaut's portrait before a wall, moved sideways: RGB uint8."""
    width, height = size
    photo = read_photo(ROOT / "examples" / "collins.jpg").image
    scale = height / photo.shape[0] * 1.15
    matrix = np.float32([[scale, 0, width / 2 - scale * photo.shape[1] / 2 + shift], [0, scale, 0]])
    border = cv2.BORDER_REFLECT_101
    return cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_AREA, borderMode=border)


def write_y4m(path, frames, size=CLIP_SIZE, fps=15):
    """A clip as Chromium's fake camera reads it."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{size[0]} H{size[1]} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


@pytest.fixture(scope="session")
def until():
    """Waits until JavaScript says something true of a page, and returns what it said.

    `page.wait_for_function` evaluates its text inside the page from the second look on, which the
    page's security policy forbids.
    """

    def wait(page, expression, arg=None, seconds=60):
        deadline = time.monotonic() + seconds
        while not (value := page.evaluate(expression, arg)):
            assert time.monotonic() < deadline, f"never true: {expression}"
            page.wait_for_timeout(50)
        return value

    return wait


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Two seconds of the portrait swaying before the camera."""
    path = tmp_path_factory.mktemp("camera") / "portrait.y4m"
    shifts = 12 * np.sin(np.linspace(0, 2 * np.pi, 30, endpoint=False))
    write_y4m(path, (portrait_frame(shift) for shift in shifts))
    return path


@pytest.fixture(scope="session")
def server():
    """The page on a free port of this machine."""
    with PageServer(port=0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """Starts Chromium: `with chromium(flags...) as browser`. Skips when it is not installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

    # one for the session: a second one, while a browser of the first is open, is an error
    with api.sync_playwright() as playwright:

        @contextmanager
        def start(*flags):
            browser = playwright.chromium.launch(
                executable_path=path,
                args=[*SOFTWARE, *flags],
            )
            try:
                yield browser
            finally:
                browser.close()

        yield start


@pytest.fixture(scope="session")
def with_camera(chromium, clip):
    """One browser with the fake camera, for all tests that need one."""
    flags = (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    )
    with chromium(*flags) as browser:
        yield browser


@pytest.fixture
def page(with_camera, server):
    """The page in a fresh profile; fails the test when the page reports an error."""
    # a service worker would fetch past the tests' own routes; offline use has tests of its own
    context = with_camera.new_context(
        viewport={"width": 800, "height": 600}, service_workers="block"
    )
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console", lambda line: page.problems.append(line.text) if line.type == "error" else None
    )
    page.goto(server.address)
    # only now does it listen: before, a file would be given to nobody
    page.locator("#swatches input:checked").wait_for(state="attached")
    yield page
    context.close()
    assert page.problems == []


@pytest.fixture
def visitor(page):
    return Visitor(page)


@pytest.fixture
def live(page):
    """The page with the camera running and the first matte on the screen."""
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#view").wait_for(state="visible", timeout=60_000)
    return page
