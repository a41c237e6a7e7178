"""Synthetic pictures and clips as a data folder of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from pocketmatte.data.clips import make_clip
from pocketmatte.data.layout import DataFolder
from pocketmatte.data.material import Material, load_material
from pocketmatte.data.scenes import HELD, make_scene
from pocketmatte.data.write import encode_label, encode_rgb, write_bytes, write_lines
from pocketmatte.errors import PocketmatteError

SET = "synthetic"
_ASPECTS = ((1, 1), (3, 4), (4, 3), (9, 16), (16, 9))

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What to synthesize; the same plan and data give the same bytes.

    side: longer side in pixels. held: what things in hands count as. people, split: as for
    `load_material`. frames: of a clip; 0 makes single pictures.
    """

    data: str
    seed: int = 0
    side: int = 512
    held: str = "background"
    people: str = "all"
    split: str = "train"
    frames: int = 0


def synthesize(
    plan: Plan, out: str | Path, count: int, jobs: int = 1, progress: Progress | None = None
) -> list[str]:
    """Write `count` pictures or clips and return their names.

    Pictures go to <out>/synthetic/{image,mask,alpha} and into splits/train.txt, what they show
    into synthetic.csv; clips to <out>/clips/<name>/{image,alpha} with a clip.json. Each picture
    depends on the seed and its number alone, so `jobs` processes write the same bytes as one, and
    a larger `count` begins with the same pictures. Files that are there are made anew.

    Args:
        jobs: processes.
        progress: called after each with (done, count, its name).

    Raises PocketmatteError when material is missing or OUT cannot be written.
    """
    if count < 1:
        raise PocketmatteError(f"count is {count}; give at least 1")
    if plan.held not in HELD:
        raise PocketmatteError(f"held is {plan.held!r}; choose from {', '.join(HELD)}")
    if plan.side < 64:
        raise PocketmatteError(f"side is {plan.side}; give at least 64 pixels")
    out = Path(out)
    if out.resolve() == Path(plan.data).resolve():
        raise PocketmatteError(f"{out}: is the source folder itself; give another --out")
    _material.cache_clear()  # the folder may have changed
    _material(plan)  # complain now, in one line
    names: list[str] = []
    rows: list[str] = ["picture,parts"]
    make = partial(_make_clip if plan.frames else _make_picture, plan, out)
    for name, parts in _run(make, count, jobs):
        names.append(name)
        rows.append(f"{name},{' + '.join(parts)}")
        if progress:
            progress(len(names), count, name)
    if not plan.frames:
        write_lines(out / "splits" / "train.txt", names)
        write_lines(out / f"{SET}.csv", rows)
    write_bytes(
        out / "synthesize.json", (json.dumps(_facts(plan, count), indent=1) + "\n").encode()
    )
    return names


def _run(make, count: int, jobs: int) -> Iterator[tuple[str, list[str]]]:
    if jobs <= 1:
        yield from map(make, range(count))
        return
    # forked children would inherit the threads of OpenCV half-alive
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(make, range(count), chunksize=4)


def _facts(plan: Plan, count: int) -> dict:
    facts = asdict(plan) | {"data": Path(plan.data).resolve().name, "count": count}
    return facts | {"held_objects_are": facts.pop("held")}


@lru_cache(maxsize=1)
def _material(plan: Plan) -> Material:
    """Once a process: lists of files; the pictures are read when asked for."""
    return load_material(DataFolder(plan.data), plan.people, plan.split, int(1.5 * plan.side))


def _size(plan: Plan, rng: np.random.Generator) -> tuple[int, int]:
    tall, wide = _ASPECTS[rng.integers(len(_ASPECTS))]
    unit = plan.side / max(tall, wide)
    return round(tall * unit), round(wide * unit)


def _make_picture(plan: Plan, out: Path, index: int) -> tuple[str, list[str]]:
    rng = np.random.default_rng((plan.seed, index))
    scene = make_scene(rng, _material(plan), _size(plan, rng), plan.held)
    stem = f"{plan.seed}-{index:06d}"
    base = out / SET
    write_bytes(base / "image" / f"{stem}.webp", encode_rgb(scene.image))
    write_bytes(base / "alpha" / f"{stem}.png", encode_label(scene.alpha))
    write_bytes(base / "mask" / f"{stem}.png", encode_label(scene.alpha > 0.5))
    return f"{SET}/{stem}", scene.parts


def _make_clip(plan: Plan, out: Path, index: int) -> tuple[str, list[str]]:
    size = (round(plan.side * 9 / 16), plan.side)
    clip = make_clip((plan.seed, index), _material(plan), size, plan.frames)
    name = f"{plan.seed}-{index:05d}-{clip.kind}"
    folder = out / "clips" / name
    for number, (image, alpha) in enumerate(clip):
        write_bytes(folder / "image" / f"{number:04d}.webp", encode_rgb(image))
        write_bytes(folder / "alpha" / f"{number:04d}.png", encode_label(alpha))
    facts = {"kind": clip.kind, "frames": clip.frames, "fps": 25, "size": list(size)}
    write_bytes(folder / "clip.json", (json.dumps(facts | {"seed": plan.seed}) + "\n").encode())
    return f"clips/{name}", [clip.kind]
