"""`python -m benchmarks.shrinking`: from MediaPipe's multiclass network to `best`, before training.

Every row is one step or one grid, scored on `val` with the whole pipeline.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import numpy as np
import typer

MODULE = "benchmarks.shrinking"
HALF = (0.5, 0.5, 0.5)
PUBLISHED, LOCAL = (256, 384), (128, 192)
# name, share of the hidden channels kept, width before the 3x3 convolutions, sides of the grids
STEPS = (
    ("attention over the whole picture", 1.0, PUBLISHED, (256, 224, 192)),
    ("half the width before the 3x3 convolutions", 1.0, LOCAL, (224, 192)),
    ("and 5/6 of the hidden channels", 0.83, LOCAL, (192,)),
    ("and 2/3 of the hidden channels", 0.67, LOCAL, (192,)),
    ("and 1/2 of the hidden channels", 0.5, LOCAL, (192,)),
)


def shrinking(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder.")],
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pictures.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the JSON goes (default: here).")
    ] = None,
) -> None:
    """Score each step. With --limit, nothing is written unless --out says where."""
    from rich.console import Console

    from benchmarks import store
    from benchmarks.subjects import load_subject
    from pocketmatte.data.shards import open_data
    from pocketmatte.training.fetch import DEFAULT_CACHE

    console, folder, rows = Console(highlight=False), open_data(data), []
    target = out or (None if limit else store.RESULTS)

    def add(name: str, grid: str, model, **facts) -> None:
        rows.append({"name": name, "grid": grid, **facts, **scores(model, folder, limit)})
        console.print(f"{name}, {grid}: IoU {rows[-1]['iou']:.4f}")
        if target:
            heading = store.heading(store.command_line(MODULE, sys.argv[1:]))
            store.save("shrinking", {**heading, "rows": rows}, target)

    published = load_subject("mediapipe-multiclass", 1, DEFAULT_CACHE)
    add("the published file", "256, squashed", published, parameters=published.parameters)
    whole, pictures = published_network(), calibration(folder)
    for name, share, local, sides in STEPS:
        network = shrunk(whole, pictures, share, local)
        facts = {"parameters": sum(p.numel() for p in network.parameters())}
        if not rows[1:]:
            add(name, "256, squashed", matting(network, sizes=[(256, 256)]), **facts)
        for side in sides:
            add(name, str(side), matting(network, area=side * side), **facts)


def published_network():
    """MediaPipe's weights in our architecture, six classes."""
    from pocketmatte.models.published import load_multiclass
    from pocketmatte.models.selfie_mixer import SelfieMixer
    from pocketmatte.training.fetch import fetch
    from pocketmatte.training.start import MULTICLASS

    whole = SelfieMixer(classes=6)
    load_multiclass(whole, fetch(*MULTICLASS))
    return whole.eval()


def calibration(folder):
    """32 pictures spread over the training data."""
    import cv2

    from pocketmatte.training.recipe import Recipe
    from pocketmatte.training.start import pictures_of

    samples = [sample for split in ("train", "unlabelled") for sample in folder.split(split)]
    chosen = [sample.read_image() for sample in samples[:: max(1, len(samples) // 32)][:32]]
    small = [cv2.resize(image, (240, 320), interpolation=cv2.INTER_AREA) for image in chosen]
    return pictures_of(Recipe(mean=HALF, std=HALF), small, (192, 224))


def shrunk(whole, pictures, share: float, local: tuple[int, int]):
    """A smaller network for alpha, not trained."""
    from pocketmatte.models.checkpoint import Checkpoint
    from pocketmatte.models.prune import prune
    from pocketmatte.models.selfie_mixer import SelfieMixer
    from pocketmatte.models.shrink_mixer import shrink

    thin = SelfieMixer(local).eval()
    shrink(whole, thin, pictures)
    if share == 1:
        return thin
    options = {"local": list(local)}
    checkpoint = Checkpoint("selfie_mixer", options, {}, 0, thin.state_dict())
    return prune(checkpoint, share, pictures).network()


def matting(network, area: int = 0, sizes=()):
    """The whole pipeline around a network in torch."""
    import torch

    from pocketmatte.matting.pipeline import Model

    @torch.inference_mode()
    def run(batch: np.ndarray) -> np.ndarray:
        return network.finish(network(torch.from_numpy(batch))).numpy()

    card = SimpleNamespace(
        mean=HALF, std=HALF, sizes=list(sizes), area=area, stride=network.stride, name="trial"
    )
    return Model(run, card)


def scores(model, folder, limit: int | None) -> dict:
    """Means over `val`; `portraits` is its half from the source of the test split."""
    from pocketmatte.evaluation.evaluate import score

    rows = [score(model, sample) for sample in folder.split("val")[:limit]]
    portraits = [row for row in rows if row["name"].startswith("pfcn")] or rows

    def mean(chosen: list[dict], key: str) -> float:
        return round(float(np.mean([row[key] for row in chosen])), 5)

    return {
        "iou": mean(rows, "iou"),
        "boundary_f": mean(rows, "boundary_f"),
        "mad": mean(rows, "alpha_mad"),
        "portraits_iou": mean(portraits, "iou"),
        "portraits_boundary_f": mean(portraits, "boundary_f"),
    }


if __name__ == "__main__":
    from benchmarks.run import command

    command(shrinking, MODULE)
