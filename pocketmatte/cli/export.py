"""`pocketmatte export`: turn a checkpoint into a file that runtimes read."""

from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.errors import PocketmatteError


def export(
    checkpoint: Annotated[
        str, typer.Argument(metavar="CHECKPOINT", help="A preset, or a .pt file of train.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write into.")],
    to: Annotated[str, typer.Option(metavar="onnx|litert", help="Format.")] = "onnx",
    size: Annotated[
        str | None,
        typer.Option(
            metavar="portrait|landscape|square|HxW",
            help="For formats of one fixed size; else the architecture's own.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the network; else the recipe's.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Score the export on this data folder, into its card."),
    ] = None,
    split: Annotated[str, typer.Option(help="List of pictures to score on.")] = "test",
) -> None:
    """Turn a checkpoint into a file that runtimes read, with its card."""
    from pocketmatte.export.export import export as run
    from pocketmatte.models.checkpoint import load_checkpoint

    card = run(load_checkpoint(checkpoint), out, to, name=name, size=_size(size))
    typer.echo(f"{out / card.file}: {card.size_bytes / 1e6:.2f} MB, {card.parameters:,} parameters")
    if data:
        from pocketmatte.evaluation.evaluate import evaluate
        from pocketmatte.matting.pipeline import load_model

        report = evaluate(load_model(out / card.file), data, split)
        card.scores[split] = {
            **{key: round(value, 5) for key, value in report.means.items()},
            "pictures": report.counts["pictures"],
        }
        card.write((out / card.file).with_suffix(".json"))
        typer.echo(f"{split}: " + ", ".join(f"{k} {v}" for k, v in card.scores[split].items()))


_SIZES = {"portrait": (224, 160), "landscape": (128, 224), "square": (192, 192)}


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None or text in _SIZES:
        return _SIZES.get(text)
    try:
        height, width = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise PocketmatteError(
            f"size {text!r}: give portrait, landscape, square or HEIGHTxWIDTH, such as 192x160"
        ) from None
    return height, width
