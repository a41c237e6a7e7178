"""What an evaluation found: one row a picture, and what they come to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from pocketmatte import __version__
from pocketmatte.errors import PocketmatteError

LABELS = {
    "iou": "person IoU",
    "miou": "mean IoU, person and background",
    "accuracy": "pixel accuracy",
    "boundary_f": "boundary F, 0.5 % of the diagonal",
    "mask_mad": "MAD to the mask",
    "mask_mse": "MSE to the mask",
    "alpha_mad": "MAD to the soft alpha",
    "alpha_mse": "MSE to the soft alpha",
    "alpha_sad": "SAD to the soft alpha, thousands",
    "alpha_grad": "gradient error, thousands",
    "alpha_conn": "connectivity error, thousands",
}
WITH_CONFIDENCE = ("iou", "boundary_f")
POOR_IOU = 0.90


def confidence_interval(
    values: Sequence[float], level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Bootstrap interval of the mean (percentile method, Efron 1979), low and high.

    values: at least one, one a picture. level: share of resamples that lie inside. The same seed
    gives the same interval. Raises PocketmatteError when there are no values.
    """
    sample = np.asarray(values, np.float64)
    if sample.size == 0:
        raise PocketmatteError("no values, so no confidence interval; give at least one")
    generator = np.random.default_rng(seed)
    means = [generator.choice(sample, sample.size).mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass
class Report:
    """Scores of one model on one split.

    model: name and, as far as known, sha256 and parameters. data: name of the data folder.
    pictures: a dict a picture: `name` and the scores by the keys of `LABELS`; the `alpha_*` keys
    only where the data has a soft alpha, the others only where it has a mask. seconds: wall time.
    """

    model: dict
    data: str
    split: str
    pictures: list[dict] = field(default_factory=list)
    seconds: float = 0.0

    def values(self, key: str) -> list[float]:
        """One score for each picture that has it, in the split's order."""
        return [row[key] for row in self.pictures if key in row]

    @property
    def means(self) -> dict[str, float]:
        """Mean over pictures of each score that any picture has."""
        columns = {key: self.values(key) for key in LABELS}
        return {key: float(np.mean(column)) for key, column in columns.items() if column}

    @property
    def counts(self) -> dict[str, int]:
        """Number of pictures, of those with a mask, of those with a soft alpha."""
        return {
            "pictures": len(self.pictures),
            "with_mask": len(self.values("iou")),
            "with_alpha": len(self.values("alpha_mad")),
        }

    @property
    def confidence(self) -> dict[str, tuple[float, float]]:
        """Bootstrap 95 % interval of the mean person IoU and boundary F."""
        columns = {key: self.values(key) for key in WITH_CONFIDENCE}
        return {key: confidence_interval(column) for key, column in columns.items() if column}

    @property
    def poor_share(self) -> float:
        """Share of the pictures with a mask whose person IoU is under 0.90."""
        scores = self.values("iou")
        return sum(score < POOR_IOU for score in scores) / len(scores) if scores else 0.0

    def worst(self, count: int) -> list[dict]:
        """The `count` rows with the lowest person IoU, worst first.

        Pictures without a mask follow, those with the largest MAD to the soft alpha first.
        """
        masked = sorted((row for row in self.pictures if "iou" in row), key=lambda row: row["iou"])
        others = [row for row in self.pictures if "iou" not in row]
        return (masked + sorted(others, key=lambda row: -row["alpha_mad"]))[:count]

    def to_dict(self) -> dict:
        """All of it as plain numbers, strings, lists and dicts."""
        return {
            "pocketmatte": __version__,
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "model": self.model,
            "data": self.data,
            "split": self.split,
            "seconds": round(self.seconds, 2),
            "counts": self.counts,
            "means": _rounded(self.means),
            "confidence_95": {
                key: [round(low, 6), round(high, 6)] for key, (low, high) in self.confidence.items()
            },
            "share_under_0.90_iou": round(self.poor_share, 6),
            "pictures": [_rounded(row) for row in self.pictures],
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def save(self, path: str | Path) -> None:
        """Write `to_json` to a file, whole or not at all.

        Raises PocketmatteError when it cannot be written.
        """
        path = Path(path)
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            beside.write_text(self.to_json(), encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            reason = error.strerror or error
            raise PocketmatteError(
                f"{path}: cannot be written ({reason}); choose another file"
            ) from error


def _rounded(row: dict) -> dict:
    return {key: round(v, 6) if isinstance(v, float) else v for key, v in row.items()}
