"""Tables and JSON on standard output, for the verbs about phones."""

import sys
from collections.abc import Iterable
from pathlib import Path

from pocketmatte.errors import PocketmatteError


def print_table(title: str, columns: str, rows: Iterable[tuple]) -> None:
    """Print a table. columns: headings, spaces as underscores; * marks those set to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns.split():
        heading = column.rstrip("*").replace("_", " ")
        right = column.endswith("*")
        table.add_column(heading, justify="right" if right else "left", no_wrap=right)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table, markup=False)


def write_json(values: dict, target: str) -> None:
    """Write to a file, at once or not at all, or to standard output for "-"."""
    import json

    text = json.dumps(values, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise PocketmatteError(f"{path}: its folder is not there; make it first")
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
