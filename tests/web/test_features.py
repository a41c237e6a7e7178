"""Features one by one: own backgrounds, dropped and pasted photos, sharing, cameras, languages."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pocketmatte.media.photo import read_photo

ROOT = Path(__file__).parents[2]
RED, BLUE = (200, 30, 40), (20, 60, 210)


@pytest.fixture(scope="module")
def desk(with_camera, server):
    """One page for all tests of this file: starting the engine takes longer than most of them."""
    context = with_camera.new_context(
        viewport={"width": 800, "height": 600}, service_workers="block"
    )
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(server.address)
    page.locator("#swatches input:checked").wait_for(state="attached")
    yield page
    context.close()


@pytest.fixture
def page(desk):
    """The page with its camera off, its results thrown away, its filters and background plain."""
    stop = desk.get_by_role("button", name="Stop camera")
    if stop.is_visible():
        stop.click()
    for button in reversed(desk.get_by_role("button", name="Throw away").all()):
        button.click()
    desk.evaluate("document.activeElement.blur()")
    desk.keyboard.press("a")
    desk.locator("#swatches input[value=colour]").check()
    desk.locator("#mirror").check()
    yield desk
    assert desk.problems == []


@pytest.fixture(scope="module")
def portrait():
    """A small portrait: 256x307, RGB uint8."""
    image = read_photo(ROOT / "examples" / "hopper.jpg").image
    return cv2.resize(image, (256, 307), interpolation=cv2.INTER_AREA)


def png(image, name="picture.png"):
    """A picture as playwright wants files."""
    _, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return {"name": name, "mimeType": "image/png", "buffer": data.tobytes()}


def plain(colour, size=(120, 160)):
    return np.full((*size, 3), colour, np.uint8)


def halves(left, right, size=(120, 160)):
    image = plain(left, size)
    image[:, size[1] // 2 :] = right
    return image


def corners(picture):
    """The two upper corners, where the background is: mean RGB each."""
    side = min(picture.shape[:2]) // 12
    return [picture[:side, part, :3].mean((0, 1)) for part in (slice(side), slice(-side, None))]


def near(colour, goal, by=6):
    return np.abs(np.subtract(colour, goal)).max() < by


class TestOwnBackground:
    def test_a_picture(self, page, visitor, portrait):
        """It covers the frame, is chosen at once, and is still there on the next visit."""
        visitor.open_photo(png(portrait))
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Own picture or video").click()
        chooser.value.set_files(png(halves(RED, BLUE)))
        page.locator("#swatches input[value=own]:checked").wait_for(state="attached")
        left, right = corners(visitor.picture())
        assert near(left, RED) and near(right, BLUE)
        page.reload()
        page.locator("#swatches input[value=own]:checked").wait_for(state="attached")
        visitor.open_photo(png(portrait))
        left, right = corners(visitor.picture())
        assert near(left, RED) and near(right, BLUE)

    def test_a_video(self, page, visitor, portrait, tmp_path):
        """It moves behind the person; it is not kept for the next visit."""
        av = pytest.importorskip("av")
        path = tmp_path / "own.webm"
        with av.open(str(path), "w") as file:
            stream = file.add_stream("libvpx", rate=4)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for index in range(16):
                colour = RED if index % 8 < 4 else BLUE
                frame = av.VideoFrame.from_ndarray(plain(colour), format="rgb24")
                file.mux(stream.encode(frame))
            file.mux(stream.encode())
        visitor.plug_in(("Front", "user", portrait))
        visitor.start_camera()
        page.locator("#own-file").set_input_files(path)
        page.locator("#swatches input[value=own]:checked").wait_for(state="attached")
        seen = set()
        for _ in range(20):
            corner = corners(visitor.picture())[0]
            seen |= {
                name for name, colour in (("red", RED), ("blue", BLUE)) if near(corner, colour, 20)
            }
            if len(seen) == 2:
                break
        assert seen == {"red", "blue"}
        page.reload()
        page.locator("#swatches input:checked").wait_for(state="attached")
        assert page.locator("#swatches input:checked").input_value() == "blur"

    @pytest.mark.parametrize(
        ("name", "kind", "words"),
        [
            ("notes.txt", "text/plain", "notes.txt is not a picture."),
            ("broken.png", "image/png", "broken.png cannot be read as a picture."),
            ("broken.webm", "video/webm", "That video cannot be played."),
        ],
    )
    def test_no_background_at_all(self, page, visitor, portrait, name, kind, words):
        """The one before stays."""
        visitor.open_photo(png(portrait))
        visitor.choose("colour")
        before = visitor.picture()
        file = {"name": name, "mimeType": kind, "buffer": b"nonsense"}
        page.locator("#own-file").set_input_files(file)
        page.get_by_role("status").get_by_text(words).wait_for()
        assert page.locator("#swatches input:checked").input_value() == "colour"
        assert (visitor.picture() == before).all()


HAND_OVER = """([kind, name, data]) => {
    const bytes = Uint8Array.from(data);
    const type = name.endsWith('.png') ? 'image/png' : 'text/plain';
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const settings = { bubbles: true, cancelable: true };
    const event = kind === 'paste'
        ? new ClipboardEvent(kind, { ...settings, clipboardData: transfer })
        : new DragEvent(kind, { ...settings, dataTransfer: transfer });
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
}"""


class TestHandedOver:
    def hand_over(self, page, kind, file):
        return page.evaluate(HAND_OVER, [kind, file["name"], list(file["buffer"])])

    def test_dropped(self, page, visitor, portrait):
        """While it hangs over the page a sign says so; the browser must not open it itself."""
        visitor.choose("none")
        assert self.hand_over(page, "dragover", png(portrait))
        page.get_by_text("Drop the photo").wait_for()
        assert self.hand_over(page, "drop", png(portrait))
        assert page.get_by_text("Drop the photo").is_hidden()
        page.locator('#view[width="256"][height="307"]').wait_for(timeout=60_000)
        assert 0.1 < (visitor.picture()[..., 3] == 255).mean() < 0.9

    def test_not_dropped_after_all(self, page, portrait):
        shown = page.locator("#view").is_visible()
        self.hand_over(page, "dragover", png(portrait))
        page.get_by_text("Drop the photo").wait_for()
        page.evaluate("document.dispatchEvent(new DragEvent('dragleave', {relatedTarget: null}))")
        assert page.get_by_text("Drop the photo").is_hidden()
        assert page.locator("#view").is_visible() == shown

    def test_pasted(self, page, visitor, portrait):
        self.hand_over(page, "paste", png(portrait[:300]))
        page.locator('#view[width="256"][height="300"]').wait_for(timeout=60_000)
        assert near(corners(visitor.picture())[0], (0x2E, 0x7D, 0x6B))

    def test_no_picture_dropped(self, page):
        file = {"name": "notes.txt", "buffer": b"hello"}
        self.hand_over(page, "drop", file)
        page.get_by_role("heading", name="notes.txt is not a picture.").wait_for()
        assert page.locator("#view").is_hidden()


class TestResults:
    def test_shared(self, page, visitor, portrait, until):
        """The system's sheet gets the very file that the download gives."""
        page.evaluate(
            """() => {
                navigator.canShare = () => true;
                navigator.share = async ({ files: [file] }) => {
                    window.shared = { name: file.name, type: file.type,
                        bytes: [...new Uint8Array(await file.arrayBuffer())] };
                };
            }"""
        )
        visitor.open_photo(png(portrait))
        page.get_by_role("button", name="Take picture").click()
        page.get_by_role("button", name="Share").click(timeout=60_000)
        shared = until(page, "window.shared")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert shared["name"] == download.value.suggested_filename
        assert shared["name"].endswith(".png") and shared["type"] == "image/png"
        assert bytes(shared["bytes"]) == Path(download.value.path()).read_bytes()

    def test_a_sheet_that_is_closed(self, page, visitor, portrait, until):
        page.evaluate(
            """() => {
                navigator.canShare = () => true;
                navigator.share = () => { window.asked = true;
                    return Promise.reject(new DOMException('no', 'AbortError')); };
            }"""
        )
        visitor.open_photo(png(portrait))
        page.keyboard.press("p")
        page.get_by_role("button", name="Share").click(timeout=60_000)
        until(page, "window.asked")
        assert page.locator("#view").is_visible()
        assert page.get_by_role("link", name="Download").is_visible()

    def test_no_sheet_here(self, page, visitor, portrait):
        page.evaluate("navigator.canShare = undefined")
        visitor.open_photo(png(portrait))
        page.keyboard.press("p")
        page.get_by_role("link", name="Download").wait_for(timeout=60_000)
        assert page.get_by_role("button", name="Share").count() == 0

    def test_the_oldest_make_room(self, page, visitor, portrait, until):
        visitor.open_photo(png(portrait))
        newest = "document.querySelector('#results li')?.dataset.address"
        for _ in range(7):
            before = page.evaluate(newest)
            page.keyboard.press("p")
            until(page, f"before => {newest} !== (before ?? undefined)", before)
        assert page.locator("#results li").count() == 6
        page.get_by_role("button", name="Throw away").first.click()
        assert page.locator("#results li").count() == 5


