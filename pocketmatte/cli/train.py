"""`pocketmatte train`: train a network from a recipe, or fine-tune one."""

from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.errors import PocketmatteError


def train(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Checkpoints, figures and graphs.")],
    recipe: Annotated[Path | None, typer.Option(metavar="FILE", help="Recipe, YAML.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|FILE",
            help="Go on from this preset or .pt file; without a recipe, fine-tune it gently.",
        ),
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Train this preset or .pt file for int8."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint in OUT.")
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Instead of the recipe's.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda, ...")] = "cpu",
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="CPU threads.")] = None,
) -> None:
    """Train a network from a recipe, or fine-tune one: --from balanced; for int8: --quantize.

    A checkpoint is written after every epoch. Ctrl-C loses the running epoch only; --resume
    goes on exactly where it stood. Several processes: torchrun ... -m pocketmatte train ...
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from pocketmatte.training.distributed import is_main_process
    from pocketmatte.training.loop import train as run

    chosen = _recipe(recipe, start, quantize, data)
    if epochs:
        chosen.epochs = epochs
    if threads:
        chosen.threads = threads
    console = Console(stderr=True, quiet=not is_main_process())
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
            score = f"IoU {figures['iou']:.4f}" if "iou" in figures else f"{figures['fmse']:.0f}"
            text = f"epoch {epoch + 1}  loss {figures['loss']:.4f}  {score}"
            done, total = epoch * steps + step, chosen.epochs * steps
            bar.update(task, completed=done, total=total, figures=text)

        history = run(chosen, data, out, resume=resume, device=device, progress=show)
    if not history.rows:
        return
    if "val_fmse" in history.rows[-1]:
        best = min(history.rows, key=lambda row: row["val_fmse"])
        console.print(
            f"least validation error {best['val_fmse']:.0f} in epoch {best['epoch']}; "
            f"exported to {out / chosen.name}.onnx"
        )
        return
    best, first = max(history.rows, key=lambda row: row["val_iou"]), history.rows[0]
    before = "" if first["epoch"] else f", {first['val_iou']:.4f} before"
    console.print(
        f"best validation IoU {best['val_iou']:.4f} in epoch {best['epoch']}{before}; "
        f"exported to {out / chosen.name}{'-int8' if chosen.int8 else ''}.onnx"
    )


def _recipe(path: Path | None, start: str | None, quantize: str | None, data: Path):
    from pocketmatte.data.shards import open_data
    from pocketmatte.training.finetune import finetune_recipe
    from pocketmatte.training.quantize import quantize_recipe
    from pocketmatte.training.recipe import load_recipe

    if quantize is not None:
        if path or start:
            raise PocketmatteError("--quantize brings its own recipe; leave --recipe, --from out")
        return quantize_recipe(quantize, open_data(data))
    if path is None and start is None:
        raise PocketmatteError(
            "give a recipe (--recipe FILE), or a network to fine-tune (--from balanced)"
        )
    if path is None:
        return finetune_recipe(start, open_data(data))
    recipe = load_recipe(path)
    if start is not None:
        recipe.pretrained = start
    return recipe
