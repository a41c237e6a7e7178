"""The benchmark covers every filter and writes what it measured."""

import json
import subprocess
import sys
from pathlib import Path

from pocketmatte.filters import FILTERS

ROOT = Path(__file__).parents[2]


def test_times_every_filter_and_says_where(tmp_path):
    out = tmp_path / "filters.json"
    size = ["--height", "72", "--width", "128", "--repeat", "1"]
    command = [sys.executable, "-m", "benchmarks.filters", *size, "--out", str(out)]

    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    result = json.loads(out.read_text(encoding="utf-8"))
    assert set(result["results"]) == {*FILTERS, "guided_upsample", "estimate_foreground"}
    assert all(0 < row["ms"] <= row["median_ms"] for row in result["results"].values())
    assert result["size"] == [72, 128] and result["threads"] == 1
    assert {"command", "date", "machine", "versions"} <= set(result)
