"""`pocketmatte evaluate`: how good a network is, on labelled pictures."""

from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.cli._options import Device, Model, Threads


def evaluate(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder with labelled pictures.")],
    model: Model = "balanced",
    split: Annotated[str, typer.Option(help="List of pictures: DIR/splits/SPLIT.txt.")] = "test",
    json: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Write all scores of all pictures; - for standard output, in place of the table.",
        ),
    ] = None,
    worst: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw the worst pictures into this folder: image, truth, alpha, composite, "
            "difference.",
        ),
    ] = None,
    worst_count: Annotated[int, typer.Option(min=1, help="How many of them.")] = 24,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Score the first so many pictures only.")
    ] = None,
    device: Device = None,
    threads: Threads = None,
) -> None:
    """Score a network on labelled pictures, at native size.

    Against masks: person IoU, mean IoU, pixel accuracy, boundary F, MAD, MSE. Against soft alphas,
    where the data has them: MAD, MSE, SAD, gradient and connectivity error.
    """
    import sys

    from pocketmatte.data.shards import open_data
    from pocketmatte.errors import PocketmatteError
    from pocketmatte.evaluation.evaluate import evaluate as score_split
    from pocketmatte.matting.pipeline import load_model

    folder = open_data(data)
    folder.split(split)
    if json not in (None, "-") and not Path(json).parent.is_dir():
        raise PocketmatteError(f"{json}: its folder is not there; make it first")
    network = load_model(model, device=device, threads=threads)
    with _progress() as progress:
        report = score_split(network, folder, split, limit, worst, worst_count, progress)
    if json == "-":
        sys.stdout.write(report.to_json())
        return
    if json is not None:
        report.save(json)
    _show(report)


def _progress():
    """A context that gives the callback of a progress bar; None where nobody watches."""
    from contextlib import contextmanager, nullcontext

    if not typer.get_text_stream("stderr").isatty():
        return nullcontext()

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    bar = Progress(
        TextColumn("pictures"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        TextColumn("{task.fields[score]}"),
        console=Console(stderr=True),
    )

    @contextmanager
    def running():
        total_iou = count = 0

        def advance(done: int, total: int, row: dict) -> None:
            nonlocal total_iou, count
            if "iou" in row:
                total_iou, count = total_iou + row["iou"], count + 1
            score = f"IoU {total_iou / count:.4f}" if count else ""
            bar.update(task, completed=done, total=total, score=score)

        with bar:
            task = bar.add_task("pictures", total=None, score="")
            yield advance

    return running()


def _show(report) -> None:
    """The means as a table on standard output."""
    from rich.console import Console
    from rich.table import Table

    from pocketmatte.evaluation.report import LABELS

    counts = report.counts
    table = Table(
        title=f"{report.model['name']} on {report.data}, split {report.split}: "
        f"{counts['pictures']} pictures ({counts['with_mask']} with a mask, "
        f"{counts['with_alpha']} with a soft alpha)",
        title_justify="left",
    )
    table.add_column("metric")
    table.add_column("mean", justify="right")
    table.add_column("95 % interval", justify="right")
    confidence = report.confidence
    for key, value in report.means.items():
        interval = "{:.4f} to {:.4f}".format(*confidence[key]) if key in confidence else ""
        table.add_row(LABELS[key], f"{value:.4f}", interval)
    if counts["with_mask"]:
        table.add_row("pictures under 0.90 IoU", f"{report.poor_share:.1%}", "")
    Console().print(table)
