"""`python -m benchmarks.robustness`: the robustness and fairness card of each preset."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.errors import PocketmatteError

MODULE = "benchmarks.robustness"


def robustness(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder with masks.")],
    split: Annotated[str, typer.Option(help="List of pictures.")] = "test",
    models: Annotated[str, typer.Option(help="Presets: all, none, or names with commas.")] = "all",
    peers: Annotated[
        str, typer.Option(help="Peers: all, none, or names with commas.")
    ] = "mediapipe-general",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pictures.")] = None,
    faces: Annotated[
        bool, typer.Option("--faces/--no-faces", help="Look for faces, for the skin's tone.")
    ] = True,
    merge: Annotated[
        bool, typer.Option("--merge", help="Keep older cards of what is not scored now.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the JSON goes (default: here).")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where fetched networks are kept.")
    ] = None,
) -> None:
    """Score presets on disturbed pictures and on groups of pictures.

    Written as robustness.json, or robustness-SPLIT.json for another split than test.

    With --limit, nothing is written unless --out says where: a part of the pictures is a trial.
    """
    from rich.console import Console

    from benchmarks import show, store
    from benchmarks.faces import find_face
    from benchmarks.peers import PEERS
    from benchmarks.quality import pictures_facts
    from benchmarks.subjects import choose, load_subject, preset_names
    from pocketmatte.data.layout import DataFolder
    from pocketmatte.evaluation.robustness.card import gather_facts, labelled, robustness_card
    from pocketmatte.training.fetch import DEFAULT_CACHE

    names = choose(models, preset_names(), "preset") + choose(peers, list(PEERS), "peer")
    if not names:
        raise PocketmatteError("no network is left to score; name a preset or a peer")
    folder = DataFolder(data)
    samples = labelled(folder, split, limit)
    notes, cards = Console(stderr=True, highlight=False), {}
    with notes.status("looking at the pictures") as status:

        def tell(what):
            return lambda done, total: status.update(f"{what} {done}/{total}")

        facts = gather_facts(samples, find_face if faces else None, tell("looking at"))
        for name in names:
            subject = load_subject(name, 1, cache or DEFAULT_CACHE)
            cards[name] = robustness_card(subject, samples, facts, tell(name))
    target = out or (None if limit else store.RESULTS)
    file = "robustness" if split == "test" else f"robustness-{split}"
    pictures = pictures_facts(folder, split, limit)
    if merge and target:
        cards = older_cards(file, target, pictures) | cards
    result = {
        **store.heading(store.command_line(MODULE, sys.argv[1:])),
        **pictures,
        "compared": compared(cards),
        "cards": cards,
    }
    if target:
        notes.print(f"written to {store.save(file, result, target)}")
    else:
        notes.print("a trial, not written; --out DIR would write it")
    Console(highlight=False).print(show.compared(result["compared"]))


def older_cards(file: str, folder: Path, pictures: dict) -> dict:
    """The cards of an earlier run; PocketmatteError when it was about other pictures."""
    from benchmarks import store

    older = store.load(file, folder)
    if any(older.get(key) != value for key, value in pictures.items()):
        raise PocketmatteError(f"{folder / file}.json: is about other pictures; leave out --merge")
    return older["cards"]


def compared(cards: dict) -> list[dict]:
    """One row a disturbance: its name and each network's IoU, under the network's name."""
    found: dict[str, dict] = {}
    for name, card in cards.items():
        for row in card["disturbances"]:
            found.setdefault(row["name"], {"pictures": row["name"]})[name] = row["iou"]
    return list(found.values())


if __name__ == "__main__":
    from benchmarks.run import command

    command(robustness, MODULE)
