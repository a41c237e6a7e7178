"""`pocketmatte train`: train a network from a recipe."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="Recipe, a YAML file.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Checkpoints, figures and graphs.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint in OUT.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Instead of the recipe's.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, ...")] = "cpu",
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="CPU threads.")] = None,
) -> None:
    """Train a network from a recipe.

    A checkpoint is written after every epoch. Ctrl-C loses the running epoch only; --resume
    goes on exactly where it stood.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from pocketmatte.training.loop import train as run
    from pocketmatte.training.recipe import load_recipe

    chosen = load_recipe(recipe)
    if epochs:
        chosen.epochs = epochs
    if threads:
        chosen.threads = threads
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=console,
    )
    console.print("reading pictures ...")
    with bar:
        task = bar.add_task("training", total=None, figures="")

        def show(epoch: int, step: int, steps: int, figures: dict) -> None:
            text = f"epoch {epoch + 1}  loss {figures['loss']:.4f}  IoU {figures['iou']:.4f}"
            done, total = epoch * steps + step, chosen.epochs * steps
            bar.update(task, completed=done, total=total, figures=text)

        history = run(chosen, data, out, resume=resume, device=device, progress=show)
    if not history.rows:
        return
    best = max(history.rows, key=lambda row: row["val_iou"])
    console.print(
        f"best validation IoU {best['val_iou']:.4f} in epoch {best['epoch']}; "
        f"exported to {out / chosen.name}.onnx"
    )
