"""`python -m benchmarks.peers`: the peers' quality on a data folder, each with its own weights."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.peers.table import PEERS, load_peer
from pocketmatte.cli import EXIT_FAILED, say_error
from pocketmatte.errors import PocketmatteError
from pocketmatte.training.fetch import DEFAULT_CACHE


def peers(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which (default all): {', '.join(PEERS)}.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder; without it, only fetch.")
    ] = None,
    split: Annotated[str, typer.Option(help="List of pictures.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pictures.")] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all scores.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the peers' alphas side by side.")
    ] = None,
    sheet_rows: Annotated[int, typer.Option(min=1, help="Pictures on the sheet.")] = 12,
    cache: Annotated[Path, typer.Option(help="Where fetched networks are kept.")] = DEFAULT_CACHE,
    threads: Annotated[int, typer.Option(min=1, help="Threads for each network.")] = 1,
) -> None:
    """Fetch the peers' published networks and score them on the same pictures."""
    from rich.console import Console

    console, progress = Console(), Console(stderr=True)
    chosen = []
    for name in names or PEERS:
        progress.print(f"loading {name}")
        chosen.append(load_peer(name, threads, cache))
    if data is None:
        return
    reports = _score(chosen, data, split, limit, progress)
    console.print(_table(chosen, reports))
    if json is not None:
        text = json_module.dumps(_dicts(chosen, reports), indent=1)
        json.write_text(text + "\n", encoding="utf-8")
    if sheet is not None:
        _draw(chosen, data, split, limit, sheet, sheet_rows)


def _score(chosen, data, split, limit, progress) -> list:
    from pocketmatte.evaluation.evaluate import evaluate

    reports = []
    for peer in chosen:
        with progress.status(peer.name) as status:

            def show(done, total, row, status=status, name=peer.name):
                status.update(f"{name} {done}/{total}")

            reports.append(evaluate(peer, data, split, limit, progress=show))
    return reports


def _table(chosen, reports):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("peer", "params", "MB", "IoU", "BF", "MAD", "licence"):
        words = heading in ("peer", "licence")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    for peer, report in zip(chosen, reports, strict=True):
        means = report.means
        keys = ("iou", "boundary_f", "mask_mad" if "mask_mad" in means else "alpha_mad")
        scores = [f"{means[key]:.4f}" if key in means else "" for key in keys]
        facts = [f"{peer.parameters / 1e6:.2f} M", f"{peer.size / 1e6:.1f}"]
        table.add_row(peer.name, *facts, *scores, peer.licence)
    return table


def _dicts(chosen, reports) -> list[dict]:
    dicts = [report.to_dict() for report in reports]
    for peer, found in zip(chosen, dicts, strict=True):
        for key in ("title", "package", "licence", "runtime", "size"):
            found["model"][key] = getattr(peer, key)
    return dicts


def _draw(chosen, data, split, limit, path, count) -> None:
    from pocketmatte.data.layout import DataFolder
    from pocketmatte.media.sheets import contact_sheet, save_sheet

    samples = DataFolder(data).split(split)[:limit]
    step = max(len(samples) // count, 1)
    rows, captions = [], []
    for sample in samples[::step][:count]:
        image, mask = sample.read_image(), sample.read_mask()
        truth = sample.read_alpha() if mask is None else mask
        rows.append([image, truth, *[peer.alpha(image) for peer in chosen]])
        captions.append(sample.name)
    save_sheet(path, contact_sheet(rows, ["image", "truth", *[p.name for p in chosen]], captions))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(peers)
    try:
        app(prog_name="python -m benchmarks.peers")
    except PocketmatteError as error:
        say_error(str(error))
        raise SystemExit(EXIT_FAILED) from None
