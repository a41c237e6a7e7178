"""Milliseconds per filter, of refinement and of foreground colours, on one thread.

python -m benchmarks.filters [--height 720 --width 1280] [--repeat 30] [--out FILE]

The picture is scikit-image's astronaut (NASA, public domain) on its coffee cup. A filter's time
is that of its own function, without the blending that follows (`alpha_blend` is listed too).
"""

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from pocketmatte.evaluation.speed.machine import describe_machine, describe_versions
from pocketmatte.filters import FILTERS
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import shrink
from pocketmatte.matting.refine import guided_upsample

RESULTS = Path(__file__).parent / "results"
GRID_PIXELS = 36_864  # of the network's grid: 192 x 192


def make_layers(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(image, foreground, alpha, background) of a portrait that fills the frame's height."""
    from skimage.data import astronaut, coffee

    portrait = astronaut()
    mask = np.full(portrait.shape[:2], cv2.GC_BGD, np.uint8)
    cv2.ellipse(mask, (225, 130), (95, 125), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (215, 440), (235, 230), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(mask, (210, 440), (150, 150), 0, 0, 360, cv2.GC_FGD, -1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(portrait[..., ::-1].copy(), mask, None, *models, 2, cv2.GC_INIT_WITH_MASK)
    solid = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)

    side = min(height, width)
    left, top = (width - side) // 2, height - side
    image = cv2.resize(portrait[:64, :64], (width, height), interpolation=cv2.INTER_CUBIC)
    alpha = np.zeros((height, width), np.float32)
    place = slice(top, top + side), slice(left, left + side)
    image[place] = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(cv2.resize(solid, (side, side)), (0, 0), side / 400)
    alpha[place] = np.clip(soft, 0, 1)
    background = cv2.resize(coffee(), (width, height), interpolation=cv2.INTER_CUBIC)
    return image, estimate_foreground(image, alpha), alpha, background


def poorly_taken(picture: np.ndarray) -> np.ndarray:
    """Too dark and too blue: `harmonize` leaves a good portrait alone, which would cost nothing."""
    return cv2.multiply(picture, (0.45, 0.6, 0.9, 1.0))


def make_tasks(height: int, width: int) -> dict:
    """What is timed, by name: functions without arguments."""
    image, foreground, alpha, background = make_layers(height, width)
    arguments = {
        "alpha": (alpha,),
        "background": (background, alpha),
        "foreground": (foreground, alpha, background),
        "blend": (foreground, alpha, background),
    }
    scale = (GRID_PIXELS / (height * width)) ** 0.5
    grid = round(height * scale / 16) * 16, round(width * scale / 16) * 16
    small_alpha, small_image = shrink(alpha, grid), shrink(image, grid)
    tasks = {
        "guided_upsample": lambda: guided_upsample(small_alpha, image, small=small_image),
        "estimate_foreground": lambda: estimate_foreground(image, alpha),
    }
    for name, entry in FILTERS.items():
        tasks[name] = lambda entry=entry: entry.function(*arguments[entry.kind])
    dark = poorly_taken(foreground)
    tasks["harmonize"] = lambda: FILTERS["harmonize"].function(dark, alpha, background)
    return tasks


def measure(tasks: dict, repeat: int) -> dict[str, dict[str, float]]:
    """Time all tasks in turn, `repeat` times over, so that a busy moment hits them alike."""
    times = {name: [] for name in tasks}
    for _ in range(repeat):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            times[name].append((time.perf_counter() - start) * 1000)
    return {
        name: {"ms": round(float(np.min(row)), 3), "median_ms": round(float(np.median(row)), 3)}
        for name, row in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--out", type=Path, default=RESULTS / "filters.json")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    result = {
        "command": "python -m benchmarks.filters " + " ".join(sys.argv[1:]),
        "date": date.today().isoformat(),
        "machine": describe_machine(),
        "versions": describe_versions(("numpy", "opencv-python-headless", "opencv-python")),
        "threads": 1,
        "size": [options.height, options.width],
        "repeat": options.repeat,
        "ms_is": "minimum",
        "results": measure(make_tasks(options.height, options.width), options.repeat),
    }
    result["command"] = result["command"].strip()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, row in result["results"].items():
        sys.stdout.write(f"{name:22s} {row['ms']:8.2f} ms (median {row['median_ms']:.2f})\n")


if __name__ == "__main__":
    main()
