"""Score a model on a split of a data folder, one picture at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np

from pocketmatte.data.layout import DataFolder, Sample
from pocketmatte.data.shards import ShardFolder, open_data
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation import metrics
from pocketmatte.evaluation.metrics.checks import check_alpha
from pocketmatte.evaluation.report import Report
from pocketmatte.evaluation.worst import worst_sheets

Progress = Callable[[int, int, dict], None]


def evaluate(
    model,
    data: DataFolder | ShardFolder | str | Path,
    split: str = "test",
    limit: int | None = None,
    worst: str | Path | None = None,
    worst_count: int = 24,
    progress: Progress | None = None,
) -> Report:
    """Score `model` on every labelled picture of a split, at each picture's native size.

    Args:
        model: anything with `alpha(image) -> float32 HW in [0, 1]`, image RGB uint8 HWC, alpha of
            the same height and width. Its `card` or `name`, if any, goes into the report.
        data: a data folder, packed or not, or the path of one.
        split: which list of pictures.
        limit: score the first so many pictures only.
        worst: folder for sheets of the worst pictures; made when missing.
        worst_count: how many of them.
        progress: called after each picture with (done, total, the picture's row).

    Raises PocketmatteError when the data, the split or a picture cannot be read, when labels or
    alphas have another size than the picture, or when no picture has a label.
    """
    folder = open_data(data) if isinstance(data, str | Path) else data
    samples = folder.split(split)[:limit]
    if not any(sample.mask or sample.alpha for sample in samples):
        raise PocketmatteError(
            f"{folder.root}: no picture of split '{split}' has a mask or an alpha to compare with; "
            "choose a labelled split"
        )
    if worst is not None:
        _make_folder(Path(worst))
    report = Report(describe(model), folder.root.resolve().name, split)
    start = perf_counter()
    for done, sample in enumerate(samples, 1):
        if sample.mask or sample.alpha:
            report.pictures.append(score(model, sample))
        if progress:
            progress(done, len(samples), report.pictures[-1] if report.pictures else {})
    report.seconds = perf_counter() - start
    if worst is not None:
        worst_sheets(model, folder, report, worst, worst_count)
    return report


def score(model, sample: Sample) -> dict:
    """The row of one picture: its name, and each metric that its labels allow."""
    image, mask, soft = sample.read_image(), sample.read_mask(), sample.read_alpha()
    alpha = run(model, image, sample.name)
    row = {"name": sample.name}
    if mask is not None:
        _check_label(mask, image, sample.name, "mask")
        row |= _against_mask(alpha, mask)
    if soft is not None:
        _check_label(soft, image, sample.name, "alpha")
        row |= _against_alpha(alpha, soft)
    return row


def run(model, image: np.ndarray, name: str) -> np.ndarray:
    """The model's alpha of one picture; PocketmatteError when it is no alpha of that size."""
    alpha = model.alpha(image)
    if not isinstance(alpha, np.ndarray) or alpha.shape != image.shape[:2]:
        raise PocketmatteError(
            f"{name}: the model gave {getattr(alpha, 'shape', type(alpha).__name__)} for a picture "
            f"of {image.shape[:2]}; its alpha must be HW at the picture's size"
        )
    check_alpha(alpha, f"{name}: the model's alpha")
    return alpha


def describe(model) -> dict:
    """Name, sha256 and parameters of a model, as far as it tells."""
    card = getattr(model, "card", model)
    facts = {key: getattr(card, key, None) for key in ("name", "sha256", "parameters")}
    facts["name"] = facts["name"] or type(model).__name__
    return {key: value for key, value in facts.items() if value is not None}


def _make_folder(path: Path) -> None:
    """Now rather than after an hour of scoring."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise PocketmatteError(
            f"{path}: cannot be made a folder for sheets ({reason}); choose another"
        ) from error


def _against_mask(alpha: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    predicted, truth = metrics.to_mask(alpha), mask.astype(np.float32)
    return {
        "iou": metrics.person_iou(predicted, mask),
        "miou": metrics.mean_iou(predicted, mask),
        "accuracy": metrics.pixel_accuracy(predicted, mask),
        "boundary_f": metrics.boundary_f(predicted, mask),
        "mask_mad": metrics.mad(alpha, truth),
        "mask_mse": metrics.mse(alpha, truth),
    }


def _against_alpha(alpha: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    return {
        "alpha_mad": metrics.mad(alpha, truth),
        "alpha_mse": metrics.mse(alpha, truth),
        "alpha_sad": metrics.sad(alpha, truth),
        "alpha_grad": metrics.gradient_error(alpha, truth),
        "alpha_conn": metrics.connectivity_error(alpha, truth),
    }


def _check_label(label: np.ndarray, image: np.ndarray, name: str, kind: str) -> None:
    if label.shape != image.shape[:2]:
        raise PocketmatteError(
            f"{name}: its {kind} is {label.shape[1]}x{label.shape[0]} but the picture is "
            f"{image.shape[1]}x{image.shape[0]}; make them the same size"
        )
