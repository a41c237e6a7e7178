"""LiteRT: runs `.tflite` files with XNNPACK, as phones and browsers do (extra `mobile`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from pocketmatte.errors import PocketmatteError


class LiteRtRuntime:
    """Runs a LiteRT file of fixed size, NHWC inside, on the CPU."""

    name = "litert"

    def __init__(self, path: Path, *, device: str = "cpu", threads: int | None = None):
        if device != "cpu":
            raise PocketmatteError(f"device {device!r}: the litert runtime has only cpu here")
        try:
            self._interpreter = Interpreter(str(path), num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise PocketmatteError(f"{path}: LiteRT cannot open it ({reason})") from None
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self.device = f"cpu (LiteRT{f', {threads} threads' if threads else ''})"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        wanted = tuple(self._input["shape"][1:3])
        if batch.shape[2:] != wanted:
            raise PocketmatteError(
                f"this LiteRT file runs at {wanted[0]}x{wanted[1]}, not at "
                f"{batch.shape[2]}x{batch.shape[3]}; export one of that size"
            )
        return np.concatenate([self._run(picture) for picture in batch])

    def _run(self, picture: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input["index"], picture.transpose(1, 2, 0)[None])
        self._interpreter.invoke()
        alpha = self._interpreter.get_tensor(self._output)
        return alpha.transpose(0, 3, 1, 2) if alpha.ndim == 4 else alpha
