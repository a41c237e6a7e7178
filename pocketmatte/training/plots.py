"""Training graphs: loss, IoU, accuracy and learning rate over the epochs, as PNG."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

_GRAPHS = {
    "loss.png": ("loss", ("loss", "val_loss")),
    "iou.png": ("person IoU", ("iou", "val_iou")),
    "accuracy.png": ("pixel accuracy", ("accuracy", "val_accuracy")),
    "fmse.png": ("error over the person, levels squared", ("fmse", "val_fmse")),
    "learning_rate.png": ("learning rate", ("learning_rate",)),
}


def plot_history(rows: list[dict], folder: Path) -> list[Path]:
    """Draw one graph per figure into `folder`; returns the files."""
    epochs = [row["epoch"] for row in rows]
    paths = []
    for file, (title, names) in _GRAPHS.items():
        if not any(name in rows[-1] for name in names):
            continue
        figure = Figure((6, 3.6), layout="constrained")
        axes = figure.add_subplot(xlabel="epoch", ylabel=title)
        for name in names:
            label = "validation" if name.startswith("val_") else "training"
            axes.plot(epochs, [row.get(name) for row in rows], label=label, marker=".")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(folder / file, dpi=110)
        paths.append(folder / file)
    return paths
