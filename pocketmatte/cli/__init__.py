"""The command line: one file per verb, each a thin wrapper of one public function.

Nothing heavy is imported before a verb runs, so `pocketmatte --help` answers at once.
"""

import os
from importlib import import_module
from typing import Annotated

import typer

from pocketmatte import __version__
from pocketmatte.errors import PocketmatteError

VERBS = (
    "photo",
    "video",
    "webcam",
    "web",
    "models",
    "train",
    "evaluate",
    "prune",
    "export",
    "benchmark",
    "profile",
    "lint",
    "paradox",
)
EXIT_FAILED = 2

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pocketmatte {__version__}")
        raise typer.Exit()


@app.callback()
def pocketmatte(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Cut people out of photos and videos, offline, in real time."""


for _verb in VERBS:
    _function = getattr(import_module(f"pocketmatte.cli.{_verb}"), _verb)
    app.command(cls=getattr(_function, "command_class", None))(_function)
app.add_typer(import_module("pocketmatte.cli.data").app, name="data")


def main() -> None:
    """Run the command line. Bad input ends with one red line and exit code 2."""
    try:
        app(prog_name="pocketmatte")
    except PocketmatteError as error:
        say_error(str(error))
        raise SystemExit(EXIT_FAILED) from None


def say_error(message: str) -> None:
    """One red line on standard error."""
    colour = None if os.environ.get("NO_COLOR") else typer.colors.RED
    typer.secho(f"error: {message}", err=True, fg=colour)
