"""Speed against quality of pruned networks: `python -m benchmarks.pruning --data DIR`.

Prunes a released network to several shares of its hidden channels, scores each on validation
pictures as it comes out of the refit and again after a short fine-tuning (none with --epochs 0),
and times it against the whole network in turns. Writes `benchmarks/results/pruning.json`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.ending import run_to_the_end
from benchmarks.parity import ground_truth_iou
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.data.shards import open_data
from pocketmatte.evaluation.speed.timing import compare, one_core
from pocketmatte.export.calibration import as_batches, calibration_pictures, evenly
from pocketmatte.export.export import export, named_size
from pocketmatte.export.proof import run_network
from pocketmatte.models.checkpoint import Checkpoint, load_checkpoint
from pocketmatte.models.prune import prune
from pocketmatte.runtimes import Runtime, open_runtime
from pocketmatte.training.loop import LAST, train
from pocketmatte.training.recipe import Recipe
from pocketmatte.weights import find_checkpoint

SHARES = (0.9, 0.8, 0.7, 0.6)
SPLIT = "val"


def fine_tuned(thin: Checkpoint, data: Path, folder: Path, epochs: int, limit: int) -> Checkpoint:
    """The pruned network after a short training on the training pictures."""
    start = folder / "pruned.pt"
    thin.save(start)
    changes = {
        "pretrained": str(start),
        "epochs": epochs,
        "limit": limit,
        "batch": 16,
        "composites": 0.05,
        "zoom": (1.0, 1.12),
        "learning_rate": 1e-4,
        "precision": "fp32",
        "warmup": 0.1,
        "ema": 0.98,
        "threads": 1,
        "workers": 0,
    }
    train(Recipe.from_dict({**thin.recipe, **changes}), data, folder / "tuned")
    return load_checkpoint(folder / "tuned" / LAST)


class Judge:
    """Scores and times networks on the same pictures."""

    def __init__(self, data: Path, whole: Checkpoint, count: int, folder: Path):
        samples = [sample for sample in open_data(data).split(SPLIT) if sample.mask]
        samples = evenly(samples, count)
        card = whole.card()
        self.batches = as_batches(
            [sample.read_image() for sample in samples], card, named_size("portrait", card)
        )
        self.masks = [sample.read_mask() for sample in samples]
        self.folder = folder
        self.reference = self.open(whole)

    def open(self, checkpoint: Checkpoint) -> Runtime:
        card = export(checkpoint, self.folder)
        return open_runtime(self.folder / card.file, threads=1)

    def iou(self, checkpoint: Checkpoint) -> float:
        network = checkpoint.network()
        alphas = [run_network(network, batch) for batch in self.batches]
        return round(ground_truth_iou(alphas, self.masks), 5)

    def time(self, checkpoint: Checkpoint) -> float:
        """Of the network in onnxruntime, as a share of the whole one's."""
        contender, picture = self.open(checkpoint), self.batches[0]
        return round(compare(lambda: self.reference(picture), lambda: contender(picture)).ratio, 3)


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pruning")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--epochs", type=int, default=2, help="of fine-tuning")
    parser.add_argument("--limit", type=int, default=1000, help="training pictures")
    parser.add_argument("--pictures", type=int, default=100, help="to score on")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    whole = load_checkpoint(find_checkpoint(options.model))
    size = named_size("portrait", whole.card())
    shown = as_batches(calibration_pictures(options.data, 32), whole.card(), size)
    pictures = torch.from_numpy(np.concatenate(shown))
    points = []
    with one_core(), tempfile.TemporaryDirectory() as folder:
        judge = Judge(options.data, whole, options.pictures, Path(folder))
        base = judge.iou(whole)
        for keep in SHARES:
            thin = prune(whole, keep, pictures)
            card = thin.card()
            points.append(
                {
                    "keep": keep,
                    "parameters": card.parameters,
                    "macs": card.macs,
                    "time": judge.time(thin),
                    "iou_refitted": judge.iou(thin),
                }
            )
            if options.epochs:
                run = Path(folder) / f"keep{keep}"
                run.mkdir()
                tuned = fine_tuned(thin, options.data, run, options.epochs, options.limit)
                points[-1]["iou_tuned"] = judge.iou(tuned)
            sys.stderr.write(f"{points[-1]}\n")
    card = whole.card()
    same = {"parameters": card.parameters, "macs": card.macs, "time": 1.0}
    first = {"keep": 1.0, **same, "iou_refitted": base}
    if options.epochs:
        first["iou_tuned"] = base
    facts = {"network": options.model, "split": SPLIT, "pictures": len(judge.masks)}
    facts |= {"epochs": options.epochs, "training_pictures": options.limit if options.epochs else 0}
    command = command_line("benchmarks.pruning", words)
    save("pruning", heading(command, **facts, points=[first, *points]), options.out)
    return 0


if __name__ == "__main__":
    run_to_the_end(main)
