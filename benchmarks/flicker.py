"""The temporal filter's curve: flicker against the error on moving edges.

    python -m benchmarks.flicker [--model balanced] [--people FOLDER] [--scenes FOLDER]

Clips with true alpha are made from cut-outs (RGBA) moving over pictures (`pocketmatte.data.clips`:
shutter, sensor noise, JPEG). Every frame is matted once; each filter setting then sees the same
mattes. Scores are relative to no filter. The filter's own settings were chosen on clips of one
half of the people and scenes (`--half choose`); what is reported comes from the other half.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import astronaut, rendered_scene
from benchmarks.store import heading
from pocketmatte.data.clips import KINDS, make_clip
from pocketmatte.data.layout import read_rgb
from pocketmatte.data.material import Material
from pocketmatte.evaluation.metrics import DtSsd, Flicker
from pocketmatte.matting.pipeline import TRUST, load_model
from pocketmatte.matting.polish import Past, Polish
from pocketmatte.matting.refine import refine
from pocketmatte.matting.temporal import TemporalFilter

RESULTS = Path(__file__).parent / "results"
STRENGTHS = (0.0, 0.7, 0.85, 0.95)
HALVES = ("choose", "report")
SIZE = (360, 640)
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
        alpha = self._polish(alpha, Past.of(self._filter), soft)
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
            [row["flicker"]["moving"] for row in line],
            [row["edge"]["moving"] for row in line],
            style,
            label=label,
        )
        for row in line:
            place = (row["flicker"]["moving"], row["edge"]["moving"])
            axes.annotate(f"{row['strength']:g}", place, (4, 5), textcoords="offset points")
    axes.axhline(1.02, color="grey", linewidth=0.8, linestyle=":")
    axes.axvline(0.5, color="grey", linewidth=0.8, linestyle=":")
    axes.set_xlabel("flicker, relative to no filter (moving clips)")
    axes.set_ylabel("error on moving edges, relative")
    axes.set_title("Temporal filter: numbers are strengths; the dotted lines are the targets")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def material(people: str | None, scenes: str | None, half: str) -> Material:
    """One half of two folders' pictures; a free portrait and drawn scenes when there are none."""
    start = HALVES.index(half)
    cutouts = [astronaut()] if people is None else _some(people, start, _read_cutout)
    if scenes is None:
        return Material(cutouts, [rendered_scene(2 * seed + start) for seed in range(8)])
    return Material(cutouts, _some(scenes, start, read_rgb))


def _read_cutout(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


def _some(folder: str, start: int, read, most: int = 40) -> list[np.ndarray]:
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())[start::2]
    return [read(path) for path in files[:: max(1, len(files) // most)][:most]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--people", help="folder of RGBA cut-outs; default: the astronaut")
    parser.add_argument("--scenes", help="folder of backgrounds; default: drawn ones")
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--clips", type=int, default=20, help="of each kind")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--out", type=Path, default=RESULTS / "flicker.json")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    source = material(options.people, options.scenes, options.half)
    settings = [(strength, flow) for flow in (False, True) for strength in STRENGTHS]
    seed = HALVES.index(options.half)
    clips = (
        (kind, make_clip((seed, index), source, SIZE, options.frames, kind))
        for index in range(options.clips)
        for kind in KINDS
    )
    scores = measure(load_model(options.model, threads=1), clips, settings)
    result = {
        **heading("python -m benchmarks.flicker --people FOLDER --scenes FOLDER"),
        "model": options.model,
        "half": options.half,
        "clips": options.clips * len(KINDS),
        "frames": options.frames,
        "people": "cut-outs" if options.people else "astronaut",
        "rows": [row(scores, *setting) for setting in settings],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result["rows"], options.out.with_suffix(".png"))


def row(scores: dict, strength: float, flow: bool) -> dict:
    """One setting: each score relative to no filter, by kind of clip, and `moving`, their mean."""
    found = {"strength": strength, "flow": flow}
    for name in ("flicker", "dtssd", "edge", "mad"):
        ratios = {}
        for kind in KINDS:
            value, plain = (scores[key, kind].get(name) for key in ((strength, flow), (0.0, flow)))
            if value is not None and not (name == "edge" and kind == "still"):
                ratios[kind] = value / plain
                found[f"{name}_{kind}_absolute"] = round(value, 5)
        moving = [ratio for kind, ratio in ratios.items() if kind != "still"]
        found[name] = {kind: round(ratio, 4) for kind, ratio in ratios.items()}
        found[name]["moving"] = round(float(np.mean(moving)), 4)
    return found


if __name__ == "__main__":
    main()
