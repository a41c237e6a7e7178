"""OpenVINO: the quick one on Intel processors and their graphics (extra `openvino`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino

from pocketmatte.errors import PocketmatteError
from pocketmatte.runtimes.signal_stack import kept_signal_stack


class OpenVinoRuntime:
    """Runs an ONNX file or OpenVINO's own `.xml` and `.bin`, on the asked device.

    Computes in float32: the bfloat16 default moves alpha by 0.06.
    """

    name = "openvino"

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None):
        core, wanted = openvino.Core(), device.upper()
        with kept_signal_stack():
            there = core.available_devices
        if wanted not in there:
            raise PocketmatteError(
                f"device {device!r} is not there for OpenVINO "
                f"(it has: {', '.join(there).lower()}); use --device cpu"
            )
        options = {"INFERENCE_PRECISION_HINT": "f32"}
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            with kept_signal_stack():
                self._network = core.compile_model(str(path), wanted, options)
        except RuntimeError as error:
            reason = str(error).strip().split("\n")[-1].strip()
            raise PocketmatteError(f"{path}: OpenVINO cannot open it ({reason})") from None
        cores = f", {threads} threads" if threads else ""
        self.device = f"{device} (OpenVINO {openvino.__version__.split('-')[0]}{cores})"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        return self._network(batch)[0]
