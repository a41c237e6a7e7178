"""The whole pipeline of the presets, stage by stage, on one thread of one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.store import today
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.evaluation.speed.stages import time_stages
from pocketmatte.evaluation.speed.timing import one_core, opencv_threads
from pocketmatte.matting.pipeline import load_model

SAME = ("machine.cpu",)
SIZES = ((720, 1280), (1080, 1920), (1200, 1600))


def pipeline_result(
    names: Sequence[str],
    sizes: Sequence[tuple[int, int]] = SIZES,
    runs: int = 15,
    tell: Callable[[str], None] = lambda name: None,
) -> dict:
    """Time presets on a drawn portrait of each size.

    A row is one preset at one size: `size`, `stages_ms` (median of each stage), `frame_ms` (their
    sum), `best_ms` (sum of the fastest) and `fps`.
    """
    rows = []
    with one_core() as core, opencv_threads(1):
        for name in names:
            base, _, runtime = name.partition("@")
            model = load_model(base, runtime=runtime or None, threads=1)
            for size in sizes:
                tell(f"{name} {size[1]}x{size[0]}")
                image, alpha = draw_portrait(*size)
                rows.append(_row(name, size, time_stages(model, image, alpha, runs)))
    return {"threads": 1, "pinned_to_core": core is not None, "runs": runs, "rows": rows}


def _row(name: str, size: tuple[int, int], stages: dict) -> dict:
    frame = sum(timing.median_ms for timing in stages.values())
    return {
        "name": name,
        "kind": "preset",
        "size": list(size),
        "date": today(),
        "stages_ms": {stage: round(timing.median_ms, 2) for stage, timing in stages.items()},
        "frame_ms": round(frame, 2),
        "best_ms": round(sum(timing.best_ms for timing in stages.values()), 2),
        "fps": round(1000 / frame, 1),
    }
