"""`pocketmatte data convert`: bring data into the project's layout."""

from pathlib import Path
from typing import Annotated

import typer

FORMATS = (
    "folders, rgba, cutouts, backgrounds, trimap, seed, supervisely, coco, eg1800, aisegment, "
    "p3m, ppm"
)


def convert(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder to convert.")],
    format: Annotated[str, typer.Option("--from", metavar="FORMAT", help=f"One of: {FORMATS}.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Data folder.")],
    name: Annotated[
        str | None, typer.Option("--set", metavar="NAME", help="Name of the set [SRC's name].")
    ] = None,
    val: Annotated[
        float, typer.Option(metavar="SHARE", help="Draw this share of train for val.")
    ] = 0.0,
    side: Annotated[
        int | None, typer.Option(metavar="PIXELS", min=16, help="Shrink to this longer side.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many only.")] = None,
    seed: Annotated[int, typer.Option(help="Of the drawing of val.")] = 0,
) -> None:
    """Convert masks, alphas or annotations into a data folder; other sets in it stay.

    Exit code 1 when some pictures had to be left out; they are named.
    """
    from pocketmatte.cli.data._bar import bar, say, say_failures
    from pocketmatte.data.convert import convert as run

    with bar("pictures") as advance:

        def show(done: int, current: str) -> None:
            if advance:
                advance(done, None, current)

        done = run(
            source,
            format,
            out,
            name=name,
            val=val,
            side=side,
            limit=limit,
            seed=seed,
            progress=show,
        )
    splits = ", ".join(f"{split} {count}" for split, count in done.splits.items())
    parts = [f"{done.pictures} pictures ({splits})"] if done.pictures else []
    parts += [f"{done.cutouts} cut-outs"] if done.cutouts else []
    parts += [f"{done.backgrounds} backgrounds"] if done.backgrounds else []
    say(f"{out}: set {done.set}: {', '.join(parts)}")
    if done.failures:
        say_failures(done.failures)
        raise typer.Exit(1)
