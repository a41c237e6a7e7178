from benchmarks import store
from benchmarks.summary import write_summary

QUALITY = {
    "data": "people",
    "split": "test",
    "pictures": 3,
    "rows": [
        {"name": name, "kind": kind, "title": name, "parameters": 726585, "size_bytes": 2960412,
         "licence": "MIT: do what you want", "runtime": "r", "iou": 0.9, "boundary_f": score,
         "by_picture": {}}
        for name, kind, score in (
            ("good", "preset", 0.8), ("poor", "preset", 0.5), ("p", "peer", 1)
        )
    ],
}  # fmt: skip
SPEED = {
    "rows": [
        {
            "name": "good",
            "input": [9, 9],
            "network": {"ms": 3.2, "ratio": 1.1},
            "alpha": {"ms": 8.0, "ratio": 2.0},
        }
    ]
}


def test_one_row_a_network_from_all_parts(tmp_path):
    store.save("quality", QUALITY, tmp_path)
    store.save("speed", SPEED, tmp_path)
    write_summary(tmp_path)
    found = store.load("summary", tmp_path)
    poor, good = found["presets"]
    assert (poor["name"], good["name"]) == ("poor", "good")
    assert good["network_ms"] == 3.2 and good["alpha_ratio"] == 2.0
    assert good["parameters_m"] == 0.727 and good["size_mb"] == 2.96
    assert good["terms"] == "MIT"
    # then: what a part did not measure is not there
    assert "network_ms" not in poor and "peak_mb" not in good
    assert [row["name"] for row in found["peers"]] == ["p"]
    assert [row["name"] for row in found["networks"]] == ["poor", "good", "p"]
    assert "by_picture" not in good


def test_without_quality_there_is_no_summary(tmp_path):
    store.save("speed", SPEED, tmp_path)
    assert write_summary(tmp_path) is None
    assert not (tmp_path / "summary.json").exists()
