"""Screen readers, keyboards, small screens."""

import json
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "apps" / "web" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desktop": (1280, 800), "phone": (360, 740), "phone on its side": (740, 360)}


def violations(page):
    """What axe-core finds; the script comes in by the debugger, past the page's strict policy."""
    page.evaluate(AXE.read_text() + "; undefined")
    found = page.evaluate("axe.run().then(({violations}) => JSON.stringify(violations))")
    return [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in json.loads(found)
    ]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm ci in apps/web)")
class TestAxe:
    @pytest.mark.parametrize("theme", ["dark", "light"])
    def test_start(self, page, theme):
        page.emulate_media(color_scheme=theme)
        page.locator("details summary").click()
        assert violations(page) == []

    def test_problem(self, page):
        page.locator("#photo-file").set_input_files(
            {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
        )
        page.locator("#cover.error").wait_for(timeout=60_000)
        assert violations(page) == []

    def test_live(self, live):
        live.keyboard.press("d")
        live.keyboard.press("p")
        live.get_by_role("link", name="Download").wait_for(timeout=60_000)
        assert violations(live) == []


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_fits_the_screen(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, summary, input[type=range]')]
            .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 40)
            .map((e) => e.outerHTML)"""
    )
    assert small == []


def test_everything_by_keyboard(page):
    """Tab reaches every control that can be seen, in the order of the page."""
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "document.activeElement.id || document.activeElement.value"
            " || document.activeElement.innerText.trim()"
        )
        if reached and name == reached[0]:
            break
        reached.append(name)
    for name in ("Skip to the controls", "Use the camera", "Full screen", "blur", "colorTransfer",
                 "mirror", "preset", "theme", "Keys and privacy"):  # fmt: skip
        assert name in reached, reached
    assert reached.index("Use the camera") < reached.index("Full screen") < reached.index("preset")


def test_a_phone_that_is_turned(live):
    """The source changes its shape; so does the picture, and it is matted again."""
    live.evaluate(
        """() => {
            const canvas = document.createElement('canvas');
            canvas.width = 300; canvas.height = 400;
            const draw = canvas.getContext('2d');
            setInterval(() => { draw.fillStyle = '#777'; draw.fillRect(0, 0, 999, 999); }, 50);
            window.turn = () => { canvas.width = 400; canvas.height = 300; };
            navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
        }"""
    )
    live.get_by_role("button", name="Stop camera").click()
    live.get_by_role("button", name="Use the camera").click()
    live.locator('#view[width="300"]').wait_for(timeout=60_000)
    live.evaluate("turn()")
    live.locator('#view[width="400"]').wait_for(timeout=60_000)
    assert live.evaluate("document.querySelector('#view').height") == 300
