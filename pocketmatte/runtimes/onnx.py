"""onnxruntime: the default runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from pocketmatte.errors import PocketmatteError

_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


class OnnxRuntime:
    """Runs an ONNX file on the asked device, or fails."""

    name = "onnx"

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None):
        provider = _provider(device)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # idle threads that spin would eat the CPU time of the rest of a live pipeline
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, [provider])
        except Exception as error:  # onnxruntime raises a class of its own per cause
            reason = str(error).split("\n")[0]
            raise PocketmatteError(f"{path}: onnxruntime cannot open it ({reason})") from None
        used = self._session.get_providers()[0]
        if used != provider:
            raise PocketmatteError(
                f"device {device!r} was asked for, but onnxruntime would run on {used}; "
                "repair its driver or use --device cpu"
            )
        self._input = self._session.get_inputs()[0].name
        cores = f", {threads} threads" if threads else ""
        self.device = f"{device} (onnxruntime {onnxruntime.__version__}{cores})"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input: batch})[0]


def _provider(device: str) -> str:
    if device not in _PROVIDERS:
        raise PocketmatteError(f"unknown device {device!r}; known are: {', '.join(_PROVIDERS)}")
    provider, available = _PROVIDERS[device], onnxruntime.get_available_providers()
    if provider not in available:
        names = [name for name, value in _PROVIDERS.items() if value in available]
        raise PocketmatteError(
            f"device {device!r} is not in this onnxruntime (it has: {', '.join(names)}); "
            "install the onnxruntime build for it or use --device cpu"
        )
    return provider
