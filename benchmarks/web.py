"""The browser page in Chromium with a fake camera: frames a second, stages, memory.

    python -m benchmarks.web [--minutes 10] [--seconds 20] [--only PARTS]

`speed`: frames a second and the page's own milliseconds per stage at 640x480 and 1280x720, on
WebAssembly without and with threads. Drawing runs on SwiftShader here, a software renderer that
shares the processor with the network and with the rendered camera, so `shrink` and `composite` are
upper bounds. All clocks depend on what else the machine does; `processor_ms_per_frame`, the time of
all of Chromium's processes for each frame, and `share`, how much of one core they were given, tell
how much. `webgpu`: one photo's alpha on a software adapter against WebAssembly's; that proves the
result and says nothing about speed. `memory`: the camera runs for `--minutes` after a
warm-up; the memory of Chromium's processes by kind, and of the page's scripts, after collecting
garbage, with the slope of each and its confidence (see `benchmarks/web_memory.py`). Needs Chromium
and playwright.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import astronaut
from benchmarks.ending import run_to_the_end
from benchmarks.processes import used_seconds
from benchmarks.store import RESULTS, command_line, heading, load, save
from benchmarks.web_memory import measure_memory
from benchmarks.web_page import figures, live_page, open_page, wait_for_picture
from pocketmatte.errors import PocketmatteError
from pocketmatte.web.server import PAGE

SIZES = {"640x480": (640, 480), "1280x720": (1280, 720)}
ENGINES = ("plain", "threads")
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")
STAGES = ("shrink", "network", "matte", "composite")


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
    parser.add_argument("--minutes", type=float, default=10, help="of the memory run")
    parser.add_argument("--seconds", type=float, default=20, help="per engine and size")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise PocketmatteError(f"no such part: {unknown.pop()}; there are: {', '.join(PARTS)}")
    older = load("web", options.out) if (options.out / "web.json").is_file() else {}
    kept = {part: older[part] for part in PARTS if part in older}
    result = heading(command_line("benchmarks.web", sys.argv[1:]), browser=browser_version())
    new = {part: PARTS[part](options) for part in chosen}
    save("web", result | kept | new, options.out)


PARTS = {
    "sizes": lambda options: measure_sizes(),
    "speed": lambda options: measure_speed(options.seconds),
    "webgpu": lambda options: measure_webgpu(),
    "memory": lambda options: measure_memory(options.minutes, SIZES["640x480"]),
}


def browser_version() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    found = subprocess.run([path, "--version"], capture_output=True, text=True) if path else None
    return found.stdout.strip() if found else "none"


if __name__ == "__main__":
    run_to_the_end(main)
