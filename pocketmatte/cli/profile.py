"""`pocketmatte profile`: where a network's time goes."""

from pathlib import Path
from typing import Annotated

import typer


def profile(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Released network or .onnx file.")],
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Input size, where the file leaves it free.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs that are measured.")] = 50,
    threads: Annotated[
        str,
        typer.Option(
            metavar="N[,N...]",
            help="Threads; of several, the first is profiled and all are compared.",
        ),
    ] = "1",
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="Whose layers: onnxruntime or openvino.")
    ] = "onnxruntime",
    layers: Annotated[int, typer.Option(min=0, help="How many layers to list.")] = 10,
    json: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="FILE", help="Write everything; - for standard output, not a table."
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the dearest layers.")
    ] = None,
) -> None:
    """Time a network on this machine's CPU, per operator type and per layer."""
    from pocketmatte.cli._mobile import write_json
    from pocketmatte.mobile.profile import compare
    from pocketmatte.mobile.profile import profile as measure
    from pocketmatte.mobile.source import find_network, parse_size

    path, fixed = find_network(model, parse_size(size) if size else None)
    counts = _threads(threads)
    result = measure(path, fixed, runs, counts[0], engine)
    study = compare(path, result.input_shape[-2:], runs, counts)
    if plot is not None:
        from pocketmatte.mobile.plot_profile import plot_profile

        plot_profile(result, plot)
    if json is not None:
        from dataclasses import asdict

        write_json({**result.to_dict(), "engines": [asdict(row) for row in study]}, json)
    if json != "-":
        _show(result, study, layers)


def _threads(text: str) -> list[int]:
    from pocketmatte.errors import PocketmatteError

    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise PocketmatteError(f"--threads {text}: write numbers from 1, as 1,2,4")
    return counts


def _show(result, study, count: int) -> None:
    from pocketmatte.cli._mobile import print_table

    timing = result.timing
    shape = "x".join(map(str, result.input_shape))
    title = f"{result.model}, {shape}, {timing.engine} on {timing.threads} thread(s)"
    print_table(
        title,
        "type count* ms* %* cumulative* KB* called* MMAC*",
        [
            (
                row.op,
                row.count,
                f"{row.ms:.3f}",
                f"{row.share:.1%}",
                f"{row.cumulative:.1%}",
                f"{row.memory / 1024:.0f}",
                row.called,
                f"{row.macs / 1e6:.1f}",
            )
            for row in result.by_type
        ],
    )
    if count:
        dearest = sorted(result.layers, key=lambda layer: -layer.ms)[:count]
        print_table(
            f"the {len(dearest)} dearest of {len(result.layers)} layers",
            "layer type ms* MMAC* MACs/byte*",
            [
                (
                    layer.name,
                    layer.op,
                    f"{layer.ms:.3f}",
                    f"{layer.macs / 1e6:.2f}",
                    f"{layer.intensity:.1f}",
                )
                for layer in dearest
            ],
        )
    print_table(
        f"whole runs, ms ({timing.runs} each; the profiler is off)",
        "engine threads* first* min* median* mean* max* std*",
        [
            (
                row.engine,
                row.threads,
                *(
                    f"{value:.2f}"
                    for value in (row.first, row.min, row.median, row.mean, row.max, row.std)
                ),
            )
            for row in study
        ],
    )
