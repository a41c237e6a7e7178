"""`pocketmatte paradox`: why a larger network can be faster on a phone's GPU."""

from pathlib import Path
from typing import Annotated

import typer


def paradox(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...", help="Networks to predict times for: names, .onnx, .tflite."
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Input size, where a file leaves it free.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each of the seven models.")] = 50,
    gpu: Annotated[
        bool, typer.Option("--gpu", help="Run them on this machine's GPU too; an error if none.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the seven models' files here.")
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="FILE", help="Write everything; - for standard output, not a table."
        ),
    ] = None,
) -> None:
    """Repeat the study "The Paradoxical GPU": seven models, run here and explained.

    A cost model of a few terms is fitted on the times that the study published for a phone's CPU
    and GPU, and predicts the times of MODELs there. Read it as a ranking.
    """
    import tempfile

    from pocketmatte.cli._mobile import write_json
    from pocketmatte.mobile.graph import read_graph
    from pocketmatte.mobile.source import find_network, parse_size
    from pocketmatte.mobile.study import fit_study, study_graphs, time_models, write_models

    fixed = parse_size(size) if size else None
    networks = [read_graph(*find_network(name, fixed)) for name in models or []]
    graphs = study_graphs()
    fits = {device: fit_study(device, graphs) for device in ("cpu", "gpu")}
    predictions = {
        network.name: {device: fit.model.breakdown(network) for device, fit in fits.items()}
        for network in networks
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        write_models(folder)
        times = time_models(folder, runs, gpu=gpu)
    if json is not None:
        write_json(_values(fits, times, predictions), json)
    if json != "-":
        _show(fits, times, predictions)


def _values(fits, times, predictions) -> dict:
    devices = {}
    for device, fit in fits.items():
        terms = zip(fit.model.terms, fit.model.weights, strict=True)
        devices[device] = {
            "published_ms": fit.published,
            "predicted_ms": fit.predicted,
            "left_out_ms": fit.left_out,
            "error": fit.error,
            "left_out_error": fit.left_out_error,
            "rank": fit.rank,
            "left_out_rank": fit.left_out_rank,
            "ms_per_unit": {f"{term.name} [{term.unit}]": weight for term, weight in terms},
        }
    return {"devices": devices, "here_ms": times, "predictions_ms": predictions}


def _show(fits, times, predictions) -> None:
    from rich.console import Console

    from pocketmatte.cli._mobile import print_table
    from pocketmatte.mobile.paradox import MODELS
    from pocketmatte.mobile.study import correlation

    engines = list(times[MODELS[0].name])
    print_table(
        "the seven models here, least ms (CPU: one thread)",
        f"name parameters* {'* '.join(engines)}*",
        [
            (
                spec.name,
                spec.parameters,
                *(f"{times[spec.name][engine]:.3f}" for engine in engines),
            )
            for spec in MODELS
        ],
    )
    columns = [
        values for fit in fits.values() for values in (fit.published, fit.predicted, fit.left_out)
    ]
    print_table(
        "ms on the study's phone: published, fitted, and predicted from the six others",
        "name CPU* fit* others* GPU* fit* others*",
        [
            (spec.name, *(f"{column[index]:.1f}" for column in columns))
            for index, spec in enumerate(MODELS)
        ],
    )
    console = Console(highlight=False)
    for device, fit in fits.items():
        terms = [
            f"{weight:.3g}" if term.name == "start" else f"{weight:.3g} {term.name} ({term.unit})"
            for term, weight in zip(fit.model.terms, fit.model.weights, strict=True)
            if weight > 0
        ]
        console.print(
            f"{device.upper()} ms = {' + '.join(terms)}\n"
            f"  mean error {fit.error:.1%}, rank correlation {fit.rank:.2f}; "
            f"from the six others {fit.left_out_error:.1%}, {fit.left_out_rank:.2f}"
        )
    for engine in engines:
        if engine.endswith("-gpu"):
            continue
        console.print(
            f"rank correlation of {engine} here with the phone's CPU: "
            f"{correlation(times, engine):.2f}"
        )
    console.print("Seven points and a few weights: trust the order more than the milliseconds.")
    if predictions:
        print_table(
            "predicted for the study's phone, ms",
            "network CPU* GPU* mostly",
            [
                (name, *(f"{sum(p[d].values()):.0f}" for d in ("cpu", "gpu")), _mostly(p["gpu"]))
                for name, p in predictions.items()
            ],
        )


def _mostly(breakdown: dict[str, float]) -> str:
    total = sum(breakdown.values()) or 1.0
    ordered = sorted(breakdown.items(), key=lambda item: -item[1])
    return "GPU: " + ", ".join(f"{name} {value / total:.0%}" for name, value in ordered[:3])
