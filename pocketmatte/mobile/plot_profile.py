"""A picture of a profile: the dearest layers, and how near each comes to the machine's best."""

from __future__ import annotations

from pathlib import Path

from pocketmatte.errors import PocketmatteError
from pocketmatte.mobile.profile import Profile


def plot_profile(result: Profile, target: str | Path, top: int = 20) -> None:
    """Draw a PNG: bars of the `top` dearest layers; arithmetic intensity against speed.

    Raises PocketmatteError when matplotlib is missing or the folder is not there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PocketmatteError("a plot needs matplotlib; pip install matplotlib") from None
    target = Path(target)
    if not target.parent.is_dir():
        raise PocketmatteError(f"{target}: its folder is not there; make it first")

    figure = Figure(figsize=(13, 6), layout="constrained")
    bars, roof = figure.subplots(1, 2, width_ratios=(3, 2))
    shape = "x".join(map(str, result.input_shape))
    timing = result.timing
    figure.suptitle(
        f"{result.model}, {shape}: {timing.median:.2f} ms on {timing.threads} thread(s), "
        f"{result.macs / 1e6:.0f} MMAC"
    )
    colours = {row.op: f"C{index % 10}" for index, row in enumerate(result.by_type)}
    dearest = sorted(result.layers, key=lambda layer: -layer.ms)[:top][::-1]
    bars.barh(
        [_short(layer.name) for layer in dearest],
        [layer.ms for layer in dearest],
        color=[colours[layer.op] for layer in dearest],
    )
    bars.set_xlabel("ms per run")
    bars.set_title(f"the {len(dearest)} dearest layers")
    bars.tick_params(axis="y", labelsize=7)

    for row in result.by_type:
        if row.share < 0.01:
            continue
        label = f"{row.op}: {row.share:.0%}"
        group = [layer for layer in result.layers if layer.op == row.op and layer.macs and layer.ms]
        roof.scatter(
            [layer.intensity for layer in group],
            [layer.macs / layer.ms / 1e6 for layer in group],
            s=[10 + 400 * layer.ms / timing.median for layer in group],
            color=colours[row.op],
            alpha=0.7,
            label=label,
        )
    labels = {"xlabel": "multiply-adds per byte moved", "ylabel": "GMAC/s"}
    roof.set(xscale="log", yscale="log", **labels)
    roof.set_title("intensity and speed; area = time")
    figure.legend(fontsize=8, loc="outside lower right", markerscale=0.7, ncols=4)
    roof.grid(alpha=0.3)
    partial = target.with_name(f"{target.stem}.partial.png")
    figure.savefig(partial, dpi=110)
    partial.replace(target)


def _short(name: str, length: int = 44) -> str:
    return name if len(name) <= length else f"...{name[3 - length :]}"
