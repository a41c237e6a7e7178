"""The proof of an export: its alpha beside the trained network's, picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation import metrics
from pocketmatte.export.calibration import as_batches
from pocketmatte.mobile.bitpack import unpack_mask
from pocketmatte.models.registry import Model
from pocketmatte.runtimes import Runtime, open_runtime
from pocketmatte.weights.card import Card

TOLERANCE = 1e-3
"""Of fp32: the largest difference of alpha that is no mistake of the export."""


def prove(
    path: Path,
    card: Card,
    network: Model,
    pictures: Sequence[np.ndarray],
    bits: int = 16,
    runtime: str | None = None,
) -> dict:
    """Run the exported file and the network on the same pictures, RGB uint8 HWC.

    Returns `max` and `mean` difference of alpha, `mask_iou` of the masks alpha > 0.5 (the least
    of the pictures), `shift` in grid pixels (down, right; the largest of the pictures) and the
    number of `pictures`. A packed file has a mask only: `mask_iou`.

    Raises PocketmatteError when a file of fp32 differs by more than `TOLERANCE`.
    """
    runner = open_runtime(path, runtime, threads=1 if runtime != "opencv" else None)
    rows = []
    for batch in as_batches(list(pictures), card, tuple(card.sizes[0]) if card.sizes else None):
        truth = run_network(network, batch)
        if card.output == "packed":
            mask = unpack_mask(runner(batch), truth.shape[1], bits)
            rows.append({"mask_iou": metrics.person_iou(mask, truth > 0.5)})
        else:
            rows.append(compare(run_file(runner, batch), truth))
    found = _worst(rows)
    if card.precision == "fp32" and found.get("max", 0.0) > TOLERANCE:
        raise PocketmatteError(
            f"{path.name}: its alpha differs from the network's by {found['max']:.2g} (allowed: "
            f"{TOLERANCE:g}, shift {found['shift']}); the converter made a mistake, do not ship it"
        )
    return found | {"pictures": len(rows)}


def prove_changes(path: Path, card: Card, network: Model) -> dict:
    """The same for a harmoniser, on drawn layers: `max` and `mean` difference of what it proposes.

    Raises PocketmatteError when a file of fp32 differs by more than `TOLERANCE`.
    """
    runner = open_runtime(path, threads=1)
    size = tuple(card.sizes[0]) if card.sizes else network.input_size
    layers = np.random.default_rng(0).random((1, network.channels, *size), np.float32)
    with torch.inference_mode():
        difference = np.abs(runner(layers) - network(torch.from_numpy(layers)).numpy())
    if card.precision == "fp32" and difference.max() > TOLERANCE:
        raise PocketmatteError(f"{path.name}: differs from the network by {difference.max():.2g}")
    return {"max": float(f"{difference.max():.3g}"), "mean": float(f"{difference.mean():.3g}")}


def run_file(runner: Runtime, batch: np.ndarray) -> np.ndarray:
    """Alpha of one normalised picture `[1, 3, H, W]`, flat or not, as float32 HW."""
    return runner(batch).reshape(batch.shape[2:])


@torch.inference_mode()
def run_network(network: Model, batch: np.ndarray) -> np.ndarray:
    """The trained network's alpha of one normalised picture, float32 HW."""
    return network(torch.from_numpy(batch)).sigmoid()[0, 0].numpy()


def compare(alpha: np.ndarray, truth: np.ndarray) -> dict:
    """Differences of one alpha from another, both float32 HW."""
    difference = np.abs(alpha - truth)
    return {
        "max": float(difference.max()),
        "mean": float(difference.mean()),
        "mask_iou": metrics.person_iou(alpha > 0.5, truth > 0.5),
        "shift": shift(alpha, truth),
    }


def shift(alpha: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """How far `alpha` lies (down, right) of `truth`, in pixels; good for shifts under one.

    The least-squares step of Lucas and Kanade (1981), one for the whole picture.
    """
    slopes = np.stack([slope.ravel() for slope in np.gradient(truth)]).astype(np.float64)
    gram = slopes @ slopes.T
    gram += 1e-9 * max(np.trace(gram), 1e-12) * np.eye(2)
    down, right = np.linalg.solve(gram, slopes @ (truth - alpha).ravel())
    return float(down), float(right)


def _worst(rows: list[dict]) -> dict:
    """One row for all pictures."""
    found = {"mask_iou": round(min(row["mask_iou"] for row in rows), 6)}
    if "max" in rows[0]:
        found["max"] = float(f"{max(row['max'] for row in rows):.3g}")
        found["mean"] = float(f"{np.mean([row['mean'] for row in rows]):.3g}")
        far = max((row["shift"] for row in rows), key=lambda step: np.hypot(*step))
        found["shift"] = [round(step, 4) for step in far]
    return found
