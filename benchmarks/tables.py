"""Numbers in the documents, filled in from `benchmarks/results/*.json`.

    <!-- table: paradox:models | Model=name | GPU ms=gpu_ms:.1f -->
    <!-- end -->

becomes a table with one row for each entry of "models" in `paradox.json` (a list of objects, or an
object of objects, whose names are then `key`). Inside a sentence, one value:

    decoded in <!-- value: paradox:decode.ms:.3f -->0.023<!-- end --> ms

A table that several documents show has a name and a row in `TABLES`: `<!-- table: presets -->`.

`python -m benchmarks.tables` fills all documents; with `--check` it only says which are stale.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.ending import run_to_the_end
from benchmarks.store import RESULTS, load
from pocketmatte.errors import PocketmatteError

ROOT = Path(__file__).parents[1]
MARK = re.compile(
    r"(?P<start><!--[ \t]*(?P<kind>table|value):(?P<spec>.*?)-->)(?P<old>.*?)"
    r"(?P<end><!--[ \t]*end[ \t]*-->)",
    re.DOTALL,
)
MISSING = "–"

TABLES: dict[str, str] = {}
"""Name: what a marker would say in its place."""


def fill(text: str, folder: Path = RESULTS) -> str:
    """The text with every marked table and value made anew.

    Raises PocketmatteError for a marker whose file or value is not there.
    """

    def made(match: re.Match) -> str:
        kind, spec = match["kind"], match["spec"]
        new = f"\n{_table(spec, folder)}\n" if kind == "table" else _value(spec, folder)
        return match["start"] + new + match["end"]

    return MARK.sub(made, text)


def stale(path: Path, folder: Path = RESULTS) -> bool:
    """Whether a document's tables differ from the results."""
    text = path.read_text(encoding="utf-8")
    return fill(text, folder) != text


def update(path: Path, folder: Path = RESULTS) -> bool:
    """Fill a document; True when that changed it."""
    text = path.read_text(encoding="utf-8")
    new = fill(text, folder)
    if new == text:
        return False
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(new, encoding="utf-8")
    partial.replace(path)
    return True


def documents(root: Path = ROOT) -> list[Path]:
    """README and docs: the Markdown files that have markers."""
    paths = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [path for path in paths if path.is_file() and MARK.search(path.read_text("utf-8"))]


def _table(spec: str, folder: Path) -> str:
    spec = TABLES.get(spec.strip(), spec)
    source, *columns = (part.strip() for part in spec.split("|"))
    if not columns:
        raise PocketmatteError(
            f"table {source}: no columns; write {source} | Title=key:format, or give the name a "
            "row in TABLES of benchmarks/tables.py"
        )
    titles, cells = zip(*(_column(column) for column in columns), strict=True)
    rows = [[_cell(row, *cell) for cell in cells] for row in _rows(_find(source, folder))]
    numbers = [
        all(re.match(r"[-+–\d.,~<% x×]*$", row[index]) for row in rows)
        for index in range(len(titles))
    ]
    rule = ["--:" if number else ":--" for number in numbers]
    lines = [list(titles), rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _value(spec: str, folder: Path) -> str:
    name, _, rest = spec.strip().partition(":")
    path, _, form = rest.partition(":")
    return _text(_find(f"{name}:{path}", folder), form)


def _column(text: str) -> tuple[str, tuple[str, str]]:
    """ "GPU ms=gpu.ms:.1f" as title, (path, format)."""
    title, equals, source = text.partition("=")
    path, _, form = (source if equals else title).partition(":")
    return title.strip(), (path.strip(), form.strip())


def _find(source: str, folder: Path):
    name, _, path = source.partition(":")
    value = load(name.strip(), folder)
    for key in filter(None, path.strip().split(".")):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise PocketmatteError(
                f"{name}.json has no {path!r} ({key!r} is missing); correct the marker"
            ) from None
    return value


def _rows(value) -> Iterable[dict]:
    if isinstance(value, dict):
        return [{"key": key, **row} for key, row in value.items()]
    return value


def _cell(row: dict, path: str, form: str) -> str:
    value = row
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return MISSING if value is None else _text(value, form)


def _text(value, form: str) -> str:
    if isinstance(value, list):
        return "x".join(_text(part, form) for part in value)
    return format(value, form)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables")
    parser.add_argument("files", nargs="*", type=Path, help="README.md and docs, if none")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when stale")
    options = parser.parse_args(arguments)
    code = 0
    for path in options.files or documents():
        if options.check:
            if stale(path):
                sys.stderr.write(f"{path}: stale; run python -m benchmarks.tables\n")
                code = 1
        elif update(path):
            sys.stdout.write(f"{path}: filled\n")
    return code


if __name__ == "__main__":
    run_to_the_end(main)
