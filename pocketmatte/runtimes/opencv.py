"""OpenCV dnn: needs nothing beyond the light install; slower than onnxruntime."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pocketmatte.errors import PocketmatteError


class OpenCvRuntime:
    """Runs an ONNX file with OpenCV's own inference, on the CPU.

    OpenCV has one thread setting for everything, so `threads` is refused here; call
    `cv2.setNumThreads` in your program.
    """

    name = "opencv"

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None):
        if device != "cpu":
            raise PocketmatteError(f"device {device!r}: the opencv runtime has only cpu")
        if threads is not None and threads != cv2.getNumThreads():
            raise PocketmatteError(
                "the opencv runtime shares OpenCV's threads; call cv2.setNumThreads instead"
            )
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            reason = " ".join(str(error.err).split())
            raise PocketmatteError(f"{path}: OpenCV cannot read it ({reason})") from None
        self.device = f"cpu (OpenCV {cv2.__version__})"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self._network.setInput(batch)
        return self._network.forward()
