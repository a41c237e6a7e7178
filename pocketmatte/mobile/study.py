"""The paradox study, repeated: build the seven models, run them, explain the published times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile import cost
from pocketmatte.mobile.engines import engines_for
from pocketmatte.mobile.graph import Graph
from pocketmatte.mobile.paradox import MODELS, build_onnx
from pocketmatte.mobile.profile import time_engine
from pocketmatte.mobile.published import PARADOX
from pocketmatte.mobile.read_onnx import graph_of


@dataclass(frozen=True)
class Fit:
    """A cost model and how well it tells the published times, in ms, of one device."""

    model: cost.CostModel
    published: tuple[float, ...]
    predicted: tuple[float, ...]
    left_out: tuple[float, ...]
    """Each model's time by a fit on the six others."""

    @property
    def error(self) -> float:
        """Mean relative error of the fit."""
        return cost.relative_error(self.predicted, self.published)

    @property
    def left_out_error(self) -> float:
        return cost.relative_error(self.left_out, self.published)

    @property
    def rank(self) -> float:
        """Rank correlation of predicted with published times."""
        return cost.rank_correlation(self.predicted, self.published)

    @property
    def left_out_rank(self) -> float:
        return cost.rank_correlation(self.left_out, self.published)


def study_graphs() -> list[Graph]:
    """The seven models as graphs."""
    return [graph_of(build_onnx(spec), name=spec.name) for spec in MODELS]


def fit_study(device: str, graphs: list[Graph] | None = None) -> Fit:
    """Fit the cost model of "cpu" or "gpu" on the study's published column."""
    graphs = study_graphs() if graphs is None else graphs
    times = tuple(getattr(row, f"{device}_ms") for row in PARADOX)
    model = cost.fit(graphs, times, device)
    predicted = tuple(model.predict(graph) for graph in graphs)
    left_out = cost.leave_one_out(graphs, times, device)
    return Fit(model, times, predicted, tuple(float(value) for value in left_out))


def write_models(folder: str | Path) -> list[Path]:
    """Write the seven models into a folder: `.onnx`, and `.tflite` where the writer is installed.

    Returns the paths. Raises PocketmatteError when the folder cannot be made.
    """
    import onnx

    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PocketmatteError(f"{folder}: {error.strerror}; choose another folder") from None
    try:
        from pocketmatte.mobile.write_tflite import build_tflite
    except PocketmatteError:
        build_tflite = None
    paths = []
    for spec in MODELS:
        path = folder / f"{spec.name}.onnx"
        onnx.save(build_onnx(spec), str(path))
        paths.append(path)
        if build_tflite is not None:
            path = path.with_suffix(".tflite")
            path.write_bytes(build_tflite(spec))
            paths.append(path)
    return paths


def time_models(
    folder: str | Path, runs: int = 50, threads: int = 1, gpu: bool = False
) -> dict[str, dict]:
    """Run the files of `write_models` on this machine's CPU, and on its GPU if asked to.

    Returns the least ms of a run by model name, then by engine.
    Raises PocketmatteError when a GPU is asked for and LiteRT finds none.
    """
    times: dict[str, dict] = {spec.name: {} for spec in MODELS}
    for spec in MODELS:
        for path in sorted(Path(folder).glob(f"{spec.name}.*")):
            engines = engines_for(path)
            if gpu and path.suffix == ".tflite":
                engines.append("litert-gpu")
            for engine in engines:
                timing = time_engine(engine, path, runs=runs, threads=threads)
                times[spec.name][engine] = timing.min
    return times


def correlation(times: dict[str, dict], engine: str) -> float:
    """Rank correlation of times measured here with the phone's published CPU column."""
    here = np.array([times[spec.name][engine] for spec in MODELS])
    return cost.rank_correlation(here, [row.cpu_ms for row in PARADOX])
