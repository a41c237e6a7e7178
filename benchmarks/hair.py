"""`python -m benchmarks.hair`: the softest pictures of a split, ours beside the peers' alphas."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pocketmatte.errors import PocketmatteError

MODULE = "benchmarks.hair"
ROOT = Path(__file__).parents[1]
ROWS = 8


def hair(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the sheets.")],
    split: Annotated[str, typer.Option(help="List of pictures.")] = "test",
    count: Annotated[int, typer.Option(min=1, help="Pictures on the sheets.")] = 40,
    models: Annotated[str, typer.Option(help="Presets: all, none, or names with commas.")] = "all",
    peers: Annotated[
        str, typer.Option(help="Peers: all, none, or names with commas.")
    ] = "mediapipe-general,mediapipe-multiclass,modnet",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pictures.")] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where fetched networks are kept.")
    ] = None,
) -> None:
    """Draw the pictures with the largest share of soft pixels, and every network's alpha of them.

    Soft is what the data's alpha says, or where it has none, the last network's. The pictures are
    the data's: OUT may not lie in the project.
    """
    from rich.console import Console

    from benchmarks.peers import PEERS
    from benchmarks.subjects import choose, load_subject, preset_names
    from pocketmatte.data.shards import open_data
    from pocketmatte.training.fetch import DEFAULT_CACHE

    if out.resolve().is_relative_to(ROOT):
        raise PocketmatteError(f"{out}: lies in the project, where no data belongs; choose another")
    names = choose(models, preset_names(), "preset") + choose(peers, list(PEERS), "peer")
    if not names:
        raise PocketmatteError("no network is left to draw; name a preset or a peer")
    samples = open_data(data).split(split)[:limit]
    console = Console(stderr=True, highlight=False)
    with console.status("loading") as status:
        subjects = [load_subject(name, 1, cache or DEFAULT_CACHE) for name in names]
        found = softest(samples, subjects[-1], count, lambda done: status.update(f"{done} seen"))
        paths = draw(found, subjects, out)
    console.print(f"{len(found)} pictures on {', '.join(path.name for path in paths)} in {out}")


def softest(samples, fallback, count: int, progress=None) -> list[tuple[float, object]]:
    """The `count` samples with the largest soft share, as (share, sample), softest first."""
    found = []
    for done, sample in enumerate(samples, 1):
        alpha = sample.read_alpha()
        alpha = fallback.alpha(sample.read_image()) if alpha is None else alpha
        found.append((float(np.mean((alpha > 0.05) & (alpha < 0.95))), sample))
        if progress:
            progress(done)
    return sorted(found, key=lambda pair: -pair[0])[:count]


def draw(found: list, subjects: list, folder: Path) -> list[Path]:
    """Sheets `hair-01.jpg` ... of picture, truth and each network's alpha."""
    from pocketmatte.media.sheets import contact_sheet, save_sheet

    labels = ["image", "truth", *(subject.name for subject in subjects)]
    paths = []
    for start in range(0, len(found), ROWS):
        rows, captions = [], []
        for share, sample in found[start : start + ROWS]:
            image, truth = sample.read_image(), sample.read_alpha()
            truth = sample.read_mask() if truth is None else truth
            truth = np.zeros(image.shape[:2], np.float32) if truth is None else truth
            rows.append([image, truth, *(subject.alpha(image) for subject in subjects)])
            captions.append(f"{sample.name}   soft {share:.1%}")
        paths.append(folder / f"hair-{len(paths) + 1:02d}.jpg")
        save_sheet(paths[-1], contact_sheet(rows, labels, captions))
    return paths


if __name__ == "__main__":
    from benchmarks.run import command

    command(hair, MODULE)
