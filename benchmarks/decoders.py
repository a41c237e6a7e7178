"""The 2019 project's networks here and on its phone: `python -m benchmarks.decoders`.

All four are exported to ONNX and LiteRT with proof and timed in both; of the two that differ in
their decoder only, transposed convolutions against bilinear resizing with convolutions, the
operators are profiled. The weights are random: they cost the same time as trained ones. Writes
`benchmarks/results/decoders.json`; without the extra `litert`, its columns are left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.ending import run_to_the_end
from benchmarks.store import RESULTS, command_line, heading, save
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.timing import measure, one_core
from pocketmatte.export.export import export
from pocketmatte.mobile.profile import profile
from pocketmatte.mobile.published import NETWORKS as PHONE
from pocketmatte.mobile.published import Published
from pocketmatte.models import create_model
from pocketmatte.models.checkpoint import Checkpoint
from pocketmatte.runtimes import open_runtime
from pocketmatte.training.recipe import Recipe

NETWORKS = (
    "munet_mnv2_050_deconv",
    "munet_mnv2_050_bilinear",
    "munet_mnv3_large_100",
    "munet_mnv3_large_050",
)
PROFILED = NETWORKS[:2]
FORMATS = ("onnx", "litert")


def trained_like(name: str) -> Checkpoint:
    """Random weights, batch norms that have seen some noise: nothing folds to the identity."""
    torch.manual_seed(0)
    network = create_model(name)
    with torch.no_grad():
        for _ in range(3):
            network.train()(torch.randn(4, 3, 64, 64))
    recipe = Recipe(name=name, resolution=[(0.0, network.input_size[0])]).to_dict()
    return Checkpoint(name, {}, recipe, 0, network.state_dict())


def study(name: str, phone: Published, folder: Path, runs: int) -> tuple[dict, list[dict]]:
    """A row of the network, and one for each of its operator types where it is profiled."""
    checkpoint = trained_like(name)
    network, card = checkpoint.network(), checkpoint.card()
    size = network.input_size
    row = {
        "network": name,
        "size": list(size),
        "parameters_m": round(card.parameters / 1e6, 2),
        "mmac": round(card.macs / 1e6),
        "phone": {"name": phone.name, "cpu_ms": phone.cpu_ms, "gpu_ms": phone.gpu_ms},
    }
    picture, types = np.zeros((1, 3, *size), np.float32), []
    for to in FORMATS:
        try:
            made = export(checkpoint, folder, to, size=size, network=network)
        except PocketmatteError as error:
            if "needs the package" not in str(error):
                raise
            continue
        runner = open_runtime(folder / made.file, threads=1)
        timing = measure(lambda r=runner: r(picture), runs)
        row |= {f"{to}_max": made.parity["max"], f"{to}_ms": round(timing.best_ms, 2)}
        if to == "onnx" and name in PROFILED:
            types = [
                {
                    "network": name,
                    "op": kind.op,
                    "count": kind.count,
                    "ms": round(kind.ms, 3),
                    "percent": round(100 * kind.share, 1),
                    "mmac": round(kind.macs / 1e6, 1),
                }
                for kind in profile(folder / made.file, size, runs).by_type
            ]
    return row, types


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decoders")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(words)
    networks, types = [], []
    with one_core(), tempfile.TemporaryDirectory() as folder:
        for name, phone in zip(NETWORKS, PHONE, strict=True):
            row, kinds = study(name, phone, Path(folder), options.runs)
            sys.stderr.write(f"{row}\n")
            networks.append(row)
            types += [kind for kind in kinds if kind["percent"] >= 1]
    command = command_line("benchmarks.decoders", words)
    save("decoders", heading(command, networks=networks, types=types), options.out)
    return 0


if __name__ == "__main__":
    run_to_the_end(main)
