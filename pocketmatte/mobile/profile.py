"""Where a network's time goes: per operator type and per layer, as its engine measures it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.engines import (
    engines_for,
    onnx_feeds,
    onnx_session,
    open_engine,
    time_runs,
)
from pocketmatte.mobile.graph import Layer

WARMUP = 3
PROFILED = ("onnxruntime", "openvino")


@dataclass(frozen=True)
class Timing:
    """Times of whole runs, in ms."""

    engine: str
    threads: int
    runs: int
    first: float
    min: float
    median: float
    mean: float
    max: float
    std: float


@dataclass(frozen=True)
class LayerTime:
    """One layer of the network as it ran: fused, and in the engine's own channel blocks.

    ms: median over the runs, so that a run which the machine interrupted does not count.
    memory: bytes of the result. intensity: multiply-adds for each byte read or written.
    """

    name: str
    op: str
    ms: float
    macs: int
    bytes: int
    memory: int
    called: float

    @property
    def intensity(self) -> float:
        return self.macs / self.bytes if self.bytes else 0.0


@dataclass(frozen=True)
class TypeTime:
    """All layers of one operator type: a row of the profile, as the LiteRT tool prints it."""

    op: str
    count: int
    ms: float
    share: float
    cumulative: float
    memory: int
    called: int
    macs: int


@dataclass(frozen=True)
class Profile:
    """A network's time on this machine's CPU. layers: in running order."""

    model: str
    input_shape: tuple[int, ...]
    timing: Timing
    layers: tuple[LayerTime, ...]

    @property
    def by_type(self) -> list[TypeTime]:
        """Rows per operator type, the dearest first."""
        total = sum(layer.ms for layer in self.layers) or 1.0
        rows, cumulative = [], 0.0
        groups: dict[str, list[LayerTime]] = {}
        for layer in self.layers:
            groups.setdefault(layer.op, []).append(layer)
        for op, group in sorted(groups.items(), key=lambda item: -sum(g.ms for g in item[1])):
            ms = sum(layer.ms for layer in group)
            cumulative += ms / total
            memory = sum(layer.memory for layer in group)
            called = round(sum(layer.called for layer in group))
            macs = sum(layer.macs for layer in group)
            rows.append(TypeTime(op, len(group), ms, ms / total, cumulative, memory, called, macs))
        return rows

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    def to_dict(self) -> dict:
        layers = [{**asdict(layer), "intensity": layer.intensity} for layer in self.layers]
        return {
            "model": self.model,
            "input_shape": list(self.input_shape),
            "macs": self.macs,
            "timing": asdict(self.timing),
            "types": [asdict(row) for row in self.by_type],
            "layers": layers,
        }


def profile(
    path: str | Path,
    size: tuple[int, int] | None = None,
    runs: int = 50,
    threads: int = 1,
    engine: str = "onnxruntime",
) -> Profile:
    """Run an `.onnx` file and tell what each layer costs.

    The total is taken from runs without the profiler, the layers' times from as many with it.

    Args:
        size: (height, width) for free sizes.
        runs: counted runs.
        threads: of the CPU.
        engine: "onnxruntime" or "openvino"; the others tell no times of layers.

    Raises:
        PocketmatteError: not an ONNX file that the engine opens, free sizes and no `size`, or a
            missing package.
    """
    path = Path(path)
    if path.suffix == ".tflite":
        raise PocketmatteError(
            f"{path}: LiteRT's wheel gives no times per layer; profile the .onnx file, or use "
            "LiteRT's benchmark tool (docs/mobile.md)"
        )
    if engine not in PROFILED:
        known = " and ".join(PROFILED)
        raise PocketmatteError(f"{engine}: no times per layer; {known} have them")
    timing = time_engine(engine, path, size, runs, threads)
    if engine == "openvino":
        from pocketmatte.mobile.profile_openvino import openvino_layers

        ran, shape = openvino_layers(path, size, runs, threads, WARMUP)
        return Profile(path.stem, shape, timing, tuple(_layer(*layer) for layer in ran))
    events, shape = _trace(path, size, runs, threads)
    facts, _ = _trace(path, size, 1, threads, prepack=False)
    return Profile(path.stem, shape, timing, tuple(_layers(events, facts, runs)))


def time_engine(
    engine: str, path: Path, size: tuple[int, int] | None = None, runs: int = 50, threads: int = 1
) -> Timing:
    """Time whole runs with one engine."""
    if runs < 1 or threads < 1:
        raise PocketmatteError(f"{runs} runs on {threads} threads; give at least one of each")
    run = open_engine(engine, Path(path), threads, size)
    first = float(time_runs(run, 1, warmup=0)[0])
    times = time_runs(run, runs, WARMUP)
    summary = (times.min(), np.median(times), times.mean(), times.max(), times.std())
    return Timing(engine, threads, runs, first, *(float(value) for value in summary))


def compare(
    path: str | Path,
    size: tuple[int, int] | None = None,
    runs: int = 50,
    threads: Sequence[int] = (1,),
    engines: Iterable[str] | None = None,
) -> list[Timing]:
    """The same file on several numbers of threads, with every installed engine that reads it."""
    path = Path(path)
    engines = engines_for(path) if engines is None else list(engines)
    return [time_engine(engine, path, size, runs, count) for engine in engines for count in threads]


def _trace(
    path: Path, size, runs: int, threads: int, prepack: bool = True
) -> tuple[list[dict], tuple[int, ...]]:
    """The profiler's events of the counted runs, and the first input's shape.

    prepack: as a user would run it; but weights that are packed are no longer among the inputs.
    """
    with tempfile.TemporaryDirectory() as folder:
        session = onnx_session(path, threads, str(Path(folder, "trace")), prepack)
        feeds = onnx_feeds(session, path, size)
        for _ in range(WARMUP + runs):
            session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    starts = sorted(event["ts"] for event in events if event["name"] == "model_run")
    nodes = [
        event
        for event in events
        if event.get("cat") == "Node"
        and event["name"].endswith("_kernel_time")
        and event["ts"] >= starts[WARMUP]
    ]
    return nodes, next(iter(feeds.values())).shape


def _layers(events: list[dict], facts: list[dict], runs: int) -> list[LayerTime]:
    """Times from `events`, shapes and sizes from `facts`."""
    known = {event["name"]: event["args"] for event in facts}
    order: dict[str, list[dict]] = {}
    for event in events:
        order.setdefault(event["name"], []).append(event)
    layers = []
    for name, group in order.items():
        args = known.get(name, group[0]["args"])
        inputs, outputs = _shapes(args["input_type_shape"]), _shapes(args["output_type_shape"])
        memory = int(args.get("output_size", 0))
        moved = memory + int(args.get("activation_size", 0)) + int(args.get("parameter_size", 0))
        ms = float(np.median([event["dur"] for event in group])) * len(group) / runs / 1000
        macs = _macs(args["op_name"], inputs, outputs)
        called = len(group) / runs
        kind = _kind(args["op_name"], inputs)
        layers.append(LayerTime(_readable(name), kind, ms, macs, moved, memory, called))
    return layers


def _layer(name: str, kind: str, times: list[float], layer: Layer | None) -> LayerTime:
    """From OpenVINO's word and the file's; what OpenVINO added has no layer there."""
    if kind in ("Convolution", "GroupConvolution") and layer:
        grouped = layer.options["groups"] > 1
        kind = (
            "Conv depthwise" if grouped else "Conv " + "x".join(map(str, layer.options["kernel"]))
        )
    facts = (layer.macs, layer.bytes, layer.output.bytes) if layer else (0, 0, 0)
    return LayerTime(_readable(name), kind, float(np.median(times)), *facts, called=1.0)


def _shapes(entries: list[dict]) -> list[tuple[int, ...]]:
    return [tuple(shape) for entry in entries for shape in entry.values()]


def _kind(op: str, inputs) -> str:
    """The operator's name; convolutions are told apart, for they cost unlike amounts."""
    if op not in ("Conv", "FusedConv") or len(inputs[1]) != 4:
        return op
    channels, kernel = inputs[1][1], inputs[1][2:]
    if channels == 1 and inputs[0][1] > 1:
        return "Conv depthwise"
    return f"Conv {kernel[0]}x{kernel[1]}"


def _macs(op: str, inputs, outputs) -> int:
    """Multiply-adds, from the shapes that the profiler saw."""
    if op in ("Conv", "FusedConv", "ConvInteger", "QLinearConv"):
        weight = inputs[3] if op == "QLinearConv" else inputs[1]
        return prod(outputs[0]) * prod(weight[1:])
    if op == "ConvTranspose":
        return prod(inputs[0]) * prod(inputs[1][1:])
    if op in ("Gemm", "FusedGemm", "MatMul", "FusedMatMul"):
        return prod(outputs[0]) * inputs[0][-1]
    return 0


def _readable(name: str) -> str:
    """The layer's name without what exporters and onnxruntime append."""
    name = name.removesuffix("_kernel_time").removesuffix("_nchwc")
    return name.removesuffix("_output_0").removeprefix("/")
