"""The browser page in Chromium with a fake camera: frames a second, stages, memory.

    python -m benchmarks.web [--minutes 10] [--seconds 20] [--out FILE]

`speed`: frames a second and the page's own milliseconds per stage at 640x480 and 1280x720, on
WebAssembly without and with threads. Drawing runs on SwiftShader here, a software renderer that
shares the processor with the network and with the rendered camera, so `shrink` and `composite` are
upper bounds. All clocks depend on what else the machine does; `processor_ms_per_frame`, the time of
all of Chromium's processes for each frame, and `share`, how much of one core they were given, tell
how much. `webgpu`: one photo's alpha on a software adapter against WebAssembly's; that proves the
result and says nothing about speed. `memory`: the page runs for `--minutes`; JavaScript heap after
collection, and the resident memory of all of Chromium's processes, at regular intervals. Needs
Chromium and playwright.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import astronaut
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.errors import PocketmatteError
from pocketmatte.web.server import PAGE, PageServer

SIZES = {"640x480": (640, 480), "1280x720": (1280, 720)}
ENGINES = ("plain", "threads")
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")
SETTLE = 6  # seconds: compiled code and caches come first
SAMPLES = 21
STAGES = ("shrink", "network", "matte", "composite")
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
def live_page(size: tuple[int, int], engine: str):
    """The page with its camera running before a plain colour; gives playwright's page."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.y4m"
        write_clip(clip, size)
        flags = (
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={clip}",
        )
        with open_page(engine, flags) as page:
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


def measure_speed(seconds: float) -> list[dict]:
    """One row for each engine and size."""
    return [
        {"engine": engine, "size": name, **speed_row(size, engine, seconds)}
        for engine in ENGINES
        for name, size in SIZES.items()
    ]


def speed_row(size: tuple[int, int], engine: str, seconds: float) -> dict:
    with live_page(size, engine) as page:
        frames, processor, began = page.evaluate("frames"), used_seconds(), time.monotonic()
        page.wait_for_timeout(1000 * seconds)
        taken = time.monotonic() - began
        frames, processor = page.evaluate("frames") - frames, used_seconds() - processor
        found = figures(page)
    return {
        "runs_on": found["runs on"],
        "fps": round(frames / taken, 2),
        **{f"{stage}_ms": found[stage] for stage in STAGES},
        "processor_ms_per_frame": round(1000 * processor / max(frames, 1), 1),
        "share": round(processor / taken, 2),
    }


def measure_webgpu() -> dict:
    """How far the alpha of one photo on WebGPU is from WebAssembly's, in levels of 255."""
    alphas, devices = [], []
    for engine, flags in (("plain", ()), ("webgpu", WEBGPU)):
        with tempfile.TemporaryDirectory() as folder, open_page(engine, flags) as page:
            photo = Path(folder) / "portrait.png"
            cv2.imwrite(str(photo), cv2.cvtColor(astronaut(), cv2.COLOR_RGBA2BGR))
            page.locator("#swatches input[value=none]").check()
            page.keyboard.press("d")
            page.locator("#photo-file").set_input_files(photo)
            try:
                wait_for_picture(page)
            except PocketmatteError as error:
                return {"missing": str(error)}
            page.locator("#figures").get_by_text("runs on").wait_for(timeout=60_000)
            devices.append(figures(page)["runs on"])
            page.keyboard.press("p")
            with page.expect_download(timeout=60_000) as download:
                page.get_by_role("link", name="Download").click(timeout=60_000)
            picture = cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED)
            alphas.append(picture[..., 3].astype(float))
    apart = np.abs(alphas[0] - alphas[1])
    return {
        "runs_on": devices[1],
        "mean_levels": round(float(apart.mean()), 4),
        "max_levels": float(apart.max()),
    }


def own_processes() -> list[list[str]]:
    """The lines of /proc/PID/stat, from the state on, of this process and all its descendants."""
    lines: dict[int, list[str]] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        lines[int(folder.name)] = fields
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        process = waiting.pop()
        if process in lines:
            found.append(lines[process])
        waiting += children.get(process, [])
    return found


def resident_mb() -> float:
    pages = sum(int(fields[21]) for fields in own_processes())
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def used_seconds() -> float:
    """Processor time so far."""
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in own_processes())
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_memory(minutes: float) -> dict:
    """Heap and resident memory while the page runs, and their growth per minute."""
    times, heap, resident = [], [], []
    with live_page(SIZES["640x480"], "auto") as page:
        session = page.context.new_cdp_session(page)
        frames, began = page.evaluate("frames"), time.monotonic()
        for index in range(SAMPLES):
            due = began + 60 * minutes * index / (SAMPLES - 1)
            page.wait_for_timeout(max(1, 1000 * (due - time.monotonic())))
            session.send("HeapProfiler.collectGarbage")
            usage = session.send("Runtime.getHeapUsage")
            times.append(round((time.monotonic() - began) / 60, 2))
            heap.append(round(usage["usedSize"] / 1e6, 2))
            resident.append(resident_mb())
        frames = page.evaluate("frames") - frames
    return {
        "minutes": times,
        "heap_mb": heap,
        "resident_mb": resident,
        **growth(times, heap, resident),
        "frames": frames,
        "fps": round(frames / (60 * minutes), 2),
    }


def growth(times: list[float], heap: list[float], resident: list[float]) -> dict:
    """Slopes after the first quarter, for caches and compiled code come first, and of the end."""
    settled, end = slice(SAMPLES // 4, None), slice(SAMPLES // 2, None)
    return {
        "heap_growth_mb_per_minute": slope(times[settled], heap[settled]),
        "resident_growth_mb_per_minute": slope(times[settled], resident[settled]),
        "resident_growth_at_end_mb_per_minute": slope(times[end], resident[end]),
    }


def slope(x: list[float], y: list[float]) -> float:
    return round(float(np.polyfit(x, y, 1)[0]), 3)


def measure_sizes() -> dict:
    """Kilobytes of the page's parts, as they lie on disk and as they travel."""
    parts = {"page": [], "engine": [], "weights": []}
    folders = {"litert": "engine", "models": "weights"}
    for path in PAGE.rglob("*"):
        if path.is_file():
            parts[folders.get(path.parent.name, "page")].append(path)
    glue = [path for path in parts["engine"] if path.suffix == ".js"]
    return {
        "page_kb": kilobytes(parts["page"]),
        "largest_engine_script_kb": max(kilobytes([path]) for path in glue),
        "engine_program_kb": {
            path.name: kilobytes([path]) for path in parts["engine"] if path not in glue
        },
        "weights_kb": {path.name.split("-")[0]: kilobytes([path]) for path in parts["weights"]},
    }


def kilobytes(paths: list[Path]) -> float:
    return round(sum(path.stat().st_size for path in paths) / 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="of the memory run; 0 leaves it")
    parser.add_argument("--seconds", type=float, default=20, help="per engine and size")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    arguments = [f"--minutes={options.minutes:g}", f"--seconds={options.seconds:g}"]
    result = heading(command_line("benchmarks.web", arguments), browser=browser_version())
    result |= {"sizes": measure_sizes(), "speed": measure_speed(options.seconds)}
    result["webgpu"] = measure_webgpu()
    if options.minutes:
        result["memory"] = measure_memory(options.minutes)
    save("web", result, options.out)


def browser_version() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    found = subprocess.run([path, "--version"], capture_output=True, text=True) if path else None
    return found.stdout.strip() if found else "none"


if __name__ == "__main__":
    main()
