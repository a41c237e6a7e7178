"""The browser page in Chromium, its fake camera before the swaying astronaut."""

from __future__ import annotations

import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import astronaut
from pocketmatte.errors import PocketmatteError
from pocketmatte.web.server import PageServer

SETTLE = 6  # seconds: compiled code and caches come first
# one call for each frame that the page takes from the camera
COUNT = """() => {
    const { prototype } = HTMLVideoElement;
    const { requestVideoFrameCallback } = prototype;
    window.frames = 0;
    prototype.requestVideoFrameCallback = function (work) {
        window.frames++;
        return requestVideoFrameCallback.call(this, work);
    };
}"""


def write_clip(path: Path, size: tuple[int, int], frames: int = 60, fps: int = 30) -> None:
    """The astronaut swaying before the camera, as Chromium's fake camera reads it (Y4M)."""
    width, height = size
    photo = astronaut()
    scale = height / photo.shape[0] * 1.15
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for shift in 0.02 * width * np.sin(np.linspace(0, 2 * np.pi, frames, endpoint=False)):
            left = width / 2 - scale * photo.shape[1] / 2 + shift
            matrix = np.float32([[scale, 0, left], [0, scale, 0]])
            frame = cv2.warpAffine(photo, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


@contextmanager
def open_page(engine: str, flags: tuple[str, ...] = ()):
    """The page in Chromium; gives playwright's page."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise PocketmatteError("Chromium is not installed (on Debian: apt-get install chromium)")
    with PageServer(port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", *flags],
        )
        try:
            page = browser.new_page(viewport={"width": 800, "height": 600})
            page.goto(f"{server.address}?engine={engine}")
            yield page
        finally:
            browser.close()
            server.shutdown()


@contextmanager
def live_page(size: tuple[int, int], engine: str, flags: tuple[str, ...] = ()):
    """The page with its camera running before a plain colour; gives playwright's page."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.y4m"
        write_clip(clip, size)
        camera = (
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={clip}",
        )
        with open_page(engine, (*camera, *flags)) as page:
            page.evaluate(COUNT)
            page.locator("#swatches input[value=colour]").check()
            page.get_by_role("button", name="Use the camera").click()
            wait_for_picture(page)
            page.keyboard.press("d")
            page.locator("#figures").get_by_text("runs on").wait_for(timeout=60_000)
            page.wait_for_timeout(1000 * SETTLE)
            yield page


def wait_for_picture(page) -> None:
    page.locator("#view, #cover.error").locator("visible=true").wait_for(timeout=120_000)
    if page.locator("#cover.error").is_visible():
        reason = page.locator("#cover-text").inner_text()
        raise PocketmatteError(f"the page did not start ({reason})")


def figures(page) -> dict:
    """The page's own figures as numbers where they are such."""
    names = page.locator("#figures dt").all_inner_texts()
    values = page.locator("#figures dd").all_inner_texts()
    pairs = zip(names, (value.removesuffix(" ms") for value in values), strict=True)
    return {name: float(v) if v.replace(".", "").isdigit() else v for name, v in pairs}
