"""`pocketmatte models`: the networks that come with the package."""

import json
from dataclasses import asdict
from typing import Annotated

import typer


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the networks that come with it."""
    from pocketmatte.weights import list_models

    cards = list_models()
    if as_json:
        typer.echo(json.dumps([asdict(card) for card in cards], indent=2))
        return

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("name")
    for title in ("parameters", "MACs", "file", "IoU", "boundary F"):
        table.add_column(title, justify="right", no_wrap=True)
    for card in cards:
        table.add_row(
            card.name,
            f"{card.parameters / 1e6:.2f} M",
            f"{card.macs / 1e6:.0f} M at {'x'.join(map(str, card.macs_size))}",
            f"{card.size_bytes / 1e6:.1f} MB",
            *(_score(card.scores, key) for key in ("iou", "boundary_f")),
        )
    console = Console(highlight=False)
    console.print(table)
    for card in cards:
        console.print(Text.assemble((card.name, "bold"), f": {card.description}"))
        console.print(Text(f"Licence of the weights: {card.licence or 'not stated'}"))
        seen = "; ".join(f"{data['name']} ({data['terms']})" for data in card.training_data)
        console.print(Text(f"Trained on: {seen or 'not stated'}\n"))
    console.print("IoU and boundary F: mean over the test pictures at native size; - not measured.")


def _score(scores: dict, key: str) -> str:
    value = scores.get("test", {}).get(key)
    return "-" if value is None else f"{value:.4f}"
