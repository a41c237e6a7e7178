"""What a measurement ran on: processor and versions, and nothing that names the machine."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pocketmatte import __version__

PACKAGES = ("numpy", "opencv-python-headless", "opencv-python", "onnxruntime", "torch")
PACKAGES += ("ai-edge-litert", "openvino")


def describe_machine() -> dict:
    """Processor, cores, memory in GB, system; `load`: processes that wanted a core just now.

    `cores_allowed` is what this process may use. What the system does not tell is left out.
    """
    facts = {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "cores_allowed": _allowed(),
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def describe_versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of Python, of this package and of those of `packages` that are installed."""
    found = {"python": platform.python_version(), "pocketmatte": __version__}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu() -> str:
    """The processor's model, as its maker calls it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in ("model name", "Model", "Hardware") and value.strip():
                return value.strip()
    if platform.system() == "Darwin":
        done = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip():
            return done.stdout.strip()
    return platform.processor() or platform.machine()


def _allowed() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None