class TestCameras:
    def test_front_and_back(self, page, visitor, portrait):
        """Two cameras: the button turns, the front one is mirrored and the back one is not."""
        other = cv2.copyMakeBorder(portrait, 0, 0, 0, 64, cv2.BORDER_CONSTANT, value=(9, 9, 9))
        visitor.plug_in(("Front camera", "user", portrait), ("Back camera", "environment", other))
        visitor.start_camera()
        choice = page.get_by_role("combobox", name="Camera")
        choice.locator("option").nth(1).wait_for(state="attached")
        assert choice.locator("option").all_inner_texts() == ["Front camera", "Back camera"]
        assert choice.input_value() == "id-0"
        assert page.evaluate("document.querySelector('#view').width") == 256
        assert page.locator("#mirror").is_checked()
        page.get_by_role("button", name="Other camera").click()
        page.locator('#view[width="320"]').wait_for(timeout=60_000)
        assert page.evaluate("wishes.at(-1).video.facingMode.ideal") == "environment"
        assert choice.input_value() == "id-1"
        assert not page.locator("#mirror").is_checked()
        page.get_by_role("button", name="Other camera").click()
        page.locator('#view[width="256"]').wait_for(timeout=60_000)
        assert page.evaluate("wishes.at(-1).video.facingMode.ideal") == "user"
        assert page.locator("#mirror").is_checked()

    def test_chosen_from_the_list(self, page, visitor, portrait, until):
        """And asked for again on the next visit."""
        wide = cv2.resize(portrait, (320, 240))
        visitor.plug_in(("One", "user", portrait), ("Two", "user", wide))
        visitor.start_camera()
        page.get_by_role("combobox", name="Camera").select_option("Two")
        page.locator('#view[width="320"][height="240"]').wait_for(timeout=60_000)
        assert page.evaluate("wishes.at(-1).video.deviceId.ideal") == "id-1"
        page.reload()
        page.locator("#swatches input:checked").wait_for(state="attached")
        visitor.plug_in(("One", "user", portrait), ("Two", "user", wide))
        page.get_by_role("button", name="Use the camera").click()
        until(page, "wishes.length === 1")
        assert page.evaluate("wishes[0].video.deviceId.ideal") == "id-1"
        page.evaluate("localStorage.clear()")
        page.reload()
        page.locator("#swatches input:checked").wait_for(state="attached")

    def test_one_camera_has_no_choice(self, page, visitor, portrait):
        visitor.plug_in(("Only", "user", portrait))
        visitor.start_camera()
        assert page.locator("#camera").is_hidden()
        assert page.get_by_role("button", name="Other camera").is_hidden()

    def test_unplugged_and_plugged_in_again(self, page, visitor, portrait):
        """The last picture is gone from the screen at once; one click brings the camera back."""
        visitor.plug_in(("Front", "user", portrait))
        visitor.choose("none")
        visitor.start_camera()
        page.evaluate("track.dispatchEvent(new Event('ended'))")
        page.get_by_role("heading", name="The camera went away.").wait_for()
        assert page.locator("#view").is_hidden()
        assert page.get_by_role("button", name="Take picture").is_disabled()
        _, counts = np.unique(visitor.screenshot().reshape(-1, 3), axis=0, return_counts=True)
        assert counts.max() / counts.sum() > 0.8
        visitor.start_camera()
        assert 0.1 < (visitor.picture()[..., 3] == 255).mean() < 0.9


