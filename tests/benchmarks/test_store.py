import json

import pytest

from benchmarks import store
from pocketmatte.errors import PocketmatteError


def test_what_is_saved_is_loaded_and_short_lists_stay_on_a_line(tmp_path):
    result = {"rows": [{"name": "a", "input": [256, 256], "low": [-1.5e-05, 2.0], "note": "1, 2"}]}
    path = store.save("speed", result, tmp_path / "new")
    assert store.load("speed", tmp_path / "new") == result
    assert '"input": [256, 256]' in path.read_text()
    assert [p.name for p in path.parent.iterdir()] == ["speed.json"]


def test_missing_and_damaged_results_are_told(tmp_path):
    with pytest.raises(PocketmatteError, match="no such result"):
        store.load("speed", tmp_path)
    (tmp_path / "speed.json").write_text("{")
    with pytest.raises(PocketmatteError, match="damaged"):
        store.load("speed", tmp_path)


def test_the_command_names_no_folder_of_the_machine():
    words = ["--data", "/home/me/data", "--split", "test", "--out=/tmp/x", "--models", "/a/b.onnx"]
    command = store.command_line("benchmarks.run", words)
    assert command == ("python -m benchmarks.run --data DIR --split test --out=DIR --models b.onnx")


def test_heading_says_where_it_comes_from():
    heading = store.heading("python -m x", split="test")
    assert heading["command"] == "python -m x" and heading["split"] == "test"
    assert {"date", "machine", "versions"} <= set(heading)
    json.dumps(heading)


def result(*names, value=1, cpu="abacus"):
    rows = [{"name": name, "value": value} for name in names]
    return {"machine": {"cpu": cpu}, "rows": rows}


def test_merge_keeps_what_is_not_measured_again(tmp_path):
    store.save("speed", result("a", "b"), tmp_path)
    merged = store.merge(result("b", "c", value=2), tmp_path, "speed", ("machine.cpu",))
    assert {row["name"]: row["value"] for row in merged["rows"]} == {"a": 1, "b": 2, "c": 2}


def test_merge_tells_sizes_apart(tmp_path):
    rows = [{"name": "a", "size": size} for size in ([1, 2], [3, 4])]
    store.save("pipeline", {"rows": rows}, tmp_path)
    new = {"rows": [{"name": "a", "size": [1, 2], "new": True}]}
    assert len(store.merge(new, tmp_path, "pipeline", ())["rows"]) == 2


def test_merge_with_nothing_is_what_is_new(tmp_path):
    assert store.merge(result("a"), tmp_path, "speed", ("machine.cpu",)) == result("a")


def test_rows_of_another_machine_are_not_mixed_in(tmp_path):
    store.save("speed", result("a", cpu="slide rule"), tmp_path)
    with pytest.raises(PocketmatteError, match=r"slide rule.*abacus"):
        store.merge(result("b"), tmp_path, "speed", ("machine.cpu",))
