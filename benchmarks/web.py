"""The browser page in Chromium with a fake camera: frames a second, stages, memory.

    python -m benchmarks.web [--minutes 10] [--seconds 20] [--out FILE]

`speed`: the page's own figures at 640x480 and 1280x720, for each engine that this machine has.
Drawing runs on SwiftShader here, a software renderer that shares the processor with the network,
so `composite` and `shrink` are upper bounds; the network's time is that of WebAssembly.
`memory`: the page runs for `--minutes`; JavaScript heap after collection, and the resident memory
of all of Chromium's processes, at regular intervals. Needs Chromium and playwright.
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
ENGINES = {
    "plain": ("plain", ()),
    "threads": ("threads", ()),
    "webgpu-swiftshader": (
        "webgpu",
        ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"),
    ),
}
SAMPLES = 21


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
def live_page(size: tuple[int, int], engine: str, flags: tuple[str, ...]):
    """The page with its camera running; gives playwright's page."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise PocketmatteError("Chromium is not installed (on Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, PageServer(port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clip = Path(folder) / "clip.y4m"
        write_clip(clip, size)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=[
                    "--no-sandbox",
                    "--use-angle=swiftshader",
                    "--enable-unsafe-swiftshader",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-video-capture={clip}",
                    *flags,
                ],
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{server.address}?engine={engine}")
            page.get_by_role("button", name="Use the camera").click()
            page.locator("#view, #cover.error").locator("visible=true").wait_for(timeout=120_000)
            if page.locator("#cover.error").is_visible():
                reason = page.locator("#cover-text").inner_text()
                browser.close()
                raise PocketmatteError(f"the page did not start ({reason})")
            page.locator("#swatches input[value=colour]").check()
            page.keyboard.press("d")
            yield page
            browser.close()
        server.shutdown()


def figures(page) -> dict:
    """The page's own figures as numbers where they are such."""
    names = page.locator("#figures dt").all_inner_texts()
    values = page.locator("#figures dd").all_inner_texts()
    pairs = zip(names, (value.removesuffix(" ms") for value in values), strict=True)
    return {name: float(v) if v.replace(".", "").isdigit() else v for name, v in pairs}


def measure_speed(seconds: float) -> list[dict]:
    """One row for each engine and size."""
    rows = []
    for name, (engine, flags) in ENGINES.items():
        for size_name, size in SIZES.items():
            try:
                with live_page(size, engine, flags) as page:
                    page.wait_for_timeout(1000 * seconds)
                    found = figures(page)
            except PocketmatteError as error:
                rows.append({"engine": name, "size": size_name, "missing": str(error)})
                continue
            stages = ("shrink", "network", "matte", "composite")
            rows.append(
                {
                    "engine": name,
                    "size": size_name,
                    "runs_on": found["runs on"],
                    "fps": found["frames/s"],
                    **{f"{stage}_ms": found[stage] for stage in stages},
                }
            )
    return rows


def resident_mb(root: int) -> float:
    """Resident memory of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        resident[int(folder.name)] = int(fields[21])
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        total += resident.get(process, 0)
        waiting += children.get(process, [])
    return round(total * 4096 / 1e6, 1)


def measure_memory(minutes: float) -> dict:
    """Heap and resident memory while the page runs, and their growth per minute."""
    times, heap, resident = [], [], []
    with live_page(SIZES["640x480"], "auto", ()) as page:
        session = page.context.new_cdp_session(page)
        began = time.monotonic()
        for index in range(SAMPLES):
            due = began + 60 * minutes * index / (SAMPLES - 1)
            page.wait_for_timeout(max(1, 1000 * (due - time.monotonic())))
            session.send("HeapProfiler.collectGarbage")
            usage = session.send("Runtime.getHeapUsage")
            times.append(round((time.monotonic() - began) / 60, 2))
            heap.append(round(usage["usedSize"] / 1e6, 2))
            resident.append(resident_mb(os.getpid()))
        found = figures(page)
    settled = slice(SAMPLES // 4, None)  # caches and compiled code come first
    return {
        "minutes": times,
        "heap_mb": heap,
        "resident_mb": resident,
        "heap_growth_mb_per_minute": slope(times[settled], heap[settled]),
        "resident_growth_mb_per_minute": slope(times[settled], resident[settled]),
        "fps": found["frames/s"],
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
    if options.minutes:
        result["memory"] = measure_memory(options.minutes)
    save("web", result, options.out)


def browser_version() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    found = subprocess.run([path, "--version"], capture_output=True, text=True) if path else None
    return found.stdout.strip() if found else "none"


if __name__ == "__main__":
    main()
