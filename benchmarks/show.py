"""Results as tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.table import Table

Cells = dict[str, Callable[[dict], object]]

_COLUMNS: dict[str, Cells] = {
    "quality": {
        "name": lambda row: row["name"],
        "params": lambda row: f"{row['parameters'] / 1e6:.2f} M",
        "IoU": lambda row: f"{row['iou']:.4f}",
        "95 %": lambda row: f"{row['iou_low']:.4f}-{row['iou_high']:.4f}",
        "BF": lambda row: f"{row['boundary_f']:.4f}",
        "MAD": lambda row: f"{row['mask_mad']:.4f}",
        "< 0.90": lambda row: f"{row['poor_share']:.1%}",
    },
    "speed": {
        "name": lambda row: row["name"],
        "input": lambda row: "x".join(map(str, row["input"])),
        "net ms": lambda row: _ms(row["network"]["ms"]),
        "ratio": lambda row: f"{row['network']['ratio']:.2f}",
        "quartiles": lambda row: _quartiles(row["network"]),
        "720p ms": lambda row: _ms(row["alpha"]["ms"]),
        "ratio ": lambda row: f"{row['alpha']['ratio']:.2f}",
    },
    "memory": {
        "name": lambda row: row["name"],
        "file MB": lambda row: f"{row['size_bytes'] / 1e6:.1f}",
        "peak MB": lambda row: f"{row['peak_mb']:.0f}",
        "over start": lambda row: f"{row['over_start_mb']:.0f}",
        "cold ms": lambda row: f"{row['cold_ms']:.0f}",
        "load ms": lambda row: f"{row['load_ms']:.0f}",
        "first ms": lambda row: f"{row['first_ms']:.0f}",
    },
    "pipeline": {
        "name": lambda row: row["name"],
        "size": lambda row: f"{row['size'][1]}x{row['size'][0]}",
        **{
            stage: lambda row, stage=stage: _ms(row["stages_ms"][stage])
            for stage in ("shrink", "network", "refine", "foreground", "composite")
        },
        "frame": lambda row: _ms(row["frame_ms"]),
    },
    "startup": {
        "name": lambda row: row["name"],
        "median ms": lambda row: _ms(row["median_ms"]),
        "best ms": lambda row: _ms(row["ms"]),
        "limit ms": lambda row: row.get("limit_ms", ""),
        "held": lambda row: {True: "yes", False: "NO", None: ""}[row.get("held")],
    },
}


def table(part: str, result: dict) -> Table:
    """The rows of a result of `benchmarks.run`, by the name of the part."""
    columns = _COLUMNS[part]
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in columns:
        words = heading == "name"
        shown.add_column(heading, justify="left" if words else "right", no_wrap=True)
    for row in result["rows"]:
        shown.add_row(*(str(cell(row)) for cell in columns.values()))
    return shown


def compared(rows: list[dict]) -> Table:
    """IoU of each network (columns) on the pictures disturbed in each way (rows)."""
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for heading in rows[0]:
        shown.add_column(heading, justify="left" if heading == "pictures" else "right")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, str) else f"{cell:.4f}" for cell in row.values()))
    return shown


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _quartiles(numbers: dict) -> str:
    return f"{numbers['quartile_low']:.2f}-{numbers['quartile_high']:.2f}"
