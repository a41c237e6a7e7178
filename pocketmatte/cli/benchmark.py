"""`pocketmatte benchmark`: how fast the presets run on this machine."""

from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    json: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Write all numbers; - for standard output, in place of the table.",
        ),
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="HxW", help="Height and width of the picture.")
    ] = "720x1280",
    runs: Annotated[int, typer.Option(min=1, help="Frames that count, for each one.")] = 20,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE", help="Which (default all presets); may be repeated."),
    ] = None,
    runtime: Annotated[
        list[str] | None, typer.Option(help="Which (default all there are); may be repeated.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where the network runs; missing is an error.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the network and of OpenCV.")
    ] = None,
) -> None:
    """Time all presets in all runtimes on this machine.

    From a picture to a composite on a background, with the device that really ran. The picture is
    drawn, so nothing is needed and nothing is fetched.
    """
    import sys
    from json import dumps

    from pocketmatte.errors import PocketmatteError
    from pocketmatte.evaluation.speed.presets import benchmark as time_presets
    from pocketmatte.media.atomic import whole_file

    if json not in (None, "-") and not Path(json).parent.is_dir():
        raise PocketmatteError(f"{json}: its folder is not there; make it first")
    shape = parse_size(size)
    with _status() as progress:
        found = time_presets(model, runtime, shape, runs, device, threads, progress)
    text = dumps(found, indent=1) + "\n"
    if json == "-":
        sys.stdout.write(text)
        return
    if json is not None:
        with whole_file(json) as path:
            path.write_text(text, encoding="utf-8")
    _show(found)


def parse_size(text: str) -> tuple[int, int]:
    """ "720x1280" -> (720, 1280), height first; PocketmatteError for anything else."""
    from pocketmatte.errors import PocketmatteError

    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise PocketmatteError(f"--size {text}: is not HxW; give height and width like 720x1280")
    return int(parts[0]), int(parts[1])


def _status():
    """A context that gives the progress callback; None where nobody watches."""
    from contextlib import contextmanager, nullcontext

    if not typer.get_text_stream("stderr").isatty():
        return nullcontext()
    from rich.console import Console

    @contextmanager
    def running():
        with Console(stderr=True).status("starting") as status:
            yield lambda name, runtime: status.update(f"{name} in {runtime}")

    return running()


def _show(found: dict) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    machine, versions = found["machine"], found["versions"]
    console = Console(highlight=False, soft_wrap=True)
    height, width = found["size"]
    console.print(f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}")
    console.print(f"pocketmatte {versions['pocketmatte']}, Python {versions['python']}")
    console.print(f"{width}x{height} pixels, milliseconds, median of {found['runs']} frames\n")
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for title in ("preset", "runtime"):
        table.add_column(title, no_wrap=True)
    for title in (*found["rows"][0]["stages_ms"], "frame", "fps"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in found["rows"]:
        times = [*row["stages_ms"].values(), row["frame_ms"]]
        cells = [f"{time:.1f}" if time < 100 else f"{time:.0f}" for time in times]
        table.add_row(row["model"], row["runtime"], *cells, f"{row['fps']:.0f}")
    Console(highlight=False).print(table)
    console.print()
    for row in found["rows"]:
        console.print(f"{row['model']} in {row['runtime']} ran on {row['device']}")
    for one in found["left_out"]:
        console.print(f"left out: {one['model']} in {one['runtime']}: {one['reason']}")
