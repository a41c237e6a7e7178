"""Runtimes: one protocol, several engines. Adding one is a file and a line in `RUNTIMES`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from pocketmatte.errors import PocketmatteError

# the first that reads a suffix is its default
RUNTIMES = {
    "onnx": ("pocketmatte.runtimes.onnx", "OnnxRuntime", (".onnx",)),
    "openvino": ("pocketmatte.runtimes.openvino", "OpenVinoRuntime", (".xml", ".onnx")),
    "opencv": ("pocketmatte.runtimes.opencv", "OpenCvRuntime", (".onnx",)),
    "litert": ("pocketmatte.runtimes.litert", "LiteRtRuntime", (".tflite",)),
    "torch": ("pocketmatte.runtimes.torch", "TorchRuntime", (".pt",)),
}
READABLE = {suffix for _, _, suffixes in RUNTIMES.values() for suffix in suffixes}
"""Suffixes of the files that some runtime opens."""


class Runtime(Protocol):
    """Runs one weights file.

    `__call__` takes normalised pictures, float32 `[B, 3, H, W]`, and returns alpha, float32
    `[B, 1, H, W]` in [0, 1].
    """

    name: str
    device: str
    """What it really runs on, in words."""

    def __call__(self, batch: np.ndarray) -> np.ndarray: ...


def open_runtime(
    path: Path, name: str | None = None, device: str | None = None, threads: int | None = None
) -> Runtime:
    """Open a weights file with the named runtime, or with the one that its suffix asks for.

    Args:
        device: "cpu" (the default), "cuda", ...; never replaced silently.
        threads: of the CPU; None lets the runtime choose.

    Raises:
        PocketmatteError: unknown runtime, missing package, missing device, or a damaged file.
    """
    if name is None:
        readers = [name for name, (_, _, suffixes) in RUNTIMES.items() if path.suffix in suffixes]
        if not readers:
            known = " or ".join(sorted(READABLE))
            raise PocketmatteError(
                f"{path}: no runtime reads {path.suffix or 'such'} files; use {known}"
            )
        name = readers[0]
    if name not in RUNTIMES:
        raise PocketmatteError(f"unknown runtime {name!r}; known are: {', '.join(RUNTIMES)}")
    module, cls, suffixes = RUNTIMES[name]
    if path.suffix not in suffixes:
        raise PocketmatteError(f"{path}: the {name} runtime reads {' and '.join(suffixes)} files")
    try:
        runtime = getattr(import_module(module), cls)
    except ImportError as error:
        raise PocketmatteError(
            f"the {name} runtime needs the package {error.name!r}; install it"
        ) from None
    return runtime(path, device=device or "cpu", threads=threads)
