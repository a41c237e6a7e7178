import pytest

import benchmarks.startup
from benchmarks.startup import COMMANDS, startup_result
from pocketmatte.errors import PocketmatteError


def test_the_limits():
    limits = {name: limit for name, (_, limit) in COMMANDS.items()}
    assert limits["import pocketmatte"] == 0.2 and limits["pocketmatte --help"] == 0.4


def test_each_command_with_its_limit(monkeypatch):
    few = {name: COMMANDS[name] for name in ("python -c pass", "import pocketmatte")}
    monkeypatch.setattr(benchmarks.startup, "COMMANDS", few)
    rows = {row["name"]: row for row in startup_result(runs=1)["rows"]}
    assert rows["import pocketmatte"]["limit_ms"] == 200
    assert "limit_ms" not in rows["python -c pass"]
    assert all(row["ms"] > 1 for row in rows.values())


def test_what_takes_too_long_is_not_held(monkeypatch):
    monkeypatch.setattr(benchmarks.startup, "_once", lambda arguments: 0.3)
    rows = {row["name"]: row for row in startup_result(runs=3)["rows"]}
    assert rows["import pocketmatte"]["held"] is False
    assert rows["pocketmatte --help"]["held"] is True


def test_a_command_that_fails_is_told(monkeypatch):
    monkeypatch.setattr(benchmarks.startup, "COMMANDS", {"bad": (["-c", "import nothing"], None)})
    with pytest.raises(PocketmatteError, match="No module named 'nothing'"):
        startup_result(runs=1)
