"""What the processes that this one started use: memory by kind, processor time. Linux."""

from __future__ import annotations

import os
from pathlib import Path

CHROMIUM = {"renderer": "page", "gpu-process": "GPU", "video_capture": "camera"}
"""Chromium's processes that matter by name; all its others are the browser."""


def started() -> list[int]:
    """Process ids of all that this process, and they in turn, started; itself left out."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(folder.name)):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        more = children.get(waiting.pop(), [])
        found += more
        waiting += more
    return found


def used_seconds() -> float:
    """Processor time so far, of this process and all that it started."""
    lines = [fields for process in (os.getpid(), *started()) if (fields := _stat(process))]
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in lines)
    return ticks / os.sysconf("SC_CLK_TCK")


def chromium_memory() -> dict[int, tuple[str, float]]:
    """Kind and MB of each of Chromium's processes; what several share is divided among them.

    What drives the browser, playwright's server and this process, is left out.
    """
    found = {}
    for process in started():
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        if kind := kind_of(words):
            kilobytes = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
            found[process] = kind, kilobytes * 1024 / 1e6
    return found


def kind_of(command: list[str]) -> str:
    """Of one of Chromium's processes, by its command line; empty for other programs."""
    if "chrom" not in Path(command[0].split(" ")[0]).name:
        return ""
    line = " ".join(command)
    return next((name for mark, name in CHROMIUM.items() if mark in _types(line)), "browser")


def _types(line: str) -> list[str]:
    """What `--type=` and `--utility-sub-type=video_capture.mojom.Service` say."""
    words = [word.partition("=")[2] for word in line.split() if "type=" in word]
    return [word.split(".")[0] for word in words]


def _stat(process: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
