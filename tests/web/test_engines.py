"""The same picture on every engine, on any static host, and without a connection."""

import functools
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

import pocketmatte as pm
from pocketmatte.media.photo import read_photo, write_photo
from pocketmatte.web.server import PAGE

ROOT = Path(__file__).parents[2]
# the line about the engine is replaced by the next one: keep them all
LISTEN = """document.addEventListener('DOMContentLoaded', () => {
    window.said = [];
    const status = document.querySelector('#status');
    new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true});
})"""
STARTED = "said.join(' ')"
KEPT = """async () => {
    const kept = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) kept.push(url);
    return ['.gz', '.tflite', '.js'].every((end) => kept.some((url) => url.endsWith(end)));
}"""
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")


@pytest.fixture(scope="module")
def portrait(tmp_path_factory):
    """A small portrait as a file."""
    image = cv2.resize(
        read_photo(ROOT / "examples" / "hopper.jpg").image, (320, 384), interpolation=cv2.INTER_AREA
    )
    path = tmp_path_factory.mktemp("photo") / "hopper.png"
    write_photo(path, image)
    return path


@pytest.fixture(scope="module")
def expected(portrait):
    """Alpha in levels, by the Python package."""
    return pm.matte(read_photo(portrait).image).alpha * 255


def cut_out(page, address, portrait):
    """Open the photo at this address; the alpha that the page finds, in levels."""
    page.add_init_script(LISTEN)
    page.goto(address)
    page.locator("#swatches input[value=none]").check(timeout=60_000)
    page.locator("#photo-file").set_input_files(portrait)
    page.locator("#view").wait_for(state="visible", timeout=180_000)
    page.keyboard.press("p")
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download").click(timeout=60_000)
    return cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED)[..., 3].astype(float)


@pytest.mark.parametrize(
    ("engine", "words"), [("plain", "WebAssembly, one thread"), ("threads", "threads")]
)
def test_webassembly(with_camera, server, portrait, expected, engine, words):
    page = with_camera.new_page(viewport={"width": 800, "height": 600})
    alpha = cut_out(page, f"{server.address}?engine={engine}", portrait)
    assert words in page.evaluate(STARTED)
    assert np.abs(alpha - expected).mean() < 0.15
    page.close()


def test_webgpu(chromium, server, portrait, expected):
    """On a software adapter: it proves the result, not the speed."""
    with chromium(*WEBGPU) as browser:
        page = browser.new_page(viewport={"width": 800, "height": 600})
        page.goto(server.address)
        if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
            pytest.skip("this Chromium offers no WebGPU adapter")
        alpha = cut_out(page, f"{server.address}?engine=webgpu", portrait)
        assert "WebGPU" in page.evaluate(STARTED)
        assert np.abs(alpha - expected).mean() < 0.5


# the device goes away while the network is at work; a worker cannot be reached but by its script
LOSE = """
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...wish) {
    const device = await request.apply(this, wish);
    const submit = device.queue.submit.bind(device.queue);
    let count = 0;
    device.queue.submit = (work) => { submit(work); if (++count === 3) device.destroy(); };
    return device;
};
"""


def test_webgpu_that_is_lost(chromium, server, portrait, expected):
    """The network goes on without it, and the page says so."""
    with chromium(*WEBGPU) as browser:
        context = browser.new_context(
            viewport={"width": 800, "height": 600}, service_workers="block"
        )
        page = context.new_page()

        def prepend(route):
            response = route.fetch()
            route.fulfill(response=response, body=LOSE + response.text())

        page.route("**/assets/worker-*.js", prepend)
        page.goto(server.address)
        if not page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
            pytest.skip("this Chromium offers no WebGPU adapter")
        alpha = cut_out(page, server.address, portrait)
        said = page.evaluate(STARTED)
        assert "WebGPU" in said and "now without it" in said and "WebAssembly" in said
        assert np.abs(alpha - expected).mean() < 0.15


def test_no_webgpu(with_camera, server, portrait):
    """Asked for, it is missing with a clear word; not asked for, nobody notices."""
    page = with_camera.new_page(viewport={"width": 800, "height": 600})
    page.goto(f"{server.address}?engine=webgpu")
    page.locator("#swatches input:checked").wait_for(state="attached")
    page.locator("#photo-file").set_input_files(portrait)
    page.locator("#cover.error").wait_for(timeout=60_000)
    assert "no WebGPU adapter" in page.locator("#cover-text").inner_text()
    assert page.locator("#view").is_hidden()
    cut_out(page, server.address, portrait)
    assert "WebAssembly" in page.evaluate(STARTED)
    page.close()


@pytest.fixture
def static_host(tmp_path):
    """Any static host: the page in a sub-folder, no headers of ours. Gives address and stopper."""
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "where").symlink_to(PAGE, target_is_directory=True)
    handler = functools.partial(_Quiet, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    yield f"http://127.0.0.1:{server.server_port}/some/where/", stop
    stop()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


def test_static_host_then_offline(with_camera, static_host, portrait, expected):
    address, stop = static_host
    context = with_camera.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()
    first = cut_out(page, address, portrait)
    assert not page.evaluate("crossOriginIsolated")
    assert np.abs(first - expected).mean() < 0.15
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    deadline = time.monotonic() + 60
    while not page.evaluate(KEPT):
        assert time.monotonic() < deadline, "the service worker did not keep the engine"
        page.wait_for_timeout(200)
    # from the second visit on, the service worker adds the headers that threads need
    page.reload()
    assert page.evaluate("crossOriginIsolated")
    again = cut_out(page, address, portrait)
    assert np.abs(again - expected).mean() < 0.15
    deadline = time.monotonic() + 60
    while not page.evaluate(KEPT.replace("'.js'", "'threaded.js'")):
        assert time.monotonic() < deadline
        page.wait_for_timeout(200)
    stop()
    offline = cut_out(page, address, portrait)
    assert np.abs(offline - expected).mean() < 0.15
    context.close()
