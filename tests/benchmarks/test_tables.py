import json
from pathlib import Path

import pytest

from benchmarks import tables
from benchmarks.tables import documents, fill, main, stale
from pocketmatte.errors import PocketmatteError

DATA = {
    "models": [{"name": "one", "time": {"ms": 1.25}}, {"name": "two", "time": {"ms": 12}}],
    "named": {"a": {"n": 1}, "b": {"n": None}},
    "decode": {"ms": 0.0231},
    "size": [256, 256],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(DATA))
    return tmp_path


def test_a_table_has_a_row_for_each_entry(folder):
    text = "x\n<!-- table: study:models | Model=name | ms=time.ms:.1f -->\nold\n<!-- end -->\ny"
    assert fill(text, folder) == (
        "x\n<!-- table: study:models | Model=name | ms=time.ms:.1f -->\n"
        "| Model | ms |\n| :-- | --: |\n| one | 1.2 |\n| two | 12.0 |\n<!-- end -->\ny"
    )


def test_objects_give_their_names_and_missing_values_a_dash(folder):
    text = "<!-- table: study:named | key | Count=n -->\n<!-- end -->"
    assert "| a | 1 |\n| b | – |" in fill(text, folder)


def test_a_value_stands_in_its_sentence(folder):
    text = (
        "in <!-- value: study:decode.ms:.3f --><!-- end --> ms, "
        "<!-- value: study:size -->?<!-- end -->"
    )
    assert "-->0.023<!-- end --> ms" in fill(text, folder)
    assert "-->256x256<!-- end -->" in fill(text, folder)


def test_named_tables_are_looked_up(folder, monkeypatch):
    monkeypatch.setitem(tables.TABLES, "both", "study:models | Model=name")
    assert "| one |" in fill("<!-- table: both --><!-- end -->", folder)


def test_filling_twice_changes_nothing(folder):
    once = fill("<!-- table: study:models | name -->\n<!-- end -->", folder)
    assert fill(once, folder) == once


def test_stale_documents_are_told(folder):
    path = folder / "doc.md"
    path.write_text("<!-- value: study:decode.ms -->0.5<!-- end -->")
    assert stale(path, folder)
    path.write_text(fill(path.read_text(), folder))
    assert not stale(path, folder)


@pytest.mark.parametrize(
    "marker, message",
    [
        ("table: gone:models | a", "gone.json"),
        ("value: study:decode.seconds", "seconds"),
        ("table: study:models", "no columns"),
    ],
)
def test_markers_that_point_nowhere_are_refused(folder, marker, message):
    with pytest.raises(PocketmatteError, match=message):
        fill(f"<!-- {marker} --><!-- end -->", folder)


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_the_documents_tell_what_was_measured(path):
    assert not stale(path), f"{path.name}: run python -m benchmarks.tables"


def test_check_ends_with_one_and_leaves_the_file(tmp_path, capsys):
    path = tmp_path / "doc.md"
    path.write_text("<!-- value: paradox:gpu.rank:.2f -->9.99<!-- end -->")
    results = Path(__file__).parents[2] / "benchmarks" / "results" / "paradox.json"
    if not results.is_file():
        pytest.skip("benchmarks/results/paradox.json is not there yet")
    assert main(["--check", str(path)]) == 1
    assert "9.99" in path.read_text()
    assert "stale" in capsys.readouterr().err
    assert main([str(path)]) == 0
    assert "9.99" not in path.read_text()
