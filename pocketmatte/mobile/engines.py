"""Inference engines to time a file with: one small function each, in a table."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.runtimes.signal_stack import kept_signal_stack

Run = Callable[[], object]


def open_engine(
    name: str, path: Path, threads: int = 1, size: tuple[int, int] | None = None
) -> Run:
    """A function that runs the network once, on a picture of noise.

    name: "onnxruntime", "openvino", "litert", or "litert-gpu": LiteRT's GPU delegate, with the
        copy of the outputs back to memory.
    size: (height, width) for free sizes.

    Raises PocketmatteError: unknown engine, missing package, a file it does not read, free sizes.
    """
    if name not in _ENGINES:
        raise PocketmatteError(f"unknown engine {name!r}; known are: {', '.join(_ENGINES)}")
    module, suffix, build = _ENGINES[name]
    if path.suffix != suffix:
        raise PocketmatteError(f"{path}: {name} reads {suffix} files here")
    if find_spec(module) is None:
        raise PocketmatteError(f"{name} is not installed; pip install {module.replace('_', '-')}")
    try:
        return build(path, threads, size)
    except PocketmatteError:
        raise
    except Exception as error:  # every engine has classes of its own
        reason = str(error).strip().split("\n")[0]
        raise PocketmatteError(f"{path}: {name} cannot open it ({reason})") from None


def engines_for(path: Path) -> list[str]:
    """Names of the installed engines that read a file of this kind, on the CPU."""
    return [
        name
        for name, (module, suffix, _) in _ENGINES.items()
        if path.suffix == suffix and find_spec(module) is not None and not name.endswith("-gpu")
    ]


def time_runs(run: Run, runs: int, warmup: int = 3) -> np.ndarray:
    """Milliseconds of each of `runs` runs, float64, after some that are not counted."""
    for _ in range(warmup):
        run()
    times = np.empty(runs)
    for index in range(runs):
        start = perf_counter()
        run()
        times[index] = perf_counter() - start
    return times * 1000


def feed_shape(
    name: str, shape: tuple, size: tuple[int, int] | None, path: Path
) -> tuple[int, ...]:
    """An input's shape, NCHW, with batch 1 and `size` in place of what is free."""
    free = [not isinstance(side, int) or side < 1 for side in shape]
    if not any(free):
        return tuple(shape)
    if len(shape) != 4 or (size is None and any(free[2:])):
        raise PocketmatteError(f"{path}: input {name!r} has free sizes; give them, as 192x160")
    wanted = (1, 3, *(size or shape[2:]))
    return tuple(w if f else side for side, f, w in zip(shape, free, wanted, strict=True))


def noise(shape: tuple[int, ...]) -> np.ndarray:
    """Values that no engine can shortcut: zeros and constants may run faster than a picture."""
    return np.random.default_rng(0).random(shape, np.float32)


def onnx_session(path: Path, threads: int, profile_to: str | None = None, prepack: bool = True):
    """An onnxruntime session on the CPU, its threads not spinning."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_prepacking", str(int(not prepack)))
    options.log_severity_level = 3
    if profile_to:
        options.enable_profiling = True
        options.profile_file_prefix = profile_to
    return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])


def onnx_feeds(session, path: Path, size: tuple[int, int] | None) -> dict[str, np.ndarray]:
    feeds = {}
    for value in session.get_inputs():
        if value.type not in ("tensor(float)", "tensor(float16)"):
            raise PocketmatteError(f"{path}: input {value.name!r} is {value.type}, not float")
        array = noise(feed_shape(value.name, tuple(value.shape), size, path))
        feeds[value.name] = array.astype(np.float16) if "16" in value.type else array
    return feeds


def _onnxruntime(path: Path, threads: int, size) -> Run:
    session = onnx_session(path, threads)
    feeds = onnx_feeds(session, path, size)
    return lambda: session.run(None, feeds)


def openvino_request(path: Path, threads: int, size, profiled: bool = False):
    """An OpenVINO request on the CPU in float32, and what to feed it."""
    import openvino

    core = openvino.Core()
    network = core.read_model(str(path))
    shapes = {}
    for value in network.inputs:
        sides = tuple(d.get_length() if d.is_static else None for d in value.partial_shape)
        shapes[value.any_name] = feed_shape(value.any_name, sides, size, path)
    network.reshape(shapes)
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    hints["PERF_COUNT"] = profiled
    with kept_signal_stack():
        request = core.compile_model(network, "CPU", hints).create_infer_request()
    return request, {name: noise(shape) for name, shape in shapes.items()}


def _openvino(path: Path, threads: int, size) -> Run:
    request, feeds = openvino_request(path, threads, size)
    return lambda: request.infer(feeds)


def _litert(path: Path, threads: int, size) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=threads)
    interpreter.allocate_tensors()
    for value in interpreter.get_input_details():
        array = noise(tuple(value["shape"]))
        low_precision = np.issubdtype(value["dtype"], np.integer)
        array = (array * 255).astype(value["dtype"]) if low_precision else array
        interpreter.set_tensor(value["index"], array.astype(value["dtype"]))
    return interpreter.invoke


def _litert_gpu(path: Path, threads: int, size) -> Run:
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    from ai_edge_litert.interpreter import Interpreter

    try:
        model = CompiledModel.from_file(str(path), HardwareAccelerator.GPU)
    except RuntimeError:
        raise PocketmatteError(
            f"{path}: LiteRT finds no GPU here that runs it; leave the GPU out"
        ) from None
    if not model.is_fully_accelerated():
        raise PocketmatteError(f"{path}: a part of it would run on the CPU; see pocketmatte lint")
    described = Interpreter(str(path))
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    for buffer, value in zip(inputs, described.get_input_details(), strict=True):
        buffer.write(noise(tuple(value["shape"])).reshape(-1))
    counts = [int(np.prod(value["shape"])) for value in described.get_output_details()]

    def run():
        model.run_by_index(0, inputs, outputs)
        pairs = zip(outputs, counts, strict=True)
        return [buffer.read(count, np.float32) for buffer, count in pairs]

    return run


_ENGINES = {
    "onnxruntime": ("onnxruntime", ".onnx", _onnxruntime),
    "openvino": ("openvino", ".onnx", _openvino),
    "litert": ("ai_edge_litert", ".tflite", _litert),
    "litert-gpu": ("ai_edge_litert", ".tflite", _litert_gpu),
}
