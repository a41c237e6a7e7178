"""What a phone developer may turn: `python -m benchmarks.mobile --data DIR`.

threads: each network in each runtime with 1 and 2 threads.
precision: fp32, fp16, 8 bits, and 8 bits with a few layers in float32, as ONNX.
ranges: how the ranges of int8's activations are chosen, and what each choice costs.
layers: what 8 bits cost in one part of the network alone.
size: the same network on smaller and larger grids.

Scores are those of the validation pictures, the same for every part. Presets that share their
weights have common rows in `layers` and `size`. Writes `benchmarks/results/mobile.json` in about
seven minutes; with --only, the parts not measured now keep their older rows. LiteRT's rows need
the extra `litert`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import onnx

from benchmarks.ending import run_to_the_end
from benchmarks.parity import ground_truth_iou
from benchmarks.store import RESULTS, command_line, heading, load, save
from pocketmatte.data.layout import Sample
from pocketmatte.data.shards import open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation import metrics
from pocketmatte.evaluation.evaluate import score
from pocketmatte.evaluation.speed.machine import describe_machine
from pocketmatte.evaluation.speed.timing import compare, measure, one_core, opencv_threads
from pocketmatte.export.calibration import as_batches, calibration_pictures, evenly
from pocketmatte.export.export import export, named_size
from pocketmatte.export.formats import Request
from pocketmatte.export.onnx import build_onnx, store_halves, trace
from pocketmatte.export.onnx_precision import quantise, readers, watch
from pocketmatte.export.proof import run_file, run_network
from pocketmatte.export.ranges import PERCENT, bounds, collect
from pocketmatte.matting.pipeline import load_model
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.runtimes import READABLE, RUNTIMES, open_runtime
from pocketmatte.runtimes.onnx import OnnxRuntime
from pocketmatte.weights import find_checkpoint, list_models

SPLIT, THREADS, SIDES = "val", (1, 2), (128, 160, 192, 256, 320)
BASE = 192
"""The side whose time is 1."""
MIXED = r"stem|blocks\.0|shallow|head"
"""First and last layers, which have the widest ranges."""
CHOICES = {
    "all values": (100.0, False),
    "no further than the reader sees": (100.0, True),
    f"{PERCENT} % of the values": (PERCENT, False),
    "both": (PERCENT, True),
}


class Study:
    """One network, the pictures to score it on, and those that ranges come from."""

    def __init__(self, name: str, samples: list[Sample], shown: list[np.ndarray], folder: Path):
        self.name, self.samples, self.folder, self.shown = name, samples, folder, shown
        self.shared = ", ".join(same_weights(name))
        self.checkpoint = load_checkpoint(find_checkpoint(name))
        self.network, self.card = self.checkpoint.network(), self.checkpoint.card()
        self.size = named_size("portrait", self.card)
        images = [sample.read_image() for sample in samples]
        self.masks = [sample.read_mask() for sample in samples]
        self.batches = as_batches(images, self.card, self.size)
        self.truth = [run_network(self.network, batch) for batch in self.batches]
        self.iou = ground_truth_iou(self.truth, self.masks)
        self.exact = trace(self.network, self.size, fixed=True)

    def judge(self, model: onnx.ModelProto, timed: bool = False) -> dict:
        """Against torch, and against the annotators' masks; `time` against fp32 when timed."""
        runner = self.open(model)
        alphas = [run_file(runner, batch) for batch in self.batches]
        same = [
            metrics.person_iou(a > 0.5, b > 0.5) for a, b in zip(alphas, self.truth, strict=True)
        ]
        gaps = [np.abs(a - b).mean() for a, b in zip(alphas, self.truth, strict=True)]
        found = {
            "iou_points": round(100 * (ground_truth_iou(alphas, self.masks) - self.iou), 3),
            "mean": float(f"{np.mean(gaps):.3g}"),
            "mask_iou": round(min(same), 4),
        }
        if timed:
            reference, first = self.open(self.exact), self.batches[0]
            with one_core():
                ratio = compare(lambda: reference(first), lambda: runner(first)).ratio
            found |= {"mb": round(model.ByteSize() / 1e6, 3), "time": round(ratio, 3)}
        return found

    def open(self, model: onnx.ModelProto) -> OnnxRuntime:
        path = self.folder / "network.onnx"
        onnx.save(model, path)
        return OnnxRuntime(path, threads=1)

    @cached_property
    def seen(self) -> dict[str, np.ndarray]:
        """A sample of what each tensor holds."""
        return collect(map(watch(self.exact), as_batches(self.shown, self.card, self.size)))


def same_weights(name: str) -> list[str]:
    """The released networks that have this one's weights, itself among them."""
    own = load_checkpoint(find_checkpoint(name)).fingerprint()
    names = sorted(card.name for card in list_models())
    return [n for n in names if load_checkpoint(find_checkpoint(n)).fingerprint() == own] or [name]


