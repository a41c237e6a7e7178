"""`python -m benchmarks.startup`: how soon the package and its command answer.

Whole processes are timed from outside, the way a user waits, beside a Python that does nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.errors import PocketmatteError

ROOT = Path(__file__).parent.parent
SAME = ("machine.cpu",)
COMMANDS = {
    "python -c pass": (["-c", "pass"], None),
    "import pocketmatte": (["-c", "import pocketmatte"], 0.2),
    "pocketmatte --help": (["-m", "pocketmatte", "--help"], 0.4),
    "pocketmatte photo --help": (["-m", "pocketmatte", "photo", "--help"], 0.4),
}
"""Arguments of Python, and the most seconds that it may take."""


def startup_result(runs: int = 15) -> dict:
    """Milliseconds of each of `COMMANDS`, run in turns: median, best, and whether it `held`."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(runs + 1):
        for name, (arguments, _) in COMMANDS.items():
            seconds = _once(arguments)
            if turn:  # the first turn fills the disk's cache
                times[name].append(seconds)
    rows = []
    for name, (_, limit) in COMMANDS.items():
        row = {
            "name": name,
            "ms": round(1000 * min(times[name]), 1),
            "median_ms": round(1000 * median(times[name]), 1),
        }
        if limit is not None:
            row |= {"limit_ms": round(1000 * limit), "held": median(times[name]) <= limit}
        rows.append(row)
    return {"runs": runs, "rows": rows}


def _once(arguments: list[str]) -> float:
    start = perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    seconds = perf_counter() - start
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PocketmatteError(f"python {' '.join(arguments)} failed ({' '.join(reason)})")
    return seconds


def main() -> int:
    result = startup_result()
    command = command_line("benchmarks.startup", sys.argv[1:])
    save("startup", {**heading(command), **result}, RESULTS)
    for row in result["rows"]:
        limit = f"  (limit {row['limit_ms']} ms)" if "limit_ms" in row else ""
        sys.stdout.write(f"{row['name']:26} {row['median_ms']:7.1f} ms{limit}\n")
    return 0 if all(row.get("held", True) for row in result["rows"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
