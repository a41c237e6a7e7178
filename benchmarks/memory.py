"""Peak memory, size on disk and cold start: each network in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import time

import numpy as np

from benchmarks.peers import PEERS
from benchmarks.store import today
from benchmarks.subjects import weights_file
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.picture import draw_portrait
from pocketmatte.training.fetch import DEFAULT_CACHE

SAME = ("machine.cpu", "size")
ROOT = Path(__file__).parent.parent


def memory_result(
    names: Sequence[str],
    size: tuple[int, int] = (720, 1280),
    starts: int = 5,
    cache: Path = DEFAULT_CACHE,
    tell: Callable[[str], None] = lambda name: None,
) -> dict:
    """Start each network `starts` times and let it matte four times a picture of `size`.

    A row has `size_bytes` of the weights, `peak_mb` of the whole process, `over_start_mb` over
    Python with NumPy, OpenCV and the picture, and medians of `cold_ms` (from the start of Python
    to the first matte), `load_ms` (its imports and the loading) and `first_ms`.
    """
    image, _ = draw_portrait(*size)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.npy"
        np.save(picture, image)
        for name in names:
            tell(name)
            file = weights_file(name, cache)
            runs = [start(name, file, picture) for _ in range(starts)]
            rows.append(_row(name, file, runs))
    return {"size": list(size), "threads": 1, "starts": starts, "rows": rows}


def start(name: str, file: Path, picture: Path) -> dict:
    """One fresh process; PocketmatteError with its last line when it fails."""
    kind = "peer" if name in PEERS else "preset"
    command = [sys.executable, "-m", "benchmarks.child", kind, name, str(file), str(picture)]
    begun = time()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "no message").splitlines()[-1]
        raise PocketmatteError(f"{name}: failed in a process of its own ({reason})")
    found = json.loads(done.stdout.splitlines()[-1])
    found["cold_ms"] = 1000 * (found["moment"] - begun)
    return found


def _row(name: str, file: Path, runs: Sequence[dict]) -> dict:
    over = [run["peak_bytes"] - run["before_bytes"] for run in runs]
    return {
        "name": name,
        "kind": "peer" if name in PEERS else "preset",
        "date": today(),
        "size_bytes": file.stat().st_size,
        "peak_mb": round(median(run["peak_bytes"] for run in runs) / 1e6, 1),
        "over_start_mb": round(median(over) / 1e6, 1),
        **{
            key: round(median(run[key] for run in runs), 1)
            for key in ("cold_ms", "load_ms", "first_ms")
        },
    }
