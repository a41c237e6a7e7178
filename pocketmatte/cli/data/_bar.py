"""A progress bar on standard error, for somebody who watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int | None, str], None] | None]:
    """Give f(done, total, note); None where standard error is no terminal."""
    if not typer.get_text_stream("stderr").isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    progress = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task(what, total=None, note="")

        def advance(done: int, total: int | None, note: str) -> None:
            progress.update(task, completed=done, total=total, note=note)

        yield advance


def say(text: str) -> None:
    typer.echo(text, err=True)


def say_failures(failures: list[str], most: int = 10) -> None:
    """The first few things that went wrong, one line each."""
    from pocketmatte.cli import say_error

    for failure in failures[:most]:
        say_error(failure)
    if len(failures) > most:
        say_error(f"... and {len(failures) - most} more")
