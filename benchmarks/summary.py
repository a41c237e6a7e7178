"""One row a network with the numbers that a reader compares, from all the other results."""

from __future__ import annotations

from pathlib import Path

from benchmarks import store

NAME = "summary"


def write_summary(folder: Path) -> Path | None:
    """Join quality, speed and memory of `folder` into `summary.json`; None without quality.

    `networks` is all of them, `presets` and `peers` a part, sorted by boundary F, worst first. A
    network that a part did not measure lacks that part's keys.
    """
    if not (folder / "quality.json").is_file():
        return None
    quality = store.load("quality", folder)
    rows = {row["name"]: _quality(row) for row in quality["rows"]}
    for part, pick in (("speed", _speed), ("memory", _memory)):
        if (folder / f"{part}.json").is_file():
            for row in store.load(part, folder)["rows"]:
                if row["name"] in rows:
                    rows[row["name"]] |= pick(row)
    ranked = sorted(rows.values(), key=lambda row: row["boundary_f"])
    summary = {
        "from": "quality.json, speed.json and memory.json",
        **{key: quality[key] for key in ("data", "split", "pictures")},
        "networks": ranked,
        "presets": [row for row in ranked if row["kind"] == "preset"],
        "peers": [row for row in ranked if row["kind"] == "peer"],
    }
    return store.save(NAME, summary, folder)


def _quality(row: dict) -> dict:
    keys = ("name", "kind", "title", "parameters", "size_bytes", "licence", "runtime")
    keys += ("iou", "iou_low", "iou_high", "iou_lead", "miou", "accuracy", "boundary_f")
    keys += ("boundary_f_lead", "mask_mad", "mask_mse", "poor_share")
    found = {key: row[key] for key in keys if key in row}
    found["terms"] = row["licence"].partition(":")[0]
    found["parameters_m"] = round(row["parameters"] / 1e6, 3)
    found["size_mb"] = round(row["size_bytes"] / 1e6, 2)
    return found


def _speed(row: dict) -> dict:
    return {
        "input": row["input"],
        "network_ms": row["network"]["ms"],
        "network_ratio": row["network"]["ratio"],
        "alpha_ms": row["alpha"]["ms"],
        "alpha_ratio": row["alpha"]["ratio"],
    }


def _memory(row: dict) -> dict:
    return {key: row[key] for key in ("peak_mb", "over_start_mb", "cold_ms")}
