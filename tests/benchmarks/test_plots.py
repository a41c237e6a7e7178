import json

import pytest

from benchmarks import store
from benchmarks.plots import DOCS, PLOTS, draw, is_stale, main, points
from pocketmatte.errors import PocketmatteError

NETWORKS = (
    ("ours", "preset", 0.7e6, 0.97, 0.78, 1.1),
    ("mediapipe-general", "peer", 0.1e6, 0.96, 0.72, 1.0),
    ("beside-it", "peer", 0.1e6, 0.9601, 0.7201, 1.01),
    ("huge", "peer", 44e6, 0.94, 0.70, 170.0),
)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    rows = [
        {"name": name, "kind": kind, "parameters": size, "iou": iou, "boundary_f": score}
        for name, kind, size, iou, score, _ in NETWORKS
    ]
    store.save("quality", {"rows": [*rows, {**rows[0], "name": "not timed"}]}, folder)
    speeds = [
        {"name": name, "network": {"ratio": ratio, "reference_ms": 3.2 + ratio / 100}}
        for name, *_, ratio in NETWORKS
    ]
    store.save("speed", {"rows": speeds}, folder)
    return folder


def test_time_is_the_ratio_times_the_references_best(results):
    found = {one["name"]: one for one in points(results)}
    assert set(found) == {name for name, *_ in NETWORKS}
    assert found["huge"]["ms"] == pytest.approx(3.21 * 170, rel=0.01)
    assert found["ours"]["parameters"] == 0.7


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_names_every_network_and_is_the_same_again(results, tmp_path, name):
    found = points(results)
    texts = []
    for folder in ("one", "two"):
        draw(found, name, tmp_path / folder / "plot.svg")
        texts.append((tmp_path / folder / "plot.svg").read_text())
    assert texts[0] == texts[1]
    assert texts[0].startswith("<?xml") and "</svg>" in texts[0]
    for network, *_ in NETWORKS:
        assert f"<!-- {network} -->" in texts[0]


def test_a_plot_of_other_numbers_is_stale(results, tmp_path):
    found, path = points(results), tmp_path / "plot.svg"
    assert is_stale(path, found)
    draw(found, "quality-time", path)
    assert not is_stale(path, found)
    found[0]["iou"] += 0.001
    assert is_stale(path, found)


def test_the_command_draws_and_checks(results, tmp_path, capsys):
    arguments = ["--results", str(results), "--out", str(tmp_path / "plots")]
    assert main([*arguments, "--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert main(arguments) == 0
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == set(PLOTS)
    assert main([*arguments, "--check"]) == 0


def test_the_pruning_curve_is_drawn_where_it_was_measured(results, tmp_path):
    rows = [
        {"keep": keep, "macs": 10 * keep, "iou_refitted": 0.9 * keep, "iou_tuned": 0.95 * keep}
        for keep in (1.0, 0.8, 0.6)
    ]
    store.save("pruning", {"network": "ours", "points": rows}, results)
    out = tmp_path / "plots"
    assert main(["--results", str(results), "--out", str(out)]) == 0
    assert "<!-- 80% -->" in (out / "pruning.svg").read_text()
    assert main(["--results", str(results), "--out", str(out), "--check"]) == 0
    rows[1]["iou_tuned"] = 0.9
    store.save("pruning", {"network": "ours", "points": rows}, results)
    assert main(["--results", str(results), "--out", str(out), "--check"]) == 1


def test_nothing_to_draw_is_told(tmp_path):
    with pytest.raises(PocketmatteError, match=r"benchmarks\.run"):
        draw([], "quality-time", tmp_path / "plot.svg")


def test_the_plots_in_the_docs_show_the_results():
    if not all((store.RESULTS / f"{part}.json").is_file() for part in ("quality", "speed")):
        pytest.skip("no results yet")
    shown = dict.fromkeys(PLOTS, points())
    if (store.RESULTS / "pruning.json").is_file():
        shown["pruning"] = store.load("pruning")["points"]
    stale = [name for name in shown if is_stale(DOCS / f"{name}.svg", shown[name])]
    assert not stale, f"run python -m benchmarks.plots: {json.dumps(stale)}"
