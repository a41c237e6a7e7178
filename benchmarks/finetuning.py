"""What fine-tuning on a hundred pictures gains: `python -m benchmarks.finetuning --data DIR`.

Pictures of one set, whose annotators see the outline differently from the start's training: 90 to
train on and 10 to choose the epoch by, drawn from the set's training list; scored on the set's
validation pictures against their masks. The start, then the default recipe with nothing of the
start kept and as it is. Writes `benchmarks/results/finetuning.json` in about two minutes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

import cv2
import torch

from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.data.layout import DataFolder
from pocketmatte.evaluation.evaluate import evaluate
from pocketmatte.evaluation.report import Report
from pocketmatte.matting.pipeline import load_model
from pocketmatte.training.finetune import finetune_recipe
from pocketmatte.training.loop import train

TRAINED, CHOSEN, SCORED = "train", "val", "test"
KEPT = (0.0, 0.5)


def small_set(data: DataFolder, name: str, counts: tuple[int, int], folder: Path) -> DataFolder:
    """The pictures of one set as somebody's own data folder: masks only, splits of their own."""
    pool = [sample.name for sample in data.split("train") if sample.set == name]
    random.Random(0).shuffle(pool)
    own = [sample.name for sample in data.split("val") if sample.set == name]
    splits = {TRAINED: pool[: counts[0]], CHOSEN: pool[counts[0] : sum(counts)], SCORED: own}
    (folder / "splits").mkdir()
    for split, names in splits.items():
        (folder / "splits" / f"{split}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / name).mkdir()
    for kind in ("image", "mask"):
        (folder / name / kind).symlink_to((data.root / name / kind).resolve())
    return DataFolder(folder)


def tuned(start: str, mine: DataFolder, out: Path, epochs: int, keep: float) -> float:
    """Fine-tune into `out`. Returns minutes."""
    recipe = finetune_recipe(start, mine)
    recipe.epochs, recipe.threads, recipe.keep = epochs, 1, keep
    return sum(row["seconds"] for row in train(recipe, mine.root, out).rows) / 60


def scored(network: str | Path, mine: DataFolder) -> Report:
    return evaluate(load_model(network, threads=1), mine, SCORED)


def row(name: str, report: Report) -> dict:
    means = {key: round(value, 5) for key, value in report.means.items()}
    return {"name": name, **means, "poor_share": round(report.poor_share, 4)}


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finetuning")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="picsart", help="whose pictures")
    parser.add_argument("--start", default="balanced")
    parser.add_argument("--pictures", type=int, nargs=2, default=(90, 10), metavar="N")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "mine").mkdir()
        counts = tuple(options.pictures)
        mine = small_set(DataFolder(options.data), options.set, counts, place / "mine")
        reports = {f"`{options.start}`": scored(options.start, mine)}
        for keep in KEPT:
            out = place / f"{keep:g}"
            minutes = tuned(options.start, mine, out, options.epochs, keep)
            file = out / f"{options.start}-tuned.onnx"
            reports[f"fine-tuned, `keep: {keep:g}`"] = scored(file, mine)
    first, *_, last = (report.pictures for report in reports.values())
    result = {
        **heading(command_line("benchmarks.finetuning", words)),
        "set": options.set,
        "trained_on": counts[0],
        "chosen_by": counts[1],
        "pictures": len(last),
        "minutes": round(minutes, 1),
        "better": sum(b["iou"] > a["iou"] for a, b in zip(first, last, strict=True)),
        "rows": [row(name, report) for name, report in reports.items()],
    }
    save("finetuning", result, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
