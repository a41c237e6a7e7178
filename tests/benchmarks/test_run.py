import json

import pytest
import typer
from typer.testing import CliRunner

import benchmarks.run
from benchmarks.robustness import compared, robustness
from benchmarks.run import run
from pocketmatte.errors import PocketmatteError
from pocketmatte.evaluation.speed.stages import STAGES


def call(function, *arguments):
    app = typer.Typer()
    app.command()(function)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results"


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_quality_of_presets_and_peers_on_the_same_pictures(subjects, data_folder, out):
    # when
    result = call(run, "--data", data_folder, "--only", "quality", "--out", out,
                  "--models", "tiny", "--peers", "mediapipe-general")  # fmt: skip
    # then
    assert result.exit_code == 0, result.output
    found = read(out, "quality")
    assert [row["name"] for row in found["rows"]] == ["tiny", "mediapipe-general"]
    assert found["pictures"] == 3 and "iou_lead" in found["rows"][0]
    assert found["command"].startswith("python -m benchmarks.run")
    assert {"date", "machine", "versions"} <= set(found)
    assert "tiny" in result.stdout and "written" in result.stderr
    assert [row["name"] for row in read(out, "summary")["presets"]] == ["tiny"]


def test_merge_measures_only_what_is_asked_for(subjects, data_folder, out):
    common = ("--data", data_folder, "--only", "quality", "--out", out)
    call(run, *common, "--models", "tiny", "--peers", "mediapipe-general")
    subjects.clear()
    result = call(run, *common, "--models", "huge", "--peers", "none", "--merge")
    assert result.exit_code == 0, result.output
    assert subjects == ["huge"]
    names = [row["name"] for row in read(out, "quality")["rows"]]
    assert names == ["tiny", "mediapipe-general", "huge"]
    # then: the lead is over the row that was kept
    assert all("iou_lead" in row for row in read(out, "quality")["rows"])
    # then: other pictures are not mixed in
    result = call(run, *common, "--models", "huge", "--peers", "none", "--merge", "--limit", 2)
    assert "cannot be merged" in str(result.exception)


def test_a_trial_writes_nothing(subjects, data_folder, out, monkeypatch):
    monkeypatch.setattr(benchmarks.run, "DEFAULT_OUT", out)
    result = call(run, "--data", data_folder, "--only", "quality", "--models", "tiny",
                  "--peers", "none", "--limit", 1)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "a trial, not written" in result.stderr
    assert not out.exists()


NUMBERS = {
    "ms": 3.2,
    "median_ms": 3.4,
    "ratio": 1.0,
    "quartile_low": 0.9,
    "quartile_high": 1.1,
}
ROWS = {
    "speed": {"name": "tiny", "input": [160, 192], "network": NUMBERS, "alpha": NUMBERS},
    "memory": {
        "name": "tiny",
        "size_bytes": 4e6,
        "peak_mb": 90.0,
        "over_start_mb": 40.0,
        "cold_ms": 300.0,
        "load_ms": 50.0,
        "first_ms": 5.0,
    },
    "pipeline": {
        "name": "tiny",
        "size": [720, 1280],
        "frame_ms": 25.0,
        "stages_ms": dict.fromkeys(STAGES, 5.0),
    },
    "startup": {"name": "import", "ms": 10.0, "median_ms": 12.0, "limit_ms": 200, "held": True},
}


def test_every_other_part_is_shown_and_written(subjects, out, monkeypatch):
    # given: the measuring itself is tested elsewhere
    for part, row in ROWS.items():
        monkeypatch.setattr(
            f"benchmarks.{part}.{part}_result", lambda *_, row=row, **__: {"rows": [row]}
        )
    # when
    result = call(run, "--only", ",".join(ROWS), "--models", "tiny", "--out", out)
    # then
    assert result.exit_code == 0, result.output
    for part, row in ROWS.items():
        assert read(out, part)["rows"] == [row]
    for words in ("160x192", "1280x720", "yes", "0.90-1.10"):
        assert words in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--only", "quality"], "--data"),
        (["--only", "beauty"], "beauty"),
        (["--only", "speed", "--models", "nobody"], "nobody"),
        (["--only", "speed", "--peers", "nobody"], "nobody"),
    ],
)
def test_bad_input_is_told_before_anything_is_measured(subjects, arguments, word):
    result = call(run, *arguments)
    assert isinstance(result.exception, PocketmatteError)
    assert word in str(result.exception) and subjects == []


def test_robustness_cards_of_all_networks(subjects, data_folder, out):
    result = call(robustness, "--data", data_folder, "--no-faces", "--out", out,
                  "--models", "tiny")  # fmt: skip
    assert result.exit_code == 0, result.output
    found = read(out, "robustness")
    assert list(found["cards"]) == ["tiny", "mediapipe-general"]
    card = found["cards"]["tiny"]
    assert {"light", "clutter", "size", "outline", "soft"} <= set(card["groups"])
    assert found["compared"][0]["pictures"] == "as it is"
    assert found["compared"][0]["tiny"] == card["disturbances"][0]["iou"]
    assert "strong crop" in result.stdout
    # then: another split has a file of its own
    call(robustness, "--data", data_folder, "--no-faces", "--out", out, "--split", "val",
         "--models", "huge", "--peers", "none", "--limit", 1)  # fmt: skip
    assert list(read(out, "robustness-val")["cards"]) == ["huge"]


def test_robustness_of_nobody_is_refused(subjects, data_folder):
    result = call(robustness, "--data", data_folder, "--models", "none", "--peers", "none")
    assert "no network" in str(result.exception)


def test_compared_has_one_row_a_disturbance():
    def card(*scores):
        return {"disturbances": [{"name": n, "iou": s} for n, s in zip("xy", scores, strict=True)]}

    assert compared({"a": card(0.1, 0.2), "b": card(0.3, 0.4)}) == [
        {"pictures": "x", "a": 0.1, "b": 0.3},
        {"pictures": "y", "a": 0.2, "b": 0.4},
    ]
