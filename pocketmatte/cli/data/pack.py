"""`pocketmatte data pack`: shards that train fast and travel."""

from pathlib import Path
from typing import Annotated

import typer


def pack(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Folder for shards.")],
    split: Annotated[
        list[str] | None, typer.Option(help="Which splits; repeat for several [all].")
    ] = None,
    shard_size: Annotated[int, typer.Option(metavar="MB", min=1, help="Largest shard.")] = 256,
    side: Annotated[
        int | None, typer.Option(metavar="PIXELS", min=16, help="Shrink to this longer side.")
    ] = None,
) -> None:
    """Pack a data folder into WebDataset tar files.

    `pocketmatte.data.shards.open_data` reads them like the folder itself. The same data gives the
    same bytes.
    """
    from pocketmatte.cli.data._bar import bar, say
    from pocketmatte.data.pack import pack as run

    with bar("samples") as advance:
        done = run(
            folder, out, splits=split, max_bytes=shard_size * 2**20, side=side, progress=advance
        )
    parts = ", ".join(f"{name} {count}" for name, count in done.samples.items())
    say(f"{out}: {len(done.shards)} shards, {done.bytes / 2**20:.1f} MB: {parts}")
