"""Options that several verbs share, each with one meaning and one help text."""

from typing import Annotated

import typer

Model = Annotated[str, typer.Option(metavar="NAME|FILE", help="Preset, or your own .onnx file.")]
Device = Annotated[
    str | None, typer.Option(metavar="NAME", help="Where the network runs; an error if missing.")
]
Threads = Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads for the network.")]
