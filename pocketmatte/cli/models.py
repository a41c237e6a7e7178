"""`pocketmatte models`: the networks that come with the package."""

import json
from dataclasses import asdict
from typing import Annotated

import typer


def models(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Tell all about this one.")
    ] = None,
    time: Annotated[
        bool, typer.Option("--time", help="Time the networks on this machine, one thread.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the networks that come with it: size, cost, scores and terms."""
    from pocketmatte.errors import PocketmatteError
    from pocketmatte.weights import list_models

    cards = list_models()
    if name is not None:
        known = ", ".join(card.name for card in cards)
        cards = [card for card in cards if card.name == name]
        if not cards:
            raise PocketmatteError(f"{name}: no such network; there are: {known}")
    if as_json:
        typer.echo(json.dumps([asdict(card) for card in cards], indent=2))
        return
    _show_table(cards, _times(cards) if time else {})
    if name is not None:
        _tell(cards[0])
    else:
        typer.echo("\nIoU, BF (boundary F): means over the test pictures at native size.")
        typer.echo("`pocketmatte models NAME` tells what a network was trained on, and its terms.")


def _show_table(cards, times: dict[str, float]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("name", no_wrap=True)
    for title in ("params", "MACs", *(["ms"] if times else []), "IoU", "BF"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("weights")
    table.add_column("data")
    for card in cards:
        table.add_row(
            card.name,
            f"{card.parameters / 1e6:.2f} M",
            f"{card.macs / 1e6:.0f} M",
            *([f"{times[card.name]:.1f}"] if times else []),
            *(_score(card.scores, key) for key in ("iou", "boundary_f")),
            card.licence.partition(":")[0] or "not stated",
            _data_terms(card.training_data),
        )
    Console(highlight=False).print(table)


def _tell(card) -> None:
    """The long texts of one card."""
    typer.echo(f"\n{card.description}")
    typer.echo(f"MACs are for {' x '.join(map(str, card.macs_size))} pixels (height x width).")
    typer.echo(f"Files: {card.file} ({card.size_bytes / 1e6:.1f} MB), {card.checkpoint or '-'}")
    typer.echo(f"Licence of the weights: {card.licence or 'not stated'}")
    typer.echo("Trained on:" if card.training_data else "Trained on: not stated")
    for data in card.training_data:
        typer.echo(f"  {data['name']} ({data['terms']})")
    if card.cost:
        cost = card.cost
        typer.echo(
            f"Training: {cost['pictures']:,} pictures seen in {cost['hours']:.2f} hours on "
            f"{cost['device']} ({cost['machine'].get('cpu', 'unknown processor')})"
        )


def _times(cards) -> dict[str, float]:
    """Milliseconds of the bare network on a drawn 1280x720 picture, median, by name."""
    from pocketmatte.evaluation.speed.presets import benchmark

    found = benchmark([card.name for card in cards], ["onnx"], runs=10, threads=1)
    return {row["model"]: row["stages_ms"]["network"] for row in found["rows"]}


def _data_terms(sets: list[dict]) -> str:
    """The strictest terms among the training sets, in a word or two."""
    if not sets:
        return "not stated"
    terms = " ".join(entry["terms"] for entry in sets)
    for word in ("non-commercial", "research", "none stated"):
        if word in terms:
            return word
    return ", ".join(dict.fromkeys(entry["terms"] for entry in sets))


def _score(scores: dict, key: str) -> str:
    value = scores.get("test", {}).get(key)
    return "-" if value is None else f"{value:.4f}"
