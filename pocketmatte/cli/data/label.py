"""`pocketmatte data label`: soft alphas from teacher networks."""

from pathlib import Path
from typing import Annotated

import typer


def label(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.")],
    teacher: Annotated[
        list[str],
        typer.Option(
            metavar="FILE",
            help="Network: a preset's name or a file with its card. Repeat: first the one that "
            "knows best who is person, last the one with the best edges.",
        ),
    ],
    split: Annotated[
        list[str] | None, typer.Option(help="Which pictures; repeat for several [unlabelled].")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write here and leave DIR as it is."),
    ] = None,
    keep: Annotated[
        float, typer.Option(min=0, max=1, help="Smallest IoU between two teachers.")
    ] = 0.93,
    redo: Annotated[bool, typer.Option("--redo", help="Replace alphas that are there.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many only.")] = None,
    device: Annotated[str | None, typer.Option(help="Where the teachers run.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads for each.")] = None,
) -> None:
    """Write a soft alpha for each picture that has none, and how far the teachers agree.

    labels.csv gets a row a picture; splits/labelled.txt those that are good enough to train on.
    Stop with Ctrl-C; the same command goes on. Exit code 1 when pictures could not be read.
    """
    from pocketmatte.cli.data._bar import bar, say, say_failures
    from pocketmatte.data.label import label as run
    from pocketmatte.matting.pipeline import load_model

    teachers = [load_model(name, device=device, threads=threads) for name in teacher]
    with bar("pictures") as advance:

        def show(done: int, total: int, row: dict) -> None:
            if advance:
                advance(done, total, f"agreement {row['teacher_agreement_iou']}")

        splits = split or ["unlabelled"]
        done = run(
            folder,
            teachers,
            splits=splits,
            out=out,
            keep=keep,
            redo=redo,
            limit=limit,
            progress=show,
        )
    say(
        f"{done.pictures} labelled, {done.there_before} had an alpha; "
        f"{len(done.kept)} good enough, in splits/labelled.txt"
    )
    if done.failures:
        say_failures(done.failures)
        raise typer.Exit(1)
