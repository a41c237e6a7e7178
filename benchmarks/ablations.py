"""`python -m benchmarks.ablations`: variants of one recipe, trained alike, side by side.

A list is a YAML file with a `base` recipe and `variants`, each a name and what it changes. The
results, named like the list, fill a table of the documents:

    <!-- table: ablations:rows | variant=name | IoU=val_iou:.4f | change=change:+.4f -->
"""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.errors import PocketmatteError

MODULE = "benchmarks.ablations"
DEFAULT = Path(__file__).with_name("ablations.yaml")
FIGURES = ("val_iou", "val_mad", "val_loss", "val_accuracy")


def ablations(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder.")],
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the trainings.")],
    variants: Annotated[
        Path, typer.Option("--list", metavar="FILE", help="The list of variants, YAML.")
    ] = DEFAULT,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the list's.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Pictures, instead of its.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the JSON goes (default: here).")
    ] = None,
) -> None:
    """Train every variant by the same short budget and compare them on `val`.

    Stopped at any time, the same command goes on where it stood; what is trained is not trained
    again. With --limit or --epochs, nothing is written unless --out says where: it is a trial.
    """
    from rich.console import Console

    from benchmarks import store

    console, rows = Console(highlight=False), []
    target = out or (None if limit or epochs else store.RESULTS)
    for name, recipe in read_list(variants, epochs, limit):
        rows.append(train_variant(name, recipe, data, runs / recipe.name))
        rows[-1]["change"] = round(rows[-1]["val_iou"] - rows[0]["val_iou"], 5)
        console.print(f"{name}: val IoU {rows[-1]['val_iou']:.4f} ({rows[-1]['change']:+.4f})")
        if target:
            heading = store.heading(store.command_line(MODULE, sys.argv[1:]))
            store.save(variants.stem, {**heading, "rows": rows}, target)


def read_list(path: Path, epochs: int | None = None, limit: int | None = None) -> list:
    """Names and recipes of a list. Raises PocketmatteError when it cannot be read as one."""
    import yaml

    from pocketmatte.training.recipe import Recipe

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        base, variants = found["base"], [dict(variant) for variant in found["variants"]]
        names = [variant.pop("name") for variant in variants]
    except OSError:
        raise PocketmatteError(f"{path}: no such list of variants") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise PocketmatteError(
            f"{path}: not a list of variants ({reason}); it needs `base`, and `variants` with names"
        ) from None
    asked = {"epochs": epochs, "limit": limit}
    asked = {key: value for key, value in asked.items() if value is not None}
    recipes = []
    for name, changes in zip(names, variants, strict=True):
        values = {**base, **changes, **asked, "name": re.sub(r"\W+", "-", name)}
        recipes.append((name, Recipe.from_dict(values, f"{path}, {name}")))
    return recipes


def train_variant(name: str, recipe, data: Path, folder: Path) -> dict:
    """Train, go on or only look up one variant; returns its row."""
    from pocketmatte.models.checkpoint import load_checkpoint
    from pocketmatte.models.cost import count_macs, count_parameters
    from pocketmatte.training.loop import BEST, LAST, train
    from pocketmatte.training.recipe import Recipe

    last = folder / LAST
    if last.is_file() and Recipe.from_dict(load_checkpoint(last).recipe) != recipe:
        raise PocketmatteError(f"{folder}: holds a training by another recipe; move it away")
    if not last.is_file() or load_checkpoint(last).epoch < recipe.epochs:
        train(recipe, data, folder, resume=last.is_file())
    best, cost = load_checkpoint(folder / BEST), load_checkpoint(last).cost
    network = best.network()
    side = -(-recipe.resolution[-1][1] // network.stride) * network.stride
    return {
        "name": name,
        "architecture": recipe.architecture,
        "parameters": count_parameters(network),
        "macs": count_macs(network, (side, side)),
        "macs_size": [side, side],
        **{key: round(best.scores[key], 5) for key in FIGURES},
        "best_epoch": best.epoch,
        "epochs": recipe.epochs,
        "pictures": cost["pictures"],
        "hours": cost["hours"],
    }


if __name__ == "__main__":
    from benchmarks.run import command

    command(ablations, MODULE)
