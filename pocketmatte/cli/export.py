"""`pocketmatte export`: turn a checkpoint into a file that runtimes read."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A .pt file of train.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write into.")],
    name: Annotated[str | None, typer.Option(help="Of the network; else the recipe's.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Score the export on this data folder, into its card."),
    ] = None,
    split: Annotated[str, typer.Option(help="List of pictures to score on.")] = "test",
) -> None:
    """Turn a checkpoint into an ONNX file with its card."""
    from pocketmatte.export.onnx import export_onnx
    from pocketmatte.models.checkpoint import load_checkpoint

    card = export_onnx(load_checkpoint(checkpoint), out, name)
    typer.echo(f"{out / card.file}: {card.size_bytes / 1e6:.2f} MB, {card.parameters:,} parameters")
    if data:
        from pocketmatte.evaluation.evaluate import evaluate
        from pocketmatte.matting.pipeline import load_model

        report = evaluate(load_model(out / card.file), data, split)
        card.scores[split] = {
            **{key: round(value, 5) for key, value in report.means.items()},
            "pictures": report.counts["pictures"],
        }
        card.write(out / f"{card.name}.json")
        typer.echo(f"{split}: " + ", ".join(f"{k} {v}" for k, v in card.scores[split].items()))
