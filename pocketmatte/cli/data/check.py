"""`pocketmatte data check`: is the ground truth right?"""

from pathlib import Path
from typing import Annotated

import typer

EXIT_FOUND = 1


def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.")],
    json: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="Write all findings; - for standard output."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the worst findings with outlines: .png or .jpg."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Findings on the sheet.")] = 40,
    duplicates: Annotated[
        bool, typer.Option(help="Look for near-duplicates and leaks between splits.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    examples: Annotated[int, typer.Option(min=0, help="Examples of each finding.")] = 5,
    jobs: Annotated[int, typer.Option(min=1, help="Threads that read pictures.")] = 2,
) -> None:
    """Look at every picture and label before training on them.

    Pairs, sizes, inverted, empty, full or grey masks, alphas that differ from masks, copies, leaks
    between splits. Exit code 0: no errors; 1: errors were found (with --strict also warnings); 2:
    the folder cannot be checked.
    """
    import sys
    from json import dumps

    from pocketmatte.cli.data._bar import bar
    from pocketmatte.data.check import check_data
    from pocketmatte.data.check_report import check_sheet, text_report
    from pocketmatte.data.layout import DataFolder
    from pocketmatte.data.write import write_bytes

    with bar("pictures") as advance:

        def show(done: int, total: int, facts: dict) -> None:
            if advance:
                advance(done, total, f"{facts['findings']} findings")

        report = check_data(folder, duplicates=duplicates, jobs=jobs, progress=show)
    text = dumps(report.to_dict(), indent=1) + "\n"
    if json == "-":
        sys.stdout.write(text)
    else:
        if json is not None:
            write_bytes(Path(json), text.encode())
        sys.stdout.write(text_report(report, examples))
    if sheet is not None:
        check_sheet(report, DataFolder(folder), sheet, rows)
    if report.total("error") or (strict and report.total("warning")):
        raise typer.Exit(EXIT_FOUND)
