"""What training for int8 gains over calibration: `python -m benchmarks.trained_int8 --data DIR`.

A network wholly in 8 bits, also where its architecture asks for float32 (`Model.sensitive`), as an
accelerator without floats would run it: calibrated, and after a short training. Scored against
the annotators' masks and against the float network on validation pictures. Writes
`benchmarks/results/trained_int8.json`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import onnx
import torch

from benchmarks.ending import run_to_the_end
from benchmarks.mobile import SPLIT, Study
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.data.shards import open_data
from pocketmatte.export.calibration import calibration_pictures, evenly
from pocketmatte.export.formats import Request
from pocketmatte.export.onnx import build_onnx
from pocketmatte.export.onnx_precision import quantise, readers
from pocketmatte.export.ranges import bounds
from pocketmatte.models.checkpoint import load_checkpoint
from pocketmatte.training.loop import LAST, train
from pocketmatte.training.quantize import quantize_recipe


def calibrated(study: Study, keep_float: str) -> onnx.ModelProto:
    return quantise(study.exact, bounds(study.seen, readers(study.exact)), keep_float)


def trained(study: Study, options: argparse.Namespace) -> tuple[onnx.ModelProto, dict]:
    """The int8 file of the network after `train --quantize`, and what training did."""
    recipe = quantize_recipe(study.name, open_data(options.data))
    recipe.limit, recipe.epochs, recipe.batch = options.limit, options.epochs, options.batch
    recipe.threads, recipe.workers, recipe.resolution = 1, 0, [(0.0, options.side)]
    recipe.composites = 0.0  # so few pictures are not worth reading all backgrounds
    history = train(recipe, options.data, study.folder / "run")
    checkpoint = load_checkpoint(study.folder / "run" / LAST)
    network = checkpoint.network()
    request = Request(network.input_size, study.size, precision="int8", ranges=checkpoint.ranges)
    facts = {
        "learning_rate": recipe.learning_rate,
        "batch": recipe.batch,
        "pictures_trained_on": recipe.limit,
        "epochs": recipe.epochs,
        "side": options.side,
        "val_iou": [round(row["val_iou"], 5) for row in history.rows],
    }
    return build_onnx(network, request), facts


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trained_int8")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="best")
    parser.add_argument("--pictures", type=int, default=40, help="to score on")
    parser.add_argument("--limit", type=int, default=96, help="training pictures")
    parser.add_argument(
        "--side", type=int, default=128, help="of their views; scores are not at it"
    )
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    samples = [sample for sample in open_data(options.data).split(SPLIT) if sample.mask]
    samples = evenly(samples, options.pictures)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        study = Study(options.model, samples, calibration_pictures(options.data, 48), Path(folder))

        def add(name: str, model: onnx.ModelProto) -> None:
            rows.append({"int8": name, "mb": model.ByteSize() / 1e6, **study.judge(model)})
            sys.stderr.write(f"{rows[-1]}\n")

        if kept := study.network.sensitive:
            add("calibrated, sensitive layers in float32", calibrated(study, kept))
        add("calibrated, all layers", calibrated(study, ""))
        made, training = trained(study, options)
        add("trained, all layers", made)
    facts = {"network": options.model, "split": SPLIT, "pictures": len(samples)}
    command = command_line("benchmarks.trained_int8", words)
    save("trained_int8", heading(command, **facts, training=training, rows=rows), options.out)
    return 0


if __name__ == "__main__":
    run_to_the_end(main)
