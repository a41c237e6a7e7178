"""Take the pictures of docs/web.md in Chromium: `python docs/web_pictures.py`."""

import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from pocketmatte.media.photo import write_photo
from pocketmatte.web.server import PageServer

ROOT = Path(__file__).parents[1]
DESKTOP, PHONE = (1280, 800), (360, 780)


def shoot(browser, address: str, size: tuple[int, int], theme: str, portrait: str) -> np.ndarray:
    """The page with a portrait before the beach, RGB uint8."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=1
    )
    page.goto(address)
    page.locator("#swatches input[value=beach]").check()
    page.locator("#backgrounds[aria-busy=false]").wait_for()
    page.keyboard.press("l")
    page.locator("#photo-file").set_input_files(ROOT / "examples" / portrait)
    page.locator("#view").wait_for(state="visible", timeout=120_000)
    page.keyboard.press("c")
    page.wait_for_timeout(3000)
    data = np.frombuffer(page.screenshot(), np.uint8)
    page.close()
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]


def main() -> None:
    out = ROOT / "docs" / "images"
    with PageServer(port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        desktop = shoot(browser, server.address, DESKTOP, "dark", "collins.jpg")
        phones = [
            shoot(browser, server.address, PHONE, theme, portrait)
            for theme, portrait in (("dark", "hopper.jpg"), ("light", "collins.jpg"))
        ]
        browser.close()
        server.shutdown()
    gap = np.full((PHONE[1], 24, 3), 255, np.uint8)
    write_photo(out / "web_desktop.jpg", desktop, quality=86)
    write_photo(out / "web_phone.jpg", np.hstack([phones[0], gap, phones[1]]), quality=86)


if __name__ == "__main__":
    main()
