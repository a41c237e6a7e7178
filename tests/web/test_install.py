"""The page as an app: its manifest, what the browser says of it, and use without a connection."""

import json
import threading

import cv2
import numpy as np
import pytest

from pocketmatte.web.server import PAGE, PageServer

MANIFEST = json.loads((PAGE / "manifest.webmanifest").read_text())
KEPT = """async () => {
    const kept = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys())
            kept.push(new URL(url).pathname);
    return kept;
}"""


class TestManifest:
    def test_every_icon_is_there_in_its_size(self):
        for icon in MANIFEST["icons"]:
            image = cv2.imread(str(PAGE / icon["src"]), cv2.IMREAD_UNCHANGED)
            assert icon["sizes"] == f"{image.shape[1]}x{image.shape[0]}"
            assert np.ptp(image[..., :3]) > 100

    def test_a_round_mask_leaves_the_person_whole(self):
        """Phones cut a maskable icon to the inner 80 %: outside there is ground only."""
        (icon,) = [icon for icon in MANIFEST["icons"] if icon.get("purpose") == "maskable"]
        image = cv2.imread(str(PAGE / icon["src"]))
        y, x = np.indices(image.shape[:2]) - (image.shape[0] - 1) / 2
        outside = np.hypot(y, x) > 0.4 * image.shape[0]
        assert image[outside].max() < 110 < image[~outside].max()

    def test_it_works_under_any_path(self):
        assert MANIFEST["display"] == "standalone"
        for address in (MANIFEST["start_url"], *(icon["src"] for icon in MANIFEST["icons"])):
            assert not address.startswith("/") and "://" not in address


@pytest.fixture
def own_server(monkeypatch):
    """A server that the test may end. Gives address and stopper."""
    # a connection that is kept open would outlive it
    monkeypatch.setattr("pocketmatte.web.server._Handler.protocol_version", "HTTP/1.0")
    server = PageServer(port=0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop():
        server.shutdown()
        server.server_close()
        thread.join()

    yield server.address, stop
    if thread.is_alive():
        stop()


def test_installed_and_without_a_connection(with_camera, own_server, until):
    """One visit with the harmoniser chosen; then the server is gone and everything still works."""
    address, stop = own_server
    context = with_camera.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()
    page.goto(address)
    page.locator("#swatches input[value=beach]").check()
    page.get_by_label("Harmonise").check()
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#view").wait_for(state="visible", timeout=60_000)

    session = context.new_cdp_session(page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # a private window, as every test has, cannot install anything
    assert [error["errorId"] for error in errors] in ([], ["in-incognito"])
    assert session.send("Page.getAppManifest")["errors"] == []

    wanted = ("/", "/models.json", ".css", "/backgrounds/beach.webp", ".wasm.gz")
    until(
        page,
        f"""async () => {{
            const kept = await ({KEPT})();
            return kept.filter((path) => path.endsWith('.tflite')).length === 2
                && {json.dumps(wanted)}.every((end) => kept.some((path) => path.endsWith(end)));
        }}""",
    )
    kept = page.evaluate(KEPT)
    assert not any("/best-" in path for path in kept), "only what is used is kept"
    stop()
    page.goto(address)
    page.locator("#showFigures").check()
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#figures").get_by_text("harmonise").wait_for(timeout=60_000)
    assert page.get_by_label("Harmonise").is_checked()
    # another preset was never fetched: the page says what is the matter
    page.get_by_label("Network").select_option("best")
    page.locator("#cover.error").wait_for(timeout=60_000)
    assert "could not be loaded" in page.locator("#cover-title").inner_text()
    assert "connection" in page.locator("#cover-text").inner_text()
    context.close()