def test_presets_are_other_networks(page, visitor, portrait, until):
    """Every preset is offered, the choice loads its weights and draws the photo anew."""
    asked = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    visitor.choose("none")
    visitor.open_photo(png(portrait))
    before = visitor.picture()
    names = [text.split()[0] for text in page.locator("#preset option").all_inner_texts()]
    assert {"fast", "balanced", "best"} <= set(names)
    page.get_by_label("Network").select_option("best")
    page.get_by_text("Weights of best").wait_for(state="attached")
    until(page, "document.querySelector('#busy').hidden")
    for _ in range(40):
        after = visitor.picture()
        if (after != before).any():
            break
        page.wait_for_timeout(500)
    assert (after[..., 3] != before[..., 3]).any()
    assert np.abs(after[..., 3].astype(int) - before[..., 3]).mean() < 40
    assert any(name.startswith("best-") for name in asked)


def test_words_for_screen_readers(page, visitor, portrait):
    """One language, named; every control has a name, every picture its words."""
    assert page.locator("html").get_attribute("lang") == "en"
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas, [role]')]
            .filter((e) => e.id !== 'status') // empty until there is news
            .filter((e) => !e.textContent.trim() && !e.ariaLabel && !e.labels?.length)
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    visitor.open_photo(png(portrait))
    page.keyboard.press("p")
    page.get_by_role("img", name="pocketmatte-").wait_for(timeout=60_000)
    assert visitor.said() == "Picture taken."
    assert page.get_by_role("img", name="You, before the chosen background").is_visible()
    page.get_by_role("radio", name="Beach").check(force=True)
    assert (
        page.get_by_role("group", name="Background").get_by_role("radio", name="Blur").count() == 1
    )
