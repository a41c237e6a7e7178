"""Run a peer's own file with the runtime that it was published for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError


class OnnxFile:
    """An .onnx file in onnxruntime on the CPU."""

    runtime = "onnxruntime"

    def __init__(self, path: Path, threads: int = 1):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._names = [node.name for node in self._session.get_inputs()]

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """All outputs; inputs in the file's order."""
        return self._session.run(None, dict(zip(self._names, inputs, strict=True)))


class TfliteFile:
    """A .tflite file with one input and one output, in LiteRT with XNNPACK on the CPU."""

    runtime = "litert"

    def __init__(self, path: Path, threads: int = 1):
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise PocketmatteError(
                f"{path.name}: needs LiteRT; run: pip install ai-edge-litert"
            ) from None
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input."""
        return tuple(int(side) for side in self._input["shape"][1:3])

    def __call__(self, batch: np.ndarray) -> list[np.ndarray]:
        """The output, for one NHWC float32 input."""
        self._interpreter.set_tensor(self._input["index"], batch)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(self._output)]
