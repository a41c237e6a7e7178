"""The training's record: one row an epoch, as CSV, JSON, graphs and optionally TensorBoard."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from pocketmatte.errors import PocketmatteError


class History:
    """Rows of figures by epoch.

    `write()` saves `history.csv`, `history.json` and the graphs of `plots.py` into the folder.
    """

    def __init__(self, folder: Path, tensorboard: bool = False):
        self.folder, self.rows = folder, []
        self.board = _summary_writer(folder) if tensorboard else None

    def add(self, **figures: float) -> None:
        """Append an epoch."""
        self.rows.append(figures)
        if self.board:
            for name, value in figures.items():
                self.board.add_scalar(name, value, figures["epoch"])

    def write(self) -> None:
        """Save numbers and graphs."""
        from pocketmatte.training.plots import plot_history

        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with (self.folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
        text = json.dumps(self.rows, indent=1)
        (self.folder / "history.json").write_text(text, encoding="utf-8")
        plot_history(self.rows, self.folder)


def _summary_writer(folder: Path):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise PocketmatteError(
            "tensorboard is not installed; `pip install tensorboard` or set `tensorboard: false`"
        ) from None
    return SummaryWriter(folder / "tensorboard")
