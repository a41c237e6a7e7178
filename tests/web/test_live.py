"""The page with a camera, driven by clicks and keys."""

import numpy as np
import pytest


def test_the_camera_from_start_to_stop(live, visitor):
    """One visit: every feature in turn. One test, for starting the camera takes its time."""
    visitor.choose("colour")
    live.locator("#colour").fill("#ff00ff")
    plain = visitor.picture()
    corner = plain[:40, :40, :3].reshape(-1, 3)
    assert (np.abs(corner.astype(int) - (255, 0, 255)).max(axis=1) <= 3).mean() > 0.98
    middle = plain[110:200, 340:400, :3].reshape(-1, 3).astype(int)
    assert (np.abs(middle - (255, 0, 255)).max(axis=1) > 60).mean() > 0.8

    visitor.choose("none")
    clear = visitor.picture()
    assert (clear[:40, :40, 3] == 0).all()
    assert 0.15 < (clear[..., 3] == 255).mean() < 0.85

    live.keyboard.press("v")
    assert live.locator("#matteOnly").is_checked()
    matte = visitor.picture()
    assert (matte[..., 3] == 255).all() and np.ptp(matte[..., :3], axis=2).max() == 0
    live.keyboard.press("v")

    live.keyboard.press("d")
    figures = live.locator("#figures")
    figures.get_by_text("frames/s").wait_for()
    assert {"shrink", "network", "matte", "composite"} <= set(figures.inner_text().split())

    live.get_by_role("button", name="Full screen").click()
    live.get_by_role("button", name="Leave full screen").wait_for(state="attached")
    live.keyboard.press("f")
    live.get_by_role("button", name="Full screen").wait_for()

    live.get_by_role("button", name="Stop camera").click()
    live.get_by_role("heading", name="Where would you like to be?").wait_for()
    assert live.locator("#view").is_hidden()
    assert live.get_by_role("button", name="Take picture").is_disabled()


def test_recording(live, visitor):
    """What is recorded is the composite, never the room; there is no sound in it."""
    av = pytest.importorskip("av")
    visitor.choose("colour")
    live.locator("#colour").fill("#ff00ff")
    live.get_by_role("button", name="Record", exact=True).click()
    live.locator("#recording").wait_for()
    live.wait_for_timeout(8000)
    live.keyboard.press("r")
    with live.expect_download() as download:
        live.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".webm")
    with av.open(str(download.value.path())) as file:
        assert [stream.type for stream in file.streams] == ["video"]
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert frames and frames[0].shape == (480, 640, 3)
    for frame in frames[1:]:  # the first may still have the background of before
        assert np.abs(frame[:40, :40].mean((0, 1)) - (255, 0, 255)).max() < 25
        middle = frame[110:200, 340:400].reshape(-1, 3).astype(int)
        assert (np.abs(middle - (255, 0, 255)).max(axis=1) > 60).mean() > 0.8


def test_mirror(live, visitor):
    """The clip's left side becomes the right one."""
    visitor.choose("none")
    mirrored = visitor.picture()
    live.keyboard.press("x")
    straight = visitor.picture()

    def apart(a, b):
        return np.abs(a[..., 3].astype(int) - b[..., 3]).mean()

    assert apart(mirrored[:, ::-1], straight) < apart(mirrored, straight) / 2


def test_keys_change_the_choice(page):
    page.keyboard.press("b")
    assert page.locator("#swatches input:checked").input_value() == "blur"
    page.keyboard.press("ArrowRight")
    assert page.locator("#swatches input:checked").input_value() == "colour"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#swatches input:checked").input_value() == "none"
    for key, name in (("c", "colorTransfer"), ("l", "lightWrap"), ("m", "smoothStep")):
        page.keyboard.press(key)
        assert page.locator(f"#{name}").is_checked()
    page.keyboard.press("a")
    assert page.locator("#filters input:checked").count() == 0
    page.locator("#preset").focus()
    page.keyboard.press("c")
    assert not page.locator("#colorTransfer").is_checked()


def test_settings_are_remembered(page, visitor):
    visitor.choose("beach")
    page.get_by_label("Light wrap").check()
    page.get_by_label("Theme").select_option("light")
    page.reload()
    page.locator('#swatches input[value="beach"]:checked').wait_for(state="attached")
    assert page.get_by_label("Light wrap").is_checked()
    assert page.get_by_label("Theme").input_value() == "light"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_theme_of_the_system(page):
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-theme={theme}]").wait_for()


COUNT_OBJECTS = """() => {
    const gl = WebGL2RenderingContext.prototype;
    window.alive = {};
    window.frames = 0;
    const pairs = [["createTexture", "deleteTexture"], ["createBuffer", "deleteBuffer"],
        ["createFramebuffer", "deleteFramebuffer"], ["createProgram", "deleteProgram"],
        ["createShader", "deleteShader"], ["fenceSync", "deleteSync"]];
    for (const pair of pairs) {
        alive[pair[0]] = 0;
        pair.forEach((name, index) => {
            const plain = gl[name];
            gl[name] = function (...values) {
                alive[pair[0]] += index ? -1 : 1;
                return plain.apply(this, values);
            };
        });
    }
    const { prototype } = HTMLVideoElement;
    const { requestVideoFrameCallback } = prototype;
    prototype.requestVideoFrameCallback = function (work) {
        // between two frames nothing is under way
        (window.seen ??= []).push({ ...alive });
        window.frames++;
        return requestVideoFrameCallback.call(this, work);
    };
}"""


def test_frames_leave_nothing_behind_on_the_gpu(live):
    """Every texture, buffer and fence of a frame is gone, or used again, at the next one."""
    assert live.locator('#swatches input[value="blur"]').is_checked()
    for key in "lh":  # light wrap and harmonise have passes and copies of their own
        live.keyboard.press(key)
    live.evaluate(COUNT_OBJECTS)
    wait_for_frames(live, 7)  # targets and programs are made once
    settled = live.evaluate("frames")
    wait_for_frames(live, settled + 9)
    seen = live.evaluate("seen")
    assert live.locator("#harmonize").is_checked() and live.locator("#lightWrap").is_checked()
    assert seen[-1] == seen[settled - 1]


def wait_for_frames(page, count):
    for _ in range(600):
        if page.evaluate("frames") >= count:
            return
        page.wait_for_timeout(200)
    raise AssertionError("the frames do not come")


def test_a_camera_that_brings_no_frames_collects_no_callbacks(live):
    """As in a tab that nobody sees: who waits in vain stops waiting."""
    live.evaluate("""() => {
        window.waiting = 0;
        const { prototype } = HTMLVideoElement;
        prototype.requestVideoFrameCallback = () => { window.waiting++; return 7; };
        prototype.cancelVideoFrameCallback = (handle) => { if (handle === 7) window.waiting--; };
    }""")
    live.wait_for_timeout(3000)
    assert live.evaluate("waiting") <= 1
