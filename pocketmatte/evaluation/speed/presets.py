"""`pocketmatte benchmark`: every preset in every runtime that this machine has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.machine import describe_machine, describe_versions
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.evaluation.speed.stages import time_stages
from pocketmatte.evaluation.speed.timing import opencv_threads

Progress = Callable[[str, str], None]


def benchmark(
    models: Sequence[str] | None = None,
    runtimes: Sequence[str] | None = None,
    size: tuple[int, int] = (720, 1280),
    runs: int = 20,
    device: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict:
    """Time presets on this machine, from a picture to a composite.

    Args:
        models: names or files as for `load_model`; None takes all that come with the package.
        runtimes: names; None tries all.
        size: height and width of the picture, which is drawn.
        runs: frames that count, for each model and runtime.
        device: as for `load_model`; never replaced by another one.
        threads: of the network and of OpenCV; None lets them choose.
        progress: called with (model, runtime) before each one is timed.

    Returns a dict of plain values: `machine`, `versions`, `size`, `runs`, `threads`, `rows` of
    those that ran and `left_out`, each with the reason. A row has the device that really ran,
    the median milliseconds of each stage, their sum `frame_ms`, `best_ms` (the sum of the
    fastest) and `fps`.

    Raises PocketmatteError for an unknown model or runtime, a size that cannot be drawn, or when
    nothing could run.
    """
    image, alpha = draw_portrait(*size)
    names, engines = _models(models), _runtimes(runtimes)
    rows, left_out = [], []
    with opencv_threads(threads):
        for name in names:
            for engine in engines:
                if progress:
                    progress(name, engine)
                try:
                    rows.append(_time_one(name, engine, image, alpha, runs, device, threads))
                except PocketmatteError as error:
                    left_out.append({"model": name, "runtime": engine, "reason": str(error)})
    if not rows:
        reasons = dict.fromkeys(one["reason"] for one in left_out)
        raise PocketmatteError(f"nothing could be timed: {'; '.join(reasons)}")
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "size": list(size),
        "runs": runs,
        "threads": threads,
        "rows": rows,
        "left_out": left_out,
    }


def _time_one(name, engine, image, alpha, runs, device, threads) -> dict:
    from pocketmatte.matting.pipeline import load_model

    model = load_model(name, runtime=engine, device=device, threads=threads)
    stages = time_stages(model, image, alpha, runs)
    frame = sum(timing.median_ms for timing in stages.values())
    return {
        "model": model.card.name,
        "runtime": model.runtime.name,
        "device": model.runtime.device,
        "parameters": model.card.parameters,
        "stages_ms": {stage: round(timing.median_ms, 3) for stage, timing in stages.items()},
        "frame_ms": round(frame, 3),
        "best_ms": round(sum(timing.best_ms for timing in stages.values()), 3),
        "fps": round(1000 / frame, 1),
    }


def _models(names: Sequence[str] | None) -> list[str]:
    from pocketmatte.weights import find_weights, list_models

    if names is None:
        return [card.name for card in list_models()]
    for name in names:
        find_weights(name)
    return list(names)


def _runtimes(names: Sequence[str] | None) -> list[str]:
    from pocketmatte.runtimes import RUNTIMES

    for name in names or ():
        if name not in RUNTIMES:
            raise PocketmatteError(f"unknown runtime {name!r}; known are: {', '.join(RUNTIMES)}")
    return list(RUNTIMES if names is None else names)
