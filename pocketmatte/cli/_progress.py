"""What the terminal shows while photos are done, and the summary after."""

from collections.abc import Iterable
from contextlib import nullcontext
from time import perf_counter

import typer

from pocketmatte.cli import EXIT_FAILED, say_error

EXIT_STOPPED = 130


def report(results: Iterable, total: int) -> int:
    """Consume results, show them on standard error, and return the exit code.

    results: `Result` objects, as `matte_photos` yields them. total: how many will come.
    A progress bar is shown for more than one photo, on a terminal.
    """
    start = perf_counter()
    done = skipped = 0
    failures: list[str] = []
    stopped = False
    bar, advance = _bar(total)
    try:
        with bar:
            for result in results:
                for notice in result.notices:
                    _say(f"note: {notice}")
                if result.error:
                    failures.append(result.error)
                elif result.skipped:
                    skipped += 1
                else:
                    done += 1
                if advance:
                    advance(len(failures))
                elif not result.error:
                    _say(_line(result))
    except KeyboardInterrupt:
        stopped = True
        if hasattr(results, "close"):
            results.close()
    if total > 1 or stopped:
        _say(_summary(total, done, skipped, len(failures), perf_counter() - start, stopped))
    for failure in failures:
        say_error(failure)
    if stopped:
        return EXIT_STOPPED
    return EXIT_FAILED if failures else 0


def _bar(total: int):
    """A progress bar and the function that moves it, or no bar and None."""
    if total < 2 or not typer.get_text_stream("stderr").isatty():
        return nullcontext(), None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    progress = Progress(
        TextColumn("photos"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        TextColumn("{task.fields[failed]}", style="red"),
        console=Console(stderr=True),
    )
    task = progress.add_task("photos", total=total, failed="")

    def advance(failed: int) -> None:
        progress.update(task, advance=1, failed=f"{failed} failed" if failed else "")

    return progress, advance


def _line(result) -> str:
    target = "standard output" if result.job.target is None else result.job.target
    if result.skipped:
        return f"{target} is there already"
    return f"{result.job.name} -> {target}  ({result.seconds:.2f} s)"


def _summary(total, done, skipped, failed, seconds, stopped) -> str:
    parts = [f"{done} of {total} photos done"]
    if skipped:
        parts.append(f"{skipped} skipped")
    if failed:
        parts.append(f"{failed} failed")
    return f"{'stopped: ' if stopped else ''}{', '.join(parts)} in {seconds:.1f} s"


def _say(text: str) -> None:
    typer.echo(text, err=True)
