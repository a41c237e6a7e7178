"""Harmonisation beside the classical ways: errors on held-out pairs, time, steadiness.

python -m benchmarks.harmonize --data DIR [--split val] [--pairs 3] [--repeat 100]

Pairs are made as for training, from pictures that no training saw: a photo whose person was
changed, and the photo as the answer; or a photo in a strong light whose person is as the camera
saw it, and the person in that light as the answer. Errors are those of the composite over the
person.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from benchmarks.clips import astronaut, clip, rendered_scene
from benchmarks.filters import make_layers, poorly_taken
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.data.harmony import Pair, photo_pair, world_pair
from pocketmatte.data.layout import DataFolder
from pocketmatte.evaluation.metrics import foreground_delta_e, foreground_mse
from pocketmatte.filters.alpha_blend import alpha_blend
from pocketmatte.filters.color_transfer import color_transfer
from pocketmatte.filters.harmonize import Steady, harmonize
from pocketmatte.filters.seamless_clone import seamless_clone
from pocketmatte.matting.foreground import estimate_foreground
from pocketmatte.matting.preprocess import shrink

SIDE = 256
_JUST_SEEN = 2.3  # CIEDE2000 of two colours side by side
_SCORES = ("mse", "fmse", "psnr", "delta_e")


def no_change(pair: Pair) -> np.ndarray:
    return alpha_blend(pair.foreground, pair.alpha, pair.background)


def reinhard(pair: Pair) -> np.ndarray:
    layers = pair.foreground, pair.alpha, pair.background
    return alpha_blend(color_transfer(*layers, strength=1, limit=100), *layers[1:])


def histogram(pair: Pair) -> np.ndarray:
    """Each channel of the person gets the histogram of the visible background."""
    fore, alpha, back = pair.foreground, pair.alpha, pair.background
    table = np.empty((1, 256, 3), np.uint8)
    for channel in range(3):
        ours = _cumulative(fore[..., channel], alpha)
        theirs = _cumulative(back[..., channel], 1 - alpha)
        table[0, :, channel] = np.interp(ours, theirs, np.arange(256)).round()
    return alpha_blend(cv2.LUT(fore, table), alpha, back)


def clone(pair: Pair) -> np.ndarray:
    return seamless_clone(pair.foreground, pair.alpha, pair.background, strength=1)


def ours(pair: Pair) -> np.ndarray:
    layers = pair.foreground, pair.alpha, pair.background
    return alpha_blend(harmonize(*layers), *layers[1:])


METHODS = {
    "no change": no_change,
    "Reinhard colour transfer": reinhard,
    "histogram matching": histogram,
    "seamless clone": clone,
    "harmonize": ours,
}


def _cumulative(levels: np.ndarray, weight: np.ndarray) -> np.ndarray:
    counts = np.bincount(levels.reshape(-1), weight.reshape(-1), 256) + 1e-6
    return np.cumsum(counts) / counts.sum()


def recoloured_pair(rgba: np.ndarray, other: np.ndarray) -> Pair:
    """The person with the colours of another photo's person, as iHarmony4 was made."""
    image, alpha = rgba[..., :3].copy(), rgba[..., 3].astype(np.float32) / 255
    person = cv2.resize(other, (128, 128), interpolation=cv2.INTER_AREA)
    palette = person[..., :3][person[..., 3] > 200]
    if not len(palette):
        palette = person[..., :3].reshape(-1, 3)
    swatch = palette[np.arange(128 * 128) % len(palette)].reshape(128, 128, 3)
    swatch = cv2.resize(swatch, alpha.shape[::-1], interpolation=cv2.INTER_NEAREST)
    changed = color_transfer(image, alpha, swatch, strength=1, limit=3)
    return Pair(changed, alpha, image, image)


def matching_pair(rgba: np.ndarray) -> Pair:
    """A photo as it is: nothing should change."""
    image, alpha = rgba[..., :3].copy(), rgba[..., 3].astype(np.float32) / 255
    return Pair(image, alpha, image, image)


def scene_pair(number: int, rgba: np.ndarray, matching: bool = False) -> Pair:
    """A photo in a strong light, the person without it, or, if `matching`, in it too."""
    pair = world_pair(np.random.default_rng((8, number)), rgba)
    return replace(pair, foreground=pair.target) if matching else pair


def separated(pair: Pair) -> Pair:
    """The pair as a user has it: no room around the person, no person behind the person.

    Both would tell a method the answer: the room shows what was changed, the old person how it was.
    """
    fore, target = (estimate_foreground(p, pair.alpha) for p in (pair.foreground, pair.target))
    return Pair(fore, pair.alpha, estimate_foreground(pair.background, 1 - pair.alpha), target)


