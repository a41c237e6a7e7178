"""The paradox study and packed masks, measured: `python -m benchmarks.paradox`.

Writes `benchmarks/results/paradox.json`, from which docs/mobile.md is filled. Needs the packages
onnx, ai-edge-litert and torch (for the project's networks of 2019).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.ending import run_to_the_end
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.bitpack import pack_mask, unpack_mask
from pocketmatte.mobile.engines import engines_for
from pocketmatte.mobile.graph import Graph, read_graph
from pocketmatte.mobile.paradox import MODELS
from pocketmatte.mobile.profile import profile, time_engine
from pocketmatte.mobile.published import COPY_BYTES, COPY_MS, NETWORKS, PARADOX, SOURCE
from pocketmatte.mobile.read_onnx import load_onnx
from pocketmatte.mobile.rle import decode_runs, encode_runs
from pocketmatte.mobile.source import find_network
from pocketmatte.mobile.study import (
    Fit,
    correlation,
    fit_study,
    study_graphs,
    time_models,
    write_models,
)
from pocketmatte.weights import list_models

STUDY_RATE = COPY_BYTES / COPY_MS / 1000  # MB/s
SIDE = 256


def least_ms(call, seconds: float = 0.3) -> float:
    """The least time of a call in ms, tried for a while."""
    best, end = float("inf"), perf_counter() + seconds
    while perf_counter() < end:
        start = perf_counter()
        call()
        best = min(best, perf_counter() - start)
    return best * 1000


def masks() -> dict[str, np.ndarray]:
    """Masks from none to all detail, bool 256x256; the portraits are drawn."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    head = (x / 0.17) ** 2 + ((y + 0.12) / 0.22) ** 2 < 1
    body = (x / 0.42) ** 2 + ((y - 0.5) / 0.36) ** 2 < 1
    portrait = head | body
    angle = np.arctan2(y + 0.12, x)
    reach = 1 + 0.5 * np.sin(95 * angle) * (np.sin(7 * angle) > -0.5) * (y < 0)
    hair = (x / 0.17) ** 2 + ((y + 0.12) / 0.22) ** 2 < np.maximum(reach, 1)
    return {
        "nobody": np.zeros((SIDE, SIDE), bool),
        "portrait": portrait,
        "portrait, wild hair": portrait | hair,
        "chequers of 4 pixels": (np.add.outer(np.arange(SIDE), np.arange(SIDE)) // 4 % 2) > 0,
        "noise": np.random.default_rng(0).random((SIDE, SIDE)) > 0.5,
    }


def code_rows() -> list[dict]:
    """Bytes and times of each code on each mask, and the copy speed where packing breaks even."""
    rows = []
    for name, mask in masks().items():
        packed, runs = pack_mask(mask), encode_runs(mask)
        if not np.array_equal(unpack_mask(packed), mask):
            raise PocketmatteError(f"{name}: packing lost bits; run the tests")
        raw = 4 * mask.size
        decode = least_ms(lambda packed=packed: unpack_mask(packed))
        rle_encode = least_ms(lambda mask=mask: encode_runs(mask))
        rle_decode = least_ms(lambda runs=runs: decode_runs(runs, (SIDE, SIDE)))
        rows.append(
            {
                "mask": name,
                "float_bytes": raw,
                "packed_bytes": packed.nbytes,
                "rle_bytes": runs.nbytes,
                "runs": runs.size,
                "unpack_ms": decode,
                "rle_encode_ms": rle_encode,
                "rle_decode_ms": rle_decode,
                "saved_ms_study": (raw - packed.nbytes) / STUDY_RATE / 1000,
                "break_even_mb_s": (raw - packed.nbytes) / decode / 1000,
            }
        )
    return rows


def model_rows(fits: dict[str, Fit], times: dict[str, dict], folder: Path) -> list[dict]:
    rows = []
    for index, (spec, published) in enumerate(zip(MODELS, PARADOX, strict=True)):
        file = folder / f"{spec.name}.tflite"
        row = {
            "name": spec.name,
            "parameters": spec.parameters,
            "input": list(spec.input_shape),
            "output": list(spec.output_shape),
            "published_bytes": published.size_bytes,
            "tflite_bytes": file.stat().st_size if file.is_file() else None,
            "here_ms": times[spec.name],
        }
        for device, fit in fits.items():
            row[device] = {
                "published_ms": fit.published[index],
                "fitted_ms": fit.predicted[index],
                "left_out_ms": fit.left_out[index],
            }
        rows.append(row)
    return rows


def fit_values(fit: Fit) -> dict:
    return {
        "error": fit.error,
        "left_out_error": fit.left_out_error,
        "rank": fit.rank,
        "left_out_rank": fit.left_out_rank,
        "terms": [
            {"name": term.name, "unit": term.unit, "meaning": term.meaning, "ms": weight}
            for term, weight in zip(fit.model.terms, fit.model.weights, strict=True)
        ],
    }


def seed_networks(folder: Path) -> list[tuple[Graph, Path, float, float]]:
    """The two 128x128 networks of 2019, rebuilt, with their published CPU and GPU ms."""
    import torch

    from pocketmatte.models import create_model

    found = []
    for name, published in zip(("deconv", "bilinear"), NETWORKS, strict=False):
        path = folder / f"munet_mnv2_050_{name}.onnx"
        network = create_model(path.stem).eval()
        batch = torch.zeros(1, 3, 128, 128)
        torch.onnx.export(network, batch, str(path), dynamo=False, opset_version=17)
        found.append((read_graph(path), path, published.cpu_ms, published.gpu_ms))
    return found


def network_rows(fits: dict[str, Fit], folder: Path, runs: int) -> list[dict]:
    """Predicted, published (where it was) and here measured times of whole networks."""
    networks = [(*network, None) for network in seed_networks(folder)]
    for card in list_models():
        path, size = find_network(card.name)
        networks.append((read_graph(path, size), path, None, None, size))
    rows = []
    for graph, path, cpu_ms, gpu_ms, size in networks:
        rows.append(
            {
                "name": graph.name,
                "size": list(graph.inputs[0].shape[2:]),
                "parameters_m": graph.parameters / 1e6,
                "mmac": graph.macs / 1e6,
                "published": {"cpu_ms": cpu_ms, "gpu_ms": gpu_ms},
                "predicted": {
                    f"{device}_ms": fit.model.predict(graph) for device, fit in fits.items()
                },
                "gpu_parts_ms": fits["gpu"].model.breakdown(graph),
                "here_ms": {
                    engine: time_engine(engine, path, size, runs).min
                    for engine in engines_for(path)
                },
            }
        )
    return rows


def packed_network(folder: Path, runs: int) -> dict:
    """What packing adds to the default network's time, and what it saves in bytes."""
    import onnx

    from pocketmatte.mobile.pack_onnx import append_packing
    from pocketmatte.mobile.read_onnx import fix_size

    path, size = find_network("balanced")
    plain, packed = folder / "plain.onnx", folder / "packed.onnx"
    model = fix_size(load_onnx(path), size)
    onnx.save(model, str(plain))
    onnx.save(append_packing(model), str(packed))
    height, width = size
    return {
        "size": [height, width],
        "plain_ms": time_engine("onnxruntime", plain, size, runs).min,
        "packed_ms": time_engine("onnxruntime", packed, size, runs).min,
        "plain_bytes": 4 * height * width,
        "packed_bytes": 4 * height * -(-width // 16),
    }


def measure(runs: int) -> dict:
    fits = {device: fit_study(device, study_graphs()) for device in ("cpu", "gpu")}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_models(folder)
        times = time_models(folder, runs)
        models = model_rows(fits, times, folder)
        networks = network_rows(fits, folder, runs)
        packed = packed_network(folder, runs)
    path, size = find_network("balanced")
    profiled = profile(path, size, runs)
    threads = [time_engine("onnxruntime", path, size, runs, count) for count in (1, 2)]
    codes = code_rows()
    return {
        "published": SOURCE,
        "models": models,
        **{device: fit_values(fit) for device, fit in fits.items()},
        "here_rank": {engine: correlation(times, engine) for engine in times["model-1"]},
        "networks": networks,
        "packed_network": packed,
        "codes": codes,
        "decode_ms": max(row["unpack_ms"] for row in codes),
        "study_copy_mb_s": STUDY_RATE,
        "profile": {
            "model": "balanced",
            "size": list(size),
            "macs_run_m": profiled.macs / 1e6,
            "types": [
                {"op": row.op, "count": row.count, "ms": row.ms, "percent": 100 * row.share,
                 "cumulative_percent": 100 * row.cumulative, "memory_kb": row.memory / 1024,
                 "called": row.called, "mmac": row.macs / 1e6}
                for row in profiled.by_type
            ],
        },
        "threads_study": [
            {"threads": row.threads, "min_ms": row.min, "median_ms": row.median} for row in threads
        ],
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paradox")
    parser.add_argument("--runs", type=int, default=100, help="runs of each network")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON")
    options = parser.parse_args(arguments)
    command = command_line("benchmarks.paradox", sys.argv[1:] if arguments is None else arguments)
    facts = heading(command, threads=1, ms_is="minimum", runs=options.runs)
    written = save("paradox", {**facts, **_rounded(measure(options.runs))}, options.out)
    sys.stdout.write(f"{written}\n")
    return 0


def _rounded(value, digits: int = 4):
    if isinstance(value, dict):
        return {key: _rounded(part, digits) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part, digits) for part in value]
    return round(float(value), digits) if isinstance(value, float) else value


if __name__ == "__main__":
    run_to_the_end(main)
