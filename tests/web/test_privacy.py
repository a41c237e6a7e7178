"""The room is never shown, nothing leaves the machine, and every failure has a way on."""

import cv2
import numpy as np
import pytest


def heading(page):
    return page.locator("#cover-title")


@pytest.fixture
def watched(with_camera, server):
    """A page on which every request is written down; gives page and list."""
    context = with_camera.new_context(viewport={"width": 800, "height": 600})
    page, asked = context.new_page(), []
    context.on("request", lambda request: asked.append((request.method, request.url)))
    page.goto(server.address)
    page.locator("#swatches input:checked").wait_for(state="attached")
    yield page, asked
    context.close()


def test_nothing_leaves_the_machine(watched, server):
    page, asked = watched
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#view").wait_for(state="visible", timeout=120_000)
    page.keyboard.press("p")
    page.get_by_role("link", name="Download").wait_for(timeout=60_000)
    outside = [
        (method, url)
        for method, url in asked
        if method != "GET" or not url.startswith((server.address, "blob:"))
    ]
    assert outside == []
    assert any(url.endswith(".tflite") for _, url in asked)
    page.evaluate("localStorage.clear()")
    blocked = page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'blocked')")
    assert blocked == "blocked"


def test_before_the_first_matte_and_after_an_error_nothing_is_shown(page, visitor):
    """The engine's program is withheld: the camera runs, but no matte can come."""
    page.route("**/litert/*.wasm.gz", lambda route: route.abort())
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#cover.error").wait_for(timeout=60_000)
    assert page.locator("#view").is_hidden()
    # a flat panel with text: no picture is in it
    _, counts = np.unique(visitor.screenshot().reshape(-1, 3), axis=0, return_counts=True)
    assert counts.max() / counts.sum() > 0.8
    assert "could not be loaded" in heading(page).inner_text()
    page.unroute("**/litert/*.wasm.gz")
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#view").wait_for(state="visible", timeout=120_000)
    page.problems.clear()  # the browser's own line about the withheld file


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "The camera was refused."),
        ("NotFoundError", "No camera was found."),
        ("NotReadableError", "The camera is busy."),
    ],
)
def test_a_camera_that_does_not_open(page, name, words):
    page.evaluate(
        """name => navigator.mediaDevices.getUserMedia = () =>
            Promise.reject(new DOMException('no', name))""",
        name,
    )
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#cover.error").wait_for()
    assert heading(page).inner_text() == words
    assert page.get_by_role("button", name="Open a photo").is_visible()
    assert page.get_by_role("status").inner_text() == words


def test_a_camera_that_goes_away(live):
    live.evaluate(
        """() => {
            const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async (wish) => window.stream = await open(wish);
        }"""
    )
    live.get_by_role("button", name="Stop camera").click()
    live.get_by_role("button", name="Use the camera").click()
    live.locator("#view").wait_for(state="visible", timeout=60_000)
    live.evaluate("stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    live.locator("#cover.error").wait_for()
    assert heading(live).inner_text() == "The camera went away."
    assert live.locator("#view").is_hidden()


def test_no_camera_on_an_insecure_address(page):
    page.evaluate(
        "Object.defineProperty(navigator, 'mediaDevices', {value: undefined, configurable: true})"
    )
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#cover.error").wait_for()
    assert "https" in page.locator("#cover-text").inner_text()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"hello", "notes.txt is not a picture."),
        ("broken.png", b"\x89PNG\r\n\x1a\nbroken", "broken.png cannot be read as a picture."),
    ],
)
def test_a_file_that_is_no_picture(page, name, content, words):
    kind = "text/plain" if name.endswith("txt") else "image/png"
    page.locator("#photo-file").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    page.locator("#cover.error").wait_for(timeout=60_000)
    assert heading(page).inner_text() == words


def test_a_huge_photo_is_reduced(page, tmp_path):
    """25 megapixels: more than the page takes."""
    path = tmp_path / "huge.jpg"
    cv2.imwrite(str(path), np.full((4200, 6000, 3), 90, np.uint8))
    page.locator("#photo-file").set_input_files(path)
    page.get_by_text("was reduced to").wait_for(timeout=120_000)
    assert "6000×4200" in page.get_by_role("status").inner_text()


def test_no_webgl(with_camera, server):
    context = with_camera.new_context()
    context.add_init_script(
        "HTMLCanvasElement.prototype.getContext = function () { return null; };"
    )
    page = context.new_page()
    page.goto(server.address)
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#cover.error").wait_for(timeout=60_000)
    assert "WebGL 2" in page.locator("#cover-text").inner_text()
    context.close()


def test_a_lost_graphics_card(live):
    """The room is covered at once; afterwards the page works again."""
    live.evaluate(
        """() => {
            const gl = document.querySelector('#view').getContext('webgl2');
            window.loss = gl.getExtension('WEBGL_lose_context');
            loss.loseContext();
        }"""
    )
    live.locator("#cover.error").wait_for()
    assert heading(live).inner_text() == "The graphics card was lost."
    assert live.locator("#view").is_hidden()
    assert live.get_by_role("button", name="Take picture").is_disabled()
    live.evaluate("loss.restoreContext()")
    live.get_by_role("heading", name="Where would you like to be?").wait_for()
    live.get_by_role("button", name="Use the camera").click()
    live.locator("#view").wait_for(state="visible", timeout=60_000)
    live.problems.clear()
