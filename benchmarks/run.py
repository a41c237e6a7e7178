"""`python -m benchmarks.run`: presets beside peers, on the same pictures, threads and machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pocketmatte.cli import EXIT_FAILED, say_error
from pocketmatte.errors import PocketmatteError

PARTS = ("quality", "speed", "memory", "pipeline", "startup")
DEFAULT_OUT = Path(__file__).parent / "results"
MODULE = "benchmarks.run"


def run(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Data folder, for the quality.")
    ] = None,
    split: Annotated[str, typer.Option(help="List of pictures.")] = "test",
    models: Annotated[
        str, typer.Option(help="Presets: all, none, or names with commas; NAME@RUNTIME too.")
    ] = "all",
    peers: Annotated[str, typer.Option(help="Peers: all, none, or names with commas.")] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pictures.")] = None,
    only: Annotated[str, typer.Option(help=f"Some of: {','.join(PARTS)}.")] = ",".join(PARTS),
    merge: Annotated[
        bool, typer.Option("--merge", help="Keep older rows of what is not measured now.")
    ] = False,
    turns: Annotated[int, typer.Option(min=3, help="Turns of each comparison of speed.")] = 15,
    seconds: Annotated[
        float, typer.Option(min=0, help="Stop a comparison of speed after so long.")
    ] = 60,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the JSON goes (default: here).")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where fetched networks are kept.")
    ] = None,
) -> None:
    """Measure quality, speed, memory, pipeline and start, and write them as JSON.

    With --limit, nothing is written unless --out says where: a part of the pictures is a trial.
    """
    parts = _parts(only)
    if "quality" in parts and data is None:
        raise PocketmatteError("quality needs labelled pictures; give --data DIR, or leave it out")

    from benchmarks.peers import PEERS
    from benchmarks.subjects import choose, preset_names

    presets = choose(models, preset_names(), "preset")
    rivals = choose(peers, list(PEERS), "peer")
    folder = out or (None if limit else DEFAULT_OUT)
    job = Job(data, split, limit, presets, rivals, merge, turns, seconds, folder, cache)
    for part in parts:
        job.do(part)


class Job:
    """One run of the command."""

    def __init__(self, data, split, limit, presets, rivals, merge, turns, seconds, out, cache):
        from rich.console import Console

        from pocketmatte.training.fetch import DEFAULT_CACHE

        self.data, self.split, self.limit = data, split, limit
        self.presets, self.names = presets, presets + rivals
        self.merge, self.turns, self.seconds, self.out = merge, turns, seconds, out
        self.cache = cache or DEFAULT_CACHE
        self.console, self.notes = Console(highlight=False), Console(stderr=True, highlight=False)

    def do(self, part: str) -> None:
        """Measure one part, write it, show it."""
        from benchmarks import show, store, summary

        with self.notes.status(part) as status:
            self.tell = lambda what: status.update(f"{part}: {what}")
            same, content = getattr(self, f"_{part}")()
        result = {**store.heading(store.command_line(MODULE, sys.argv[1:])), **content}
        if self.merge and self.out:
            result = store.merge(result, self.out, part, same)
        if part == "quality":
            from benchmarks.quality import add_leads

            add_leads(result["rows"])
        if self.out:
            path = store.save(part, result, self.out)
            self.notes.print(f"{part}: written to {path}")
            summary.write_summary(self.out)
        else:
            self.notes.print(f"{part}: a trial, not written; --out DIR would write it")
        self.console.print(show.table(part, result))

    def _quality(self):
        from benchmarks.quality import SAME, pictures_facts, quality_row
        from benchmarks.subjects import load_subject
        from pocketmatte.data.layout import DataFolder

        folder, rows = DataFolder(self.data), []
        facts = pictures_facts(folder, self.split, self.limit)
        for name in self.names:

            def show(done, total, row, name=name):
                self.tell(f"{name} {done}/{total}")

            subject = load_subject(name, 1, self.cache)
            rows.append(quality_row(subject, folder, self.split, self.limit, show))
        return SAME, {**facts, "rows": rows}

    def _speed(self):
        from benchmarks.speed import SAME, speed_result

        return SAME, speed_result(
            self.names,
            turns=self.turns,
            seconds=self.seconds,
            cache=self.cache,
            tell=self.tell,
        )

    def _memory(self):
        from benchmarks.memory import SAME, memory_result

        return SAME, memory_result(self.names, cache=self.cache, tell=self.tell)

    def _pipeline(self):
        from benchmarks.pipeline import SAME, pipeline_result

        return SAME, pipeline_result(self.presets, tell=self.tell)

    def _startup(self):
        from benchmarks.startup import SAME, startup_result

        return SAME, startup_result()


def _parts(only: str) -> list[str]:
    parts = [part.strip() for part in only.split(",") if part.strip()]
    for part in parts:
        if part not in PARTS:
            raise PocketmatteError(f"--only {part}: no such part; there are: {', '.join(PARTS)}")
    return parts


def command(function, module: str) -> None:
    """Run `function` as a command line of its own; bad input is one red line and exit code 2."""
    # one thread: libraries read these when they are first imported, which is later than here
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(function)
    try:
        app(prog_name=f"python -m {module}")
    except PocketmatteError as error:
        say_error(str(error))
        raise SystemExit(EXIT_FAILED) from None


if __name__ == "__main__":
    command(run, MODULE)
