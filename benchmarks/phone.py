"""Times from a phone: the log of LiteRT's benchmark tool as our JSON.

    adb shell /data/local/tmp/benchmark_model --graph=... > run.log
    python -m benchmarks.phone run.log --device "Pixel 7" --network balanced

writes `benchmarks/results/phone_pixel_7.json`. A log may hold many runs, one after another: the
thermal test is a log of ten minutes.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from benchmarks.ending import run_to_the_end
from benchmarks.store import RESULTS, save, today
from pocketmatte.errors import PocketmatteError

_RUN_STARTS = re.compile(r"STARTING!")
_COUNT = re.compile(r"\bcount=\d+\b.*\bavg=.*")
_PAIR = re.compile(r"(\w+)=([-+.\deE]+)")
_OPTION = re.compile(r"^(?:\w+: )?\s*([A-Z][\w /()-]+?): \[(.*?)\]\s*$", re.MULTILINE)
_TIMING = re.compile(r"([A-Z][\w ()]*?): ([\d.eE+]+)(?:,|$)")
_MEMORY = re.compile(r"Memory footprint delta.*?init=([\d.]+) overall=([\d.]+)")
_SIZE = re.compile(r"model file size \(MB\): ([\d.]+)")
_NODES = re.compile(r"nodes executed: (\d+)")
_SUMMARY = re.compile(r"=+ Summary by node type =+\n(?P<head>.*)\n(?P<rows>(?:.*\t.*\n?)+)")
_DELEGATES = {
    "gpu": re.compile(r"(?:GPU|TfLiteGpuDelegate\w*) delegate|delegate for GPU", re.IGNORECASE),
    "nnapi": re.compile(r"NNAPI delegate", re.IGNORECASE),
    "xnnpack": re.compile(r"XNNPACK delegate", re.IGNORECASE),
}
_PARTLY = re.compile(r"(\d+) operations will run on the GPU, and the remaining (\d+)")


def parse_log(text: str) -> list[dict]:
    """Every run of the tool in a log, in order.

    A run has `timings_us` of whole inferences (count, first, min, max, avg, std ...), and what
    else was printed: `inference_us`, `memory_mb`, `operators` (the table by node type), `options`,
    `delegate` ("cpu" where none was named), `on_cpu` (operators that the GPU refused).

    Raises PocketmatteError when the log holds no timings.
    """
    starts = [match.start() for match in _RUN_STARTS.finditer(text)] or [0]
    pieces = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
    runs = [run for run in map(_parse_run, pieces) if run]
    if not runs:
        raise PocketmatteError(
            "no timings in the log; run benchmark_model to its end and keep all that it prints"
        )
    return runs


def _parse_run(text: str) -> dict | None:
    counts = _COUNT.findall(text)
    if not counts:
        return None
    # of several lines, the first ones are the warm-up
    run: dict = {"timings_us": {key: float(value) for key, value in _PAIR.findall(counts[-1])}}
    for line in text.splitlines():
        _, found, rest = line.partition("Inference timings in us: ")
        if found:
            run["inference_us"] = {key: float(value) for key, value in _TIMING.findall(rest)}
    run["delegate"] = next((name for name, seen in _DELEGATES.items() if seen.search(text)), "cpu")
    options = {key.lower(): value for key, value in _OPTION.findall(text)}
    if options:
        if "graph" in options:
            options["graph"] = options["graph"].rsplit("/", 1)[-1]
        run["options"] = options
    if match := _PARTLY.search(text):
        run["on_gpu"], run["on_cpu"] = int(match[1]), int(match[2])
    if match := _MEMORY.search(text):
        run["memory_mb"] = {"init": float(match[1]), "overall": float(match[2])}
    if match := _SIZE.search(text):
        run["file_mb"] = float(match[1])
    if match := _NODES.search(text):
        run["nodes"] = int(match[1])
    tables = list(_SUMMARY.finditer(text))
    if tables:
        run["operators"] = _operators(tables[-1])
    return run


def _operators(table: re.Match) -> list[dict]:
    """Rows of the table by node type, under the tool's own headings."""
    heads = [head.strip("[] ") for head in table["head"].split("\t") if head.strip()]
    names = [_HEADS.get(head.lower(), head.lower().replace(" ", "_")) for head in heads]
    rows = []
    for line in table["rows"].splitlines():
        cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
        if len(cells) == len(names):
            rows.append({name: _number(cell) for name, cell in zip(names, cells, strict=True)})
    return rows


_HEADS = {
    "node type": "op",
    "avg ms": "ms",
    "avg %": "percent",
    "%": "percent",
    "cdf %": "cumulative_percent",
    "cdf%": "cumulative_percent",
    "mem kb": "memory_kb",
    "times called": "called",
}


def _number(cell: str):
    try:
        value = float(cell.rstrip("%"))
    except ValueError:
        return cell
    return int(value) if value.is_integer() and "." not in cell else value


def throttling(runs: list[dict]) -> dict:
    """How a phone slows down while it heats up, over the runs of one log.

    Returns the first and the last run's mean in ms, the slowest, and last / first.
    """
    means = [run["timings_us"]["avg"] / 1000 for run in runs]
    return {
        "runs": len(means),
        "first_ms": means[0],
        "last_ms": means[-1],
        "slowest_ms": max(means),
        "slowdown": means[-1] / means[0],
    }


def summarise(text: str, device: str, network: str) -> dict:
    """The result of one log: device, network, runs and, for several runs, the throttling."""
    runs = parse_log(text)
    first = runs[0]
    result = {
        "device": device,
        "network": network,
        "delegate": first["delegate"],
        "threads": int(first.get("options", {}).get("num threads", 0)) or None,
        "avg_ms": first["timings_us"]["avg"] / 1000,
        "std_ms": first["timings_us"].get("std", 0.0) / 1000,
        "runs": runs,
    }
    if len(runs) > 1:
        result["throttling"] = throttling(runs)
    return result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.phone")
    parser.add_argument("logs", nargs="+", type=Path, help="what benchmark_model printed")
    parser.add_argument("--device", required=True, help='the phone, as "Pixel 7"')
    parser.add_argument("--network", required=True, help="the network that ran")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    options = parser.parse_args(arguments)
    results = []
    for path in options.logs:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise PocketmatteError(f"{path}: {error.strerror}; check the name") from None
        try:
            results.append(summarise(text, options.device, options.network))
        except PocketmatteError as error:
            raise PocketmatteError(f"{path}: {error}") from None
    name = "phone_" + re.sub(r"\W+", "_", options.device.lower()).strip("_")
    written = save(
        name, {"date": today(), "device": options.device, "results": results}, options.out
    )
    for row in results:
        slower = f", {row['throttling']['slowdown']:.2f} x when hot" if "throttling" in row else ""
        sys.stdout.write(f"{row['network']} on {row['delegate']}: {row['avg_ms']:.1f} ms{slower}\n")
    sys.stdout.write(f"{written}\n")
    return 0


if __name__ == "__main__":
    run_to_the_end(main)
