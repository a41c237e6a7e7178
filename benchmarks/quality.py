"""Quality of networks on the same pictures, and their lead over the reference, paired."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.store import today
from benchmarks.subjects import REFERENCE, Subject
from pocketmatte.data.layout import DataFolder
from pocketmatte.evaluation.evaluate import evaluate
from pocketmatte.evaluation.report import Report, confidence_interval

SAME = ("data", "split", "limit", "pictures_sha256")
"""What must agree for two quality results to be merged."""

Progress = Callable[[int, int, dict], None]


def quality_row(
    subject: Subject,
    data: DataFolder,
    split: str,
    limit: int | None,
    progress: Progress | None = None,
) -> dict:
    """Scores of one network: means, 95 % intervals (`_low`, `_high`), and picture by picture.

    poor_share: share of the pictures under 0.90 IoU.
    """
    report = evaluate(subject, data, split, limit, progress=progress)
    return {
        "name": subject.name,
        "kind": subject.kind,
        "title": subject.title,
        "parameters": subject.parameters,
        "size_bytes": subject.size,
        "licence": subject.licence,
        "runtime": subject.runtime,
        "sha256": subject.sha256,
        "date": today(),
        **_scores(report),
    }


def pictures_facts(data: DataFolder, split: str, limit: int | None) -> dict:
    """What tells whether two results are about the same pictures."""
    names = [sample.name for sample in data.split(split)[:limit]]
    return {
        "data": Path(data.root).resolve().name,
        "split": split,
        "limit": limit,
        "pictures": len(names),
        "pictures_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
    }


def add_leads(rows: Sequence[dict], reference: str = REFERENCE) -> None:
    """Add `iou_lead` and `boundary_f_lead` over the reference to each row, if it is among them.

    Means of the differences picture by picture, with bootstrap 95 % intervals: the same pictures
    are hard for everyone, so pairs tell networks apart that plain intervals do not.
    """
    base = next((row for row in rows if row["name"] == reference), None)
    if base is None:
        return
    for row in rows:
        for key in ("iou", "boundary_f"):
            pairs = zip(row["by_picture"][key], base["by_picture"][key], strict=True)
            differences = [mine - theirs for mine, theirs in pairs]
            if differences:
                low, high = confidence_interval(differences)
                row[f"{key}_lead"] = round(float(np.mean(differences)), 5)
                row[f"{key}_lead_low"], row[f"{key}_lead_high"] = round(low, 5), round(high, 5)


def _scores(report: Report) -> dict:
    found: dict = {key: round(value, 5) for key, value in report.means.items()}
    for key, (low, high) in report.confidence.items():
        found[f"{key}_low"], found[f"{key}_high"] = round(low, 5), round(high, 5)
    found["poor_share"] = round(report.poor_share, 5)
    found["counts"] = report.counts
    found["by_picture"] = {
        key: [round(value, 4) for value in report.values(key)] for key in ("iou", "boundary_f")
    }
    return found