def read_people(data: DataFolder, split: str, limit: int | None) -> list[np.ndarray]:
    """RGBA uint8 pictures of a split, spread over it, their longer side 256 as in iHarmony4."""
    people, samples = [], data.split(split)
    for sample in samples[:: max(1, len(samples) // (limit or len(samples)))][:limit]:
        image, alpha = sample.read_image(), sample.read_alpha()
        alpha = sample.read_mask().astype(np.float32) if alpha is None else alpha
        rgba = np.dstack([image, np.round(alpha * 255).astype(np.uint8)])
        scale = SIDE / max(alpha.shape)
        people.append(shrink(rgba, tuple(round(side * scale) for side in alpha.shape)))
    return people


def score(method, pair: Pair) -> dict[str, float]:
    """Errors of one composite: levels of 255 squared, decibels, CIEDE2000."""
    made, truth = method(pair), alpha_blend(pair.target, pair.alpha, pair.background)
    mse = float(np.square(made.astype(np.float32) - truth).mean())
    return {
        "mse": mse,
        "fmse": foreground_mse(made, truth, pair.alpha) * 255**2,
        "psnr": min(99.0, 10 * np.log10(255**2 / max(mse, 1e-9))),
        "delta_e": foreground_delta_e(made, truth, pair.alpha),
    }


def quality(people: list[np.ndarray], pairs: int, prepare=separated) -> dict:
    """Mean scores of each method on each kind of pair, after `prepare`."""
    kinds = {
        "changed": [
            photo_pair(np.random.default_rng((7, number, turn)), rgba)
            for number, rgba in enumerate(people)
            for turn in range(pairs)
        ],
        "recoloured": [
            recoloured_pair(rgba, people[(number + 37) % len(people)])
            for number, rgba in enumerate(people)
        ],
        "scene": [scene_pair(number, rgba) for number, rgba in enumerate(people)],
        "matching": [matching_pair(rgba) for rgba in people],
        "scene_matching": [scene_pair(number, rgba, True) for number, rgba in enumerate(people)],
    }
    result = {}
    for kind, items in kinds.items():
        rows, items = {}, [prepare(pair) for pair in items]
        for name, method in METHODS.items():
            scores = [score(method, pair) for pair in items]
            rows[name] = {key: float(np.mean([s[key] for s in scores])) for key in _SCORES}
            rows[name]["untouched"] = float(np.mean([s["mse"] < 0.01 for s in scores]))
            seen = [s["delta_e"] for s in scores]
            rows[name]["seen"] = float(np.mean(np.array(seen) > _JUST_SEEN))
            rows[name] |= {"median": float(np.median(seen)), "worst": float(max(seen))}
        result[kind] = {"pairs": len(items), "rows": [{"name": n, **r} for n, r in rows.items()]}
    return result


def timing(repeat: int, height: int = 720, width: int = 1280) -> dict:
    """Processor time of the filter on one thread, whole and by stage, on a portrait: ms."""
    from pocketmatte.filters.harmonize import judge
    from pocketmatte.harmony.network import open_harmonizer

    _, foreground, alpha, background = make_layers(height, width)
    foreground = poorly_taken(foreground)
    harmonizer = open_harmonizer()
    change = harmonizer(foreground, alpha, background)
    tasks = {
        "propose": lambda: harmonizer(foreground, alpha, background),
        "judge": lambda: judge(change, foreground, alpha),
        "apply": lambda: change.apply(foreground, alpha),
        "all": lambda: harmonize(foreground, alpha, background),
        "color_transfer": lambda: color_transfer(foreground, alpha, background),
    }
    times = {name: [] for name in tasks}
    for _ in range(repeat):
        for name, task in tasks.items():
            start = process_time()
            task()
            times[name].append(1000 * (process_time() - start))
    rows = [
        {"name": name, "ms": min(row), "median_ms": float(np.median(row))}
        for name, row in times.items()
    ]
    return {"size": [height, width], "threads": 1, "repeat": repeat, "rows": rows}


def steadiness(frames: int = 60) -> list[dict]:
    """How the gain that a person gets jumps from frame to frame, in levels of a mid grey."""
    person, scene = astronaut(), cv2.resize(rendered_scene(3), (320, 180))
    rows = []
    for name, make in (("each frame alone", lambda: harmonize), ("steadied", Steady)):
        filter = make()
        for kind in ("still", "sway"):
            shown = []
            for image, alpha in clip(person, rendered_scene(5), kind, frames, (180, 320), noise=6):
                image = poorly_taken(image)
                moved = filter(image, alpha, scene)
                ratio = (moved + np.float32(8)) / (image + np.float32(8))
                inside = alpha > 0.9
                shown.append(np.array([np.median(c[inside]) for c in np.moveaxis(ratio, 2, 0)]))
            jumps = np.abs(np.diff(shown[10:], axis=0)) * 128
            rows.append(
                {
                    "name": name,
                    "clip": kind,
                    "mean_levels": float(jumps.mean()),
                    "most_levels": float(jumps.max()),
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harmonize")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--pairs", type=int, default=3, help="changed photos per picture")
    parser.add_argument("--repeat", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    people = read_people(DataFolder(options.data), options.split, options.limit)
    result = heading(
        command_line("benchmarks.harmonize", sys.argv[1:]),
        split=options.split,
        pictures=len(people),
        quality=quality(people, options.pairs),
        quality_whole=quality(people, options.pairs, lambda pair: pair),
        timing=timing(options.repeat),
        steadiness=steadiness(),
    )
    sys.stdout.write(f"{save('harmonize', result, options.out)}\n")


if __name__ == "__main__":
    main()
