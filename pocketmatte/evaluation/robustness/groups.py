"""Sort pictures into groups by one fact, and tell how well each group is done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocketmatte.evaluation.report import POOR_IOU, confidence_interval

FEW = 10
THIRDS = {
    "light": ("darkest third", "middle third", "lightest third"),
    "clutter": ("plainest third", "middle third", "most cluttered third"),
    "size": ("smallest third", "middle third", "largest third"),
    "outline": ("smoothest third", "middle third", "most ragged third"),
    "soft": ("least hair third", "middle third", "most hair third"),
}
ITA_CLASSES = (
    ("looks light (ITA over 41)", 41.0, 90.0),
    ("looks medium (10 to 41)", 10.0, 41.0),
    ("looks dark (under 10)", -90.0, 10.0),
)
TITLES = {
    "light": "Light: mean luma of the picture",
    "clutter": "Background clutter: share of edge pixels behind the person",
    "size": "Size: share of the picture that the person fills",
    "outline": "Outline: its length over that of its convex hull (hair, fingers, gaps)",
    "soft": "Hair: share of soft pixels in the true alpha",
    "ita": "Face: how light its skin looks in the picture (ITA, degrees)",
}
MISSING = (
    "hair length and type",
    "glasses",
    "hats",
    "age group",
    "number of people",
    "skin tone: the ITA of an everyday picture tells the light on the face as much as the skin",
)
"""Asked for, but neither the data nor the picture tells: not guessed."""


def summarise(rows: Sequence[dict]) -> dict:
    """Count, mean IoU and boundary F with bootstrap 95 % intervals (`_low`, `_high`), and
    `poor_share`: the share of pictures under 0.90 IoU.

    rows: each with `iou` and `boundary_f`. Groups of under 10 pictures say `few`: true, because
    a bootstrap of so few tells little.
    """
    found: dict = {"count": len(rows)}
    if not rows:
        return found | {"few": True}
    for key in ("iou", "boundary_f"):
        values = [row[key] for row in rows]
        low, high = confidence_interval(values)
        found[key] = round(float(np.mean(values)), 5)
        found[f"{key}_low"], found[f"{key}_high"] = round(low, 5), round(high, 5)
    found["poor_share"] = round(sum(row["iou"] < POOR_IOU for row in rows) / len(rows), 5)
    if len(rows) < FEW:
        found["few"] = True
    return found


def group_rows(rows: Sequence[dict], facts: Sequence[dict], fact: str) -> list[dict]:
    """The groups of one fact: each its `group`, `from`, `to` and what `summarise` tells.

    Pictures without the fact come last, as "not known".

    rows: scores, one a picture. facts: of the same pictures, in the same order. Thirds are cut at
    the terciles of this data, so they hold about as many pictures each; ITA has fixed classes.
    """
    values = np.array([one.get(fact, np.nan) for one in facts], np.float64)
    known = values[~np.isnan(values)]
    if known.size == 0:
        return []
    found = []
    for name, low, high, last in _ranges(known, fact):
        inside = (values >= low) & ((values <= high) if last else (values < high))
        chosen = [row for row, wanted in zip(rows, inside, strict=True) if wanted]
        limits = {"from": round(float(low), 4), "to": round(float(high), 4)}
        found.append({"group": name, **limits, **summarise(chosen)})
    rest = [row for row, value in zip(rows, values, strict=True) if np.isnan(value)]
    if rest:
        found.append({"group": "not known", **summarise(rest)})
    return found


def _ranges(known: np.ndarray, fact: str):
    """Yield (name, low, high, upper end belongs to it)."""
    if fact == "ita":
        for name, low, high in ITA_CLASSES:
            yield name, low, high, high == 90.0
        return
    first, second = np.quantile(known, (1 / 3, 2 / 3))
    edges = (known.min(), first, second, known.max())
    for i, name in enumerate(THIRDS[fact]):
        yield name, edges[i], edges[i + 1], i == 2
