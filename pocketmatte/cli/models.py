"""`pocketmatte models`: the networks that come with the package."""

from typing import Annotated

import typer


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the networks that come with it."""
