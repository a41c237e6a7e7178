"""`python -m benchmarks.plots`: quality against time and against parameters, as SVG in docs.

Made from `quality.json`, `speed.json` and `pruning.json`; a fingerprint of what was drawn lies
inside each file, so that a test can tell a stale plot.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.store import RESULTS, load
from pocketmatte.errors import PocketmatteError
from pocketmatte.media.atomic import whole_file

DOCS = Path(__file__).parent.parent / "docs" / "images"
PLOTS = {
    "quality-time": ("ms", "ms a picture, network alone, one thread (log)"),
    "quality-parameters": ("parameters", "parameters, millions (log)"),
}
SCORES = {"iou": "person IoU", "boundary_f": "boundary F"}
_COLOURS = {"preset": "#d1495b", "peer": "#30638e"}


def points(folder: Path = RESULTS) -> list[dict]:
    """Name, kind, scores, parameters in millions and `ms` of each network that has them all.

    Time is the reference's best time multiplied by each network's measured ratio to it, so that
    noise of the machine, which moves both, does not move the points.
    """
    speeds = load("speed", folder)
    fastest = min(row["network"]["reference_ms"] for row in speeds["rows"])
    ratios = {row["name"]: row["network"]["ratio"] for row in speeds["rows"]}
    return [
        {
            "name": row["name"],
            "kind": row["kind"],
            "iou": row["iou"],
            "boundary_f": row["boundary_f"],
            "parameters": round(row["parameters"] / 1e6, 4),
            "ms": round(fastest * ratios[row["name"]], 3),
        }
        for row in load("quality", folder)["rows"]
        if row["name"] in ratios
    ]


def fingerprint(found: Sequence[dict]) -> str:
    """Of what a plot shows."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def draw(found: Sequence[dict], name: str, path: Path) -> None:
    """Draw one of `PLOTS` as SVG: two panels, IoU and boundary F.

    Raises PocketmatteError when there is nothing to draw, or matplotlib is missing.
    """
    if not found:
        raise PocketmatteError("no network has quality and speed; run python -m benchmarks.run")
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise PocketmatteError("plots need matplotlib; pip install pocketmatte[dev]") from None
    key, label = PLOTS[name]
    with rc_context({"svg.hashsalt": name, "font.size": 9}):
        figure = Figure(figsize=(9, 4), layout="constrained")
        for axes, (score, title) in zip(figure.subplots(1, 2), SCORES.items(), strict=True):
            _panel(axes, found, key, score)
            axes.set(xlabel=label, ylabel=title)
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False
        )
        with whole_file(path) as temporary:
            facts = {"Date": None, "Description": f"drawn from {fingerprint(found)}"}
            figure.savefig(temporary, metadata=facts)


def draw_pruning(study: dict, path: Path) -> None:
    """Draw IoU against the work of the pruned networks in `pruning.json`, as SVG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    found = study["points"]
    with rc_context({"svg.hashsalt": "pruning", "font.size": 9}):
        figure = Figure(figsize=(6, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.grid(alpha=0.25)
        work = [one["macs"] / found[0]["macs"] for one in found]
        plain = [one["iou_refitted"] for one in found]
        axes.plot(work, plain, "o--", c=_COLOURS["peer"], label="pruned and refitted")
        if "iou_tuned" in found[0]:
            tuned = [one["iou_tuned"] for one in found]
            axes.plot(work, tuned, "D-", c=_COLOURS["preset"], label="and fine-tuned")
        for one, x, y in zip(found, work, plain, strict=True):
            axes.annotate(f"{one['keep']:.0%}", (x, y), (0, 6), textcoords="offset points")
        axes.set(xlabel=f"multiply-adds, {study['network']} = 1", ylabel="person IoU")
        axes.margins(0.1)
        axes.legend(frameon=False, loc="lower right")
        with whole_file(path) as temporary:
            facts = {"Date": None, "Description": f"drawn from {fingerprint(found)}"}
            figure.savefig(temporary, metadata=facts)


def is_stale(path: Path, found: Sequence[dict]) -> bool:
    """Whether a plot is missing or was drawn from other numbers."""
    return not path.is_file() or fingerprint(found) not in path.read_text(encoding="utf-8")


def _panel(axes, found, key, score) -> None:
    axes.set_xscale("log")
    axes.grid(alpha=0.25)
    spots = _spots(found, key, score)
    for kind, colour in _COLOURS.items():
        chosen = [one for one in found if one["kind"] == kind]
        xs, ys = [one[key] for one in chosen], [one[score] for one in chosen]
        marker = "o" if kind == "peer" else "D"
        axes.scatter(xs, ys, c=colour, marker=marker, label=f"{kind}s", zorder=3)
    low, high = _range([np.log10(one[key]) for one in found])
    axes.set_xlim(10**low, 10**high)
    axes.set_ylim(*_range([one[score] for one in found]))
    for one, (x, y) in zip(found, spots, strict=True):
        colour = _COLOURS[one["kind"]]
        axes.text(x, y, one["name"], transform=axes.transAxes, color=colour, va="center", size=8)


def _range(values) -> tuple[float, float]:
    """A little more than from the least to the greatest."""
    low, high = min(values), max(values)
    margin = 0.14 * ((high - low) or 1.0)
    return low - margin, high + margin


def _spots(found, key, score) -> list[tuple[float, float]]:
    """Where each label begins, in shares of the panel: beside its point and on nothing else."""
    xs = _shares([np.log10(one[key]) for one in found])
    ys = _shares([one[score] for one in found])
    taken = [(x - 0.015, y - 0.02, x + 0.015, y + 0.02) for x, y in zip(xs, ys, strict=True)]
    spots = []
    for x, y, one in zip(xs, ys, found, strict=True):
        width = 0.0175 * len(one["name"])
        places = [
            (x + side, y + up)
            for up in (0, 0.05, -0.05, 0.09, -0.09)
            for side in (0.025, -0.025 - width, -width / 2)
            if up or side != -width / 2
        ]

        def cost(place, width=width):
            box = (place[0], place[1] - 0.02, place[0] + width, place[1] + 0.02)
            outside = max(0.0, 0.005 - box[0]) + max(0.0, box[2] - 0.995)
            return outside * 10 + sum(_overlap(box, other) for other in taken) * 1000

        best = min(places, key=cost)  # the first of equals: right of the point, if it can be
        taken.append((best[0], best[1] - 0.02, best[0] + width, best[1] + 0.02))
        spots.append(best)
    return spots


def _shares(values) -> list[float]:
    low, high = _range(values)
    return [(value - low) / (high - low) for value in values]


def _overlap(a, b) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the plots")
    parser.add_argument("--check", action="store_true", help="draw nothing; exit 1 when stale")
    options = parser.parse_args(arguments)
    found = points(options.results)
    shown: dict = dict.fromkeys(PLOTS, found)
    if (options.results / "pruning.json").is_file():
        pruned = load("pruning", options.results)
        shown["pruning"] = pruned["points"]
    stale = [name for name in shown if is_stale(options.out / f"{name}.svg", shown[name])]
    for name in stale if options.check else shown:
        path = options.out / f"{name}.svg"
        if options.check:
            sys.stderr.write(f"{path}: stale; run python -m benchmarks.plots\n")
        else:
            draw_pruning(pruned, path) if name == "pruning" else draw(found, name, path)
            sys.stdout.write(f"{path}\n")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except PocketmatteError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
