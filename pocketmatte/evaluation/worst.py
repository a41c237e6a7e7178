"""Sheets of the pictures that a model did worst on, to be looked at before anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketmatte.data.layout import DataFolder
from pocketmatte.evaluation.report import Report
from pocketmatte.media.sheets import contact_sheet, difference, over_colour, save_sheet

COLUMNS = ("image", "truth", "alpha", "composite", "red: too much, blue: missing")


def worst_sheets(
    model,
    data: DataFolder,
    report: Report,
    folder: str | Path,
    count: int = 24,
    rows_per_sheet: int = 8,
) -> list[Path]:
    """Draw the `count` worst pictures of a report: image, truth, alpha, composite, difference.

    The model is run on them once more, so that an evaluation need not hold pictures. Writes
    `worst-01.jpg`, `worst-02.jpg` ... of `rows_per_sheet` rows each into `folder`, worst first, and
    returns their paths. Raises PocketmatteError when the folder cannot be written.
    """
    worst = report.worst(count)
    paths = []
    for start in range(0, len(worst), rows_per_sheet):
        chosen = worst[start : start + rows_per_sheet]
        rows = [_worst_row(model, data, row["name"]) for row in chosen]
        captions = [_caption(start + i, row) for i, row in enumerate(chosen, 1)]
        path = Path(folder) / f"worst-{len(paths) + 1:02d}.jpg"
        save_sheet(path, contact_sheet(rows, COLUMNS, captions))
        paths.append(path)
    return paths


def _worst_row(model, data: DataFolder, name: str) -> list[np.ndarray]:
    sample = data.sample(name)
    image, mask = sample.read_image(), sample.read_mask()
    truth = sample.read_alpha() if mask is None else mask
    alpha = model.alpha(image)
    return [image, truth, alpha, over_colour(image, alpha), difference(image, alpha, truth)]


def _caption(rank: int, row: dict) -> str:
    shown = [("iou", "IoU"), ("boundary_f", "BF"), ("mask_mad", "MAD"), ("alpha_mad", "alpha MAD")]
    scores = [f"{label} {row[key]:.3f}" for key, label in shown if key in row]
    return f"{rank}. {row['name']}   {'  '.join(scores)}"
