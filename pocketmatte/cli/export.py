"""`pocketmatte export`: turn a checkpoint into a file that runtimes read."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A .pt file of train.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write into.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the network; the checkpoint's stem without it.")
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML with licence, description and training_data."),
    ] = None,
) -> None:
    """Turn a checkpoint into an ONNX file with its card."""
    from pocketmatte.export.onnx import export_onnx, read_card_fields
    from pocketmatte.models.checkpoint import load_checkpoint

    fields = read_card_fields(card) if card else {}
    made = export_onnx(load_checkpoint(checkpoint), out, name or checkpoint.stem, **fields)
    typer.echo(f"{out / made.file}: {made.size_bytes / 1e6:.2f} MB, {made.parameters:,} parameters")
