"""The robustness and fairness card of a network on a labelled split."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from pocketmatte.data.layout import DataFolder, Sample
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation import metrics
from pocketmatte.evaluation.evaluate import run
from pocketmatte.evaluation.report import confidence_interval
from pocketmatte.evaluation.robustness.disturbances import DISTURBANCES
from pocketmatte.evaluation.robustness.facts import FindFace, picture_facts
from pocketmatte.evaluation.robustness.groups import MISSING, TITLES, group_rows, summarise

Progress = Callable[[int, int], None]


def labelled(data: DataFolder, split: str, limit: int | None = None) -> list[Sample]:
    """The first `limit` pictures of a split, those that have a mask.

    Raises PocketmatteError when there are none.
    """
    samples = [sample for sample in data.split(split)[:limit] if sample.mask]
    if not samples:
        raise PocketmatteError(
            f"{data.root}: no picture of split '{split}' has a mask; choose a labelled split"
        )
    return samples


def gather_facts(
    samples: Sequence[Sample], find_face: FindFace | None = None, progress: Progress | None = None
) -> list[dict[str, float]]:
    """`picture_facts` of each sample; they serve the cards of all networks."""
    found = []
    for done, sample in enumerate(samples, 1):
        image, mask = sample.read_image(), sample.read_mask()
        found.append(picture_facts(image, mask, sample.read_alpha(), find_face))
        if progress:
            progress(done, len(samples))
    return found


def robustness_card(
    model,
    samples: Sequence[Sample],
    facts: Sequence[dict[str, float]],
    progress: Progress | None = None,
) -> dict:
    """How a network does on disturbed pictures and on groups of pictures.

    model: anything with `alpha(image)`, as for `evaluate`. samples: with masks. facts: of the same
    pictures, from `gather_facts`. progress: called with (done, total) pictures.

    Returns a dict of plain values. `disturbances`: for each its name, count, mean IoU and boundary
    F with bootstrap 95 % intervals, the share of pictures under 0.90 IoU, and `iou_change` against
    the undisturbed pictures, with the interval of the paired differences. `groups`: the groups of
    each fact. `missing`: attributes that nobody labelled. One picture is held at a time.
    """
    rows: dict[str, list[dict]] = {name: [] for name in DISTURBANCES}
    for done, sample in enumerate(samples, 1):
        image, mask = sample.read_image(), sample.read_mask()
        for name in DISTURBANCES:
            rows[name].append(score_disturbed(model, image, mask, name, sample.name))
        if progress:
            progress(done, len(samples))
    plain = rows["as it is"]
    groups = {fact: group_rows(plain, facts, fact) for fact in TITLES}
    missing = list(MISSING) + [TITLES[fact] for fact, found in groups.items() if not found]
    return {
        "disturbances": [
            {"name": name, **summarise(found), **_change(found, plain)}
            for name, found in rows.items()
        ],
        "groups": {fact: found for fact, found in groups.items() if found},
        "missing": missing,
    }


def score_disturbed(model, image: np.ndarray, mask: np.ndarray, name: str, picture: str) -> dict:
    """IoU and boundary F of one picture under the disturbance `name`.

    The random part depends on the picture's name alone, so every network sees the same.
    """
    rng = np.random.default_rng(zlib.crc32(f"{name} {picture}".encode()))
    image, mask = DISTURBANCES[name](image, mask, rng)
    predicted = metrics.to_mask(run(model, image, picture))
    return {
        "iou": metrics.person_iou(predicted, mask),
        "boundary_f": metrics.boundary_f(predicted, mask),
    }


def _change(rows: Sequence[dict], plain: Sequence[dict]) -> dict:
    differences = [row["iou"] - base["iou"] for row, base in zip(rows, plain, strict=True)]
    low, high = confidence_interval(differences)
    return {
        "iou_change": round(float(np.mean(differences)), 5),
        "iou_change_low": round(low, 5),
        "iou_change_high": round(high, 5),
    }
