"""`python -m benchmarks.labels`: what `data label` makes of pictures whose alphas are known."""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

MODULE = "benchmarks.labels"


def labels(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Data folder with alphas.")],
    splits: Annotated[str, typer.Option(help="Lists, with commas.")] = "train,unlabelled",
    count: Annotated[int, typer.Option(min=1, help="Pictures of each list, spread evenly.")] = 25,
    teachers: Annotated[
        str, typer.Option(help="Peers or presets with commas, as for `data label`.")
    ] = "mediapipe-multiclass,modnet",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the JSON goes (default: here).")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where fetched networks are kept.")
    ] = None,
) -> None:
    """Compare each teacher's alpha, and the fused one, with the data's own: IoU and MAD."""
    from rich.console import Console

    from benchmarks import store
    from benchmarks.subjects import load_subject
    from pocketmatte.data.shards import open_data
    from pocketmatte.training.fetch import DEFAULT_CACHE

    folder, console = open_data(data), Console(stderr=True, highlight=False)
    chosen = [load_subject(name.strip(), 1, cache or DEFAULT_CACHE) for name in teachers.split(",")]
    rows: dict[str, dict] = {}
    with console.status("labelling") as status:
        for split in splits.split(","):
            samples = folder.split(split)
            samples = samples[:: max(1, len(samples) // count)][:count]
            for name, figures in compare(samples, chosen, lambda text: status.update(text)).items():
                rows.setdefault(name, {"name": name})[split] = figures
    result = {
        **store.heading(store.command_line(MODULE, sys.argv[1:])),
        "teachers": [subject.title for subject in chosen],
        "pictures_each": count,
        "rows": list(rows.values()),
    }
    console.print(f"written to {store.save('labels', result, out or store.RESULTS)}")


def compare(samples, teachers, tell=lambda text: None) -> dict[str, dict]:
    """Mean IoU (at 0.5) and MAD against the data's alphas: by teacher, and of the fusion."""
    from pocketmatte.data.label_fuse import agreement, fuse

    scores: dict[str, list] = {}
    for done, sample in enumerate(samples, 1):
        tell(f"{done}/{len(samples)}")
        image, truth = sample.read_image(), sample.read_alpha()
        alphas = [teacher.alpha(image) for teacher in teachers]
        answers = {t.name: alpha for t, alpha in zip(teachers, alphas, strict=True)}
        answers["fused"] = fuse(alphas, sample.read_mask())
        for name, alpha in answers.items():
            pair = agreement([alpha, truth]), float(np.abs(alpha - truth).mean())
            scores.setdefault(name, []).append(pair)
    means = {name: np.mean(pairs, axis=0).tolist() for name, pairs in scores.items()}
    return {name: {"iou": round(i, 5), "mad": round(m, 5)} for name, (i, m) in means.items()}


if __name__ == "__main__":
    from benchmarks.run import command

    command(labels, MODULE)
