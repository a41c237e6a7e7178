"""The temporal filter's curve: flicker against the error on moving edges.

    python -m benchmarks.flicker [--model balanced] [--people FOLDER] [--scenes FOLDER]

Clips are made from cut-outs (RGBA) moving over pictures, with sensor noise and JPEG. Every frame
is matted once; each filter setting then sees the same mattes. Scores are relative to no filter.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import KINDS, clip, read_people, read_scenes
from pocketmatte.evaluation.metrics import DtSsd, Flicker
from pocketmatte.matting.pipeline import TRUST, load_model
from pocketmatte.matting.polish import Polish
from pocketmatte.matting.refine import refine
from pocketmatte.matting.temporal import TemporalFilter

RESULTS = Path(__file__).parent / "results"
STRENGTHS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95)
MOVED = 0.05


def measure(model, clips, settings) -> dict:
    """Mean scores per setting and kind of clip: flicker, dtssd, mad, edge (moving-edge error)."""
    totals = defaultdict(lambda: defaultdict(list))
    for kind, frames in clips:
        runs = {key: _Run(*key) for key in settings}
        before = None
        for image, truth in frames:
            coarse, small = model.coarse(image)
            edge = None if before is None else _moving_edge(before, truth)
            before = truth
            for run in runs.values():
                run.update(coarse, small, image, truth, edge)
        for key, run in runs.items():
            for name, value in run.scores().items():
                totals[key, kind][name].append(value)
    return {
        key: {name: float(np.mean(values)) for name, values in scores.items()}
        for key, scores in totals.items()
    }


class _Run:
    """One setting of the filter, along one clip."""

    def __init__(self, strength: float, flow: bool):
        self._filter, self._polish = TemporalFilter(strength, flow), Polish()
        self._flicker, self._dtssd = Flicker(), DtSsd()
        self._mad, self._edge = [], []

    def update(self, coarse, small, image, truth, edge) -> None:
        steadied = self._filter(coarse, small)
        alpha, soft = refine(steadied, image, trust=TRUST, small=small)
        alpha = self._polish(alpha, self._filter.still, soft)
        self._flicker.update(image, alpha)
        self._dtssd.update(alpha, truth)
        error = np.abs(alpha - truth)
        self._mad.append(error.mean())
        if edge is not None and edge.any():
            self._edge.append(error[edge].mean())

    def scores(self) -> dict:
        return {
            "flicker": self._flicker.value,
            "dtssd": self._dtssd.value,
            "mad": float(np.mean(self._mad)),
            **({"edge": float(np.mean(self._edge))} if self._edge else {}),
        }


def _moving_edge(before: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Where the true alpha changed, and a little around it."""
    moved = (cv2.absdiff(before, truth) > MOVED).astype(np.uint8)
    return cv2.dilate(moved, np.ones((9, 9), np.uint8)) > 0


def draw(rows: list[dict], path: Path) -> None:
    """The curve: flicker on the x axis, moving-edge error on the y axis, both against no filter."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for flow, style, label in (
        (False, "o-", "motion-adaptive"),
        (True, "s--", "with optical flow"),
    ):
        line = [row for row in rows if row["flow"] == flow]
        axes.plot(
            [row["flicker_ratio"] for row in line],
            [row["edge_ratio"] for row in line],
            style,
            label=label,
        )
        for row in line:
            place = (row["flicker_ratio"], row["edge_ratio"])
            axes.annotate(f"{row['strength']:g}", place, (4, 5), textcoords="offset points")
    axes.axhline(1.02, color="grey", linewidth=0.8, linestyle=":")
    axes.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axes.set_xlabel("flicker, relative to no filter (still and moving clips)")
    axes.set_ylabel("error on moving edges, relative")
    axes.set_title("Temporal filter: numbers are strengths; the dotted lines are the targets")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--people", help="folder of RGBA cut-outs; default: the astronaut")
    parser.add_argument("--scenes", help="folder of backgrounds; default: rendered ones")
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--out", type=Path, default=RESULTS / "flicker.json")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    people = read_people(options.people, options.clips)
    scenes = read_scenes(options.scenes, options.clips)
    settings = [(strength, flow) for flow in (False, True) for strength in STRENGTHS]
    clips = (
        (kind, clip(people[i % len(people)], scenes[i], kind, options.frames, seed=i))
        for i in range(options.clips)
        for kind in KINDS
    )
    scores = measure(load_model(options.model, threads=1), clips, settings)
    rows = []
    for strength, flow in settings:
        row = {"strength": strength, "flow": flow}
        for name in ("flicker", "dtssd", "edge", "mad"):
            ratios = []
            for kind in KINDS:
                value = scores[(strength, flow), kind].get(name)
                if value is not None:
                    row[f"{name}_{kind}"] = round(value, 5)
                    ratios.append(value / scores[(0.0, flow), kind][name])
            row[f"{name}_ratio"] = round(float(np.mean(ratios)), 4)
        rows.append(row)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "model": options.model,
        "clips": options.clips * len(KINDS),
        "frames": options.frames,
        "people": "cut-outs" if options.people else "astronaut",
        "rows": rows,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(rows, options.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
