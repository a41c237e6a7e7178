"""`pocketmatte lint`: what a phone's GPU would dislike about a network."""

from typing import Annotated

import typer

EXIT_NOT_CLEAN = 1


def lint(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Released network, .onnx or .tflite file.")
    ],
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Input size, where the file leaves it free.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print all findings as JSON, not as a table.")
    ] = False,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on", metavar="error|warning|info", help="Exit code 1 from this severity on."
        ),
    ] = "warning",
) -> None:
    """Check a network for what mobile GPUs run badly, layer by layer, with a remedy.

    error: the GPU cannot run it. warning: it costs time. info: advice. A network without errors
    and warnings is clean. Exit code 0 when clean, 1 when not, 2 for a file that cannot be read.
    """
    import sys

    from pocketmatte.errors import PocketmatteError
    from pocketmatte.mobile.lint import lint as check
    from pocketmatte.mobile.rules import SEVERITIES
    from pocketmatte.mobile.source import find_network, parse_size

    if fail_on not in SEVERITIES:
        raise PocketmatteError(f"--fail-on {fail_on}: take one of {', '.join(SEVERITIES)}")
    report = check(*find_network(model, parse_size(size) if size else None))
    if json:
        sys.stdout.write(report.to_json())
    else:
        _show(report)
    raise typer.Exit(EXIT_NOT_CLEAN if report.reaches(fail_on) else 0)


def _show(report) -> None:
    from rich.console import Console
    from rich.text import Text

    from pocketmatte.cli._mobile import print_table
    from pocketmatte.mobile.rules import SEVERITIES

    shape = "x".join("?" if side is None else str(side) for side in report.input_shape)
    if report.findings:
        print_table(
            f"{report.model}, {shape}, {report.layers} layers",
            "severity rule layer finding",
            [(row.severity, row.rule, row.layer, row.finding) for row in report.findings],
        )
    console = Console()
    remedies: dict[tuple[str, str], str] = {}
    for row in report.findings:
        remedies.setdefault((row.rule, row.source), row.remedy)
    for (rule, source), remedy in remedies.items():
        console.print(Text.assemble((rule, "bold"), f": {remedy}. ", (f"[{source}]", "dim")))
    counts = [f"{report.count(severity)} {severity}" for severity in SEVERITIES]
    verdict = "clean" if report.clean else "not clean"
    console.print(f"{report.model}: {verdict} ({', '.join(counts)})", highlight=False)
