"""Results as JSON: one file a benchmark in `benchmarks/results`, with where they come from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.machine import describe_machine, describe_versions
from pocketmatte.media.atomic import whole_file

RESULTS = Path(__file__).parent / "results"
_FOLDERS = ("--data", "--out", "--cache")


def heading(command: str, **facts) -> dict:
    """What every result begins with: command, date, machine, versions, and `facts`."""
    return {
        "command": command,
        "date": today(),
        "machine": describe_machine(),
        "versions": describe_versions(),
        **facts,
    }


def today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def command_line(module: str, arguments: Sequence[str]) -> str:
    """The command as anyone would type it: folders of this machine are called DIR."""
    words: list[str] = []
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if words and words[-1] in _FOLDERS:
            words.append("DIR")
        elif equals and name in _FOLDERS:
            words.append(f"{name}=DIR")
        else:
            words.append(Path(argument).name if Path(argument).is_absolute() else argument)
    return " ".join(["python", "-m", module, *words])


def save(name: str, result: dict, folder: Path = RESULTS) -> Path:
    """Write `result` as `<name>.json`, whole or not at all; short lists stay on one line."""
    text = json.dumps(result, indent=1, ensure_ascii=False)
    text = re.sub(r"\[\s+([-+.\deE,\s]+?)\s+\]", _one_line, text)
    target = folder / f"{name}.json"
    with whole_file(target) as path:
        path.write_text(text + "\n", encoding="utf-8")
    return target


def load(name: str, folder: Path = RESULTS) -> dict:
    """Read `<name>.json`; PocketmatteError when it is missing or damaged."""
    path = folder / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise PocketmatteError(f"{path}: no such result; run python -m benchmarks.run") from None
    except ValueError as error:
        raise PocketmatteError(f"{path}: is damaged ({error}); run its benchmark again") from None


def merge(result: dict, folder: Path, name: str, same: Sequence[str]) -> dict:
    """`result` with those rows of an older file that it does not measure again.

    same: dotted keys whose values must agree, or the rows do not belong together. Every row keeps
    the date on which it was measured. Raises PocketmatteError when they disagree.
    """
    if not (folder / f"{name}.json").is_file():
        return result
    older = load(name, folder)
    for key in same:
        was, now = _value(older, key), _value(result, key)
        if was != now:
            raise PocketmatteError(
                f"{name}.json: cannot be merged, its {key} is {was} and now it is {now}; "
                "run without --merge"
            )
    new = {row_key(row) for row in result["rows"]}
    kept = [row for row in older["rows"] if row_key(row) not in new]
    return result | {"rows": kept + result["rows"]}


def row_key(row: dict) -> tuple:
    return row["name"], tuple(row.get("size", ()))


def _value(result: dict, key: str):
    """The value at a dotted key."""
    for part in key.split("."):
        result = result.get(part, {})
    return result


def _one_line(match: re.Match) -> str:
    return "[" + ", ".join(part.strip() for part in match[1].split(",")) + "]"