def threads(study: Study) -> list[dict]:
    """Least time in each runtime that has a file of this network."""
    files, rows = {".pt": find_checkpoint(study.name)}, []
    for to in ("onnx", "litert"):
        try:
            made = export(
                study.checkpoint, study.folder, to, size=study.size, network=study.network
            )
        except PocketmatteError as error:
            if "needs the package" not in str(error):
                raise
            continue
        path = study.folder / made.file
        if path.suffix in READABLE:
            files[path.suffix] = path
    for runtime, (_, _, suffixes) in RUNTIMES.items():
        for suffix in sorted(set(suffixes) & set(files)):
            row = {"network": study.name, "runtime": runtime}
            for count in THREADS:
                try:
                    with opencv_threads(count):
                        runner = open_runtime(files[suffix], runtime, threads=count)
                        timing = measure(lambda r=runner: r(study.batches[0]), runs=40)
                except PocketmatteError as error:
                    if "needs the package" not in str(error):
                        raise
                    break
                row[f"ms_{count}"] = round(timing.best_ms, 3)
                row[f"median_ms_{count}"] = round(timing.median_ms, 3)
            else:
                rows.append(row)
    return rows


def precision(study: Study) -> list[dict]:
    plain = Request(study.network.input_size, study.size)
    ranges, kept = bounds(study.seen, readers(study.exact)), study.network.sensitive
    mixed = f"{kept}|{MIXED}" if kept else MIXED
    models = {
        "fp32": build_onnx(study.network, plain),
        "fp16": build_onnx(study.network, replace(plain, precision="fp16")),
        "int8": store_halves(quantise(study.exact, ranges, kept)),
        "int8, first and last layers in fp32": store_halves(quantise(study.exact, ranges, mixed)),
    }
    return [
        {"network": study.name, "precision": name, **study.judge(model, timed=True)}
        for name, model in models.items()
    ]


def ranges(study: Study) -> list[dict]:
    rows, kept = [], study.network.sensitive
    for name, (percent, useful) in CHOICES.items():
        chosen = bounds(study.seen, readers(study.exact) if useful else {}, percent)
        found = study.judge(quantise(study.exact, chosen, kept))
        rows.append({"network": study.name, "ranges": name, **found})
    return rows


def layers(study: Study) -> list[dict]:
    """Each child of the network, each element of its lists, with the values' full ranges."""
    full = bounds(study.seen, {}, 100.0)
    rows = []
    for part, pattern in parts_of(study.network).items():
        model = quantise(study.exact, full, rf"^(?!/network/{pattern})")
        rows.append({"network": study.shared, "part": part, **study.judge(model)})
    return rows


def parts_of(network) -> dict[str, str]:
    """Names of the network's children, of lists their elements, with a pattern of their layers.

    The last part is what the network computes between them: operators have capitals in ONNX.
    """
    found = {}
    for name, child in network.named_children():
        numbered = [f"{name}.{n}" for n, _ in child.named_children()]
        listed = type(child).__name__ == "ModuleList"
        found |= {part: part.replace(".", r"\.") + r"[/.]" for part in numbered} if listed else {}
        if not listed:
            found[name] = f"{name}/"
    return found | {"between the parts": "[A-Z]"}


def size(study: Study) -> list[dict]:
    """The whole pipeline, scored at the pictures' own size; time of the network alone."""
    model, rows = load_model(study.name, threads=1), []
    image, calls = study.samples[0].read_image(), {}
    for side in SIDES:
        model.card.area = side**2
        found = [score(model, sample) for sample in study.samples]
        grid = named_size("square", model.card)
        batch = as_batches([image], model.card, grid)[0]
        calls[side] = lambda batch=batch: model.runtime(batch)
        row = {"network": study.shared, "side": side}
        row |= {key: float(np.mean([one[key] for one in found])) for key in ("iou", "boundary_f")}
        rows.append(row)
    with one_core():
        for row in rows:
            row["time"] = round(compare(calls[BASE], calls[row["side"]]).ratio, 3)
    return rows


PARTS = {
    "threads": threads,
    "precision": precision,
    "ranges": ranges,
    "layers": layers,
    "size": size,
}


def main(arguments: list[str] | None = None, tell: Callable[[str], object] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mobile")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", default="all", help="all, or names with commas")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--pictures", type=int, default=40, help="to score on")
    parser.add_argument("--ranges-from", type=int, default=48, help="pictures for ranges")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise PocketmatteError(f"no such part: {unknown.pop()}; there are: {', '.join(PARTS)}")
    known = [card.name for card in list_models()]
    names = known if options.models == "all" else options.models.split(",")
    samples = [sample for sample in open_data(options.data).split(SPLIT) if sample.mask]
    samples = evenly(samples, options.pictures)
    shown = calibration_pictures(options.data, options.ranges_from)
    cv2.setNumThreads(1)
    tables: dict[str, dict] = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            study = Study(name, samples, shown, Path(folder))
            for part in chosen:
                known = {row["network"] for row in tables.get(part, {}).get("rows", [])}
                rows = [] if study.shared in known else PARTS[part](study)
                (tell or sys.stderr.write)(f"{rows}\n")
                tables.setdefault(part, {"rows": []})["rows"] += rows
    for table in tables.values():
        table["pictures"] = len(samples)
        table["cores"] = describe_machine().get("cores_allowed")
    older = load("mobile", options.out) if (options.out / "mobile.json").is_file() else {}
    older = {part: older[part] for part in PARTS if part in older and part not in chosen}
    command = command_line("benchmarks.mobile", words)
    save("mobile", heading(command, split=SPLIT, **older, **tables), options.out)
    return 0


if __name__ == "__main__":
    run_to_the_end(main)
