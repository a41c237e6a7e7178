"""Every released network in every format and precision beside torch: `python -m benchmarks.parity`.

Writes `benchmarks/results/parity.json`, from which docs/mobile.md is filled, and exits with 1 when
a file of fp32 differs from torch by more than 0.001 on any picture. Formats whose packages are not
installed keep their older rows with --merge; Core ML is converted and read back, macOS alone can
run it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.ending import run_to_the_end
from benchmarks.store import RESULTS, command_line, heading, load, merge, save
from pocketmatte.data.layout import Sample
from pocketmatte.data.shards import open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation import metrics
from pocketmatte.evaluation.speed.timing import measure, one_core
from pocketmatte.export.calibration import as_batches, calibration_pictures, evenly
from pocketmatte.export.export import export, named_size
from pocketmatte.export.formats import FORMATS, PRECISIONS
from pocketmatte.export.proof import TOLERANCE, run_file, run_network
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.runtimes import READABLE, RUNTIMES, open_runtime
from pocketmatte.weights import find_checkpoint, list_models

PICTURES, SPLIT = 32, "val"


def rows(
    name: str,
    samples: list[Sample],
    ranges: list[np.ndarray],
    formats: list[str],
    tell: Callable[[str], None],
) -> list[dict]:
    """One row for each format and precision of a released network, at its portrait size.

    samples: pictures with masks to compare on. ranges: pictures that int8 is calibrated with.
    """
    checkpoint = load_checkpoint(find_checkpoint(name))
    card, network = checkpoint.card(), checkpoint.network()
    size = named_size("portrait", card)
    images = [sample.read_image() for sample in samples]
    masks = [sample.read_mask() for sample in samples]
    batches = as_batches(images, card, size)
    truth = [run_network(network, batch) for batch in batches]
    torch_iou = ground_truth_iou(truth, masks)
    result = []
    with tempfile.TemporaryDirectory() as folder:
        for to in formats:
            for precision in PRECISIONS:
                try:
                    made = export(
                        checkpoint,
                        folder,
                        to,
                        name=name,
                        size=size,
                        precision=precision,
                        calibrate=ranges,
                        prove_on=images,
                        network=network,
                    )
                except PocketmatteError as error:
                    tell(f"{name} {to} {precision}: {error}")
                    if "differs" in str(error):
                        raise
                    break
                row = {
                    "name": f"{name}/{to}/{precision}",
                    "network": name,
                    "format": to,
                    "precision": precision,
                    "size": list(size),
                    "mb": round(made.size_bytes / 1e6, 3),
                    "torch_iou": round(torch_iou, 5),
                    **made.parity,
                }
                path = Path(folder) / made.file
                if path.suffix in READABLE:
                    runner = open_runtime(path, threads=1)
                    alphas = [run_file(runner, batch) for batch in batches]
                    iou = ground_truth_iou(alphas, masks)
                    row["iou"], row["iou_points"] = round(iou, 5), round(100 * (iou - torch_iou), 3)
                    row["ms"] = round(measure(lambda r=runner: r(batches[0]), runs=60).best_ms, 3)
                    row["runtime"] = runner.device
                result.append(row)
                tell(f"{row}")
    return result


def runtime_rows(name: str, samples: list[Sample]) -> list[dict]:
    """The released ONNX file through every runtime that reads such, and the checkpoint in torch."""
    checkpoint = load_checkpoint(find_checkpoint(name))
    network, card = checkpoint.network(), checkpoint.card()
    images = [sample.read_image() for sample in samples]
    batches = as_batches(images, card, named_size("portrait", card))
    truth = [run_network(network, batch) for batch in batches]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        made = export(checkpoint, folder, name=name, network=network)
        files = {".onnx": Path(folder) / made.file, ".pt": find_checkpoint(name)}
        for runtime, (_, _, suffixes) in RUNTIMES.items():
            for suffix in set(suffixes) & set(files):
                runner = open_runtime(files[suffix], runtime)
                gaps = [
                    np.abs(run_file(runner, batch) - alpha).max()
                    for batch, alpha in zip(batches, truth, strict=True)
                ]
                found.append(
                    {"network": name, "runtime": runtime, "max": float(f"{max(gaps):.3g}")}
                )
    return found


def ground_truth_iou(alphas: list[np.ndarray], masks: list[np.ndarray]) -> float:
    """Mean IoU of grid alphas, enlarged to the masks' size, with the annotators' masks."""
    scores = []
    for alpha, mask in zip(alphas, masks, strict=True):
        full = cv2.resize(alpha, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        scores.append(metrics.person_iou(full > 0.5, mask))
    return float(np.mean(scores))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity")
    parser.add_argument("--data", type=Path, required=True, help="data folder")
    parser.add_argument("--models", default="all", help="all, or names with commas")
    parser.add_argument("--to", default=",".join(FORMATS), help="formats, with commas")
    parser.add_argument("--merge", action="store_true", help="keep rows not measured now")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    known = [card.name for card in list_models()]
    names = known if options.models == "all" else options.models.split(",")
    folder = open_data(options.data)
    samples = evenly([s for s in folder.split(SPLIT) if s.mask], PICTURES)
    ranges = calibration_pictures(options.data)
    cv2.setNumThreads(1)
    table, runtimes = [], []
    with one_core():
        for name in names:
            table += rows(name, samples, ranges, options.to.split(","), _say)
            runtimes += runtime_rows(name, samples)
    result = heading(
        command_line("benchmarks.parity", words),
        split=SPLIT,
        pictures=len(samples),
        tolerance=TOLERANCE,
        rows=table,
        runtimes=runtimes,
    )
    if options.merge and (options.out / "parity.json").is_file():
        older = load("parity", options.out)["runtimes"]
        result["runtimes"] = [row for row in older if row["network"] not in names] + runtimes
        result = merge(result, options.out, "parity", ("split", "pictures"))
        fresh = {row["name"] for row in table}  # at another grid, too
        older = [row for row in result["rows"] if row["name"] not in fresh]
        result["rows"] = older + table
    save("parity", result, options.out)
    worst = max(r["max"] for r in result["rows"] if r["precision"] == "fp32" and "max" in r)
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    run_to_the_end(main)
