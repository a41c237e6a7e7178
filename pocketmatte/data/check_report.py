"""The findings of a check as text and as a contact sheet with outlines."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pocketmatte.data.check import CheckReport
from pocketmatte.data.check_labels import KINDS, Finding
from pocketmatte.data.layout import DataFolder, Sample, read_grey
from pocketmatte.errors import PocketmatteError

MASK_COLOUR, ALPHA_COLOUR = (0, 230, 80), (255, 40, 220)
_HEIGHT = 240


def text_report(report: CheckReport, examples: int = 5) -> str:
    """A page to read: sets, splits, and each kind of finding with its worst examples."""
    lines = [f"{report.root}: {report.pictures} pictures in {len(report.sets)} sets"]
    for name, counts in report.sets.items():
        parts = ", ".join(f"{counts[kind]} {kind}s" for kind in ("image", "mask", "alpha"))
        lines.append(f"  {name}: {parts}")
    if report.splits:
        lines.append("splits: " + ", ".join(f"{k} {v}" for k, v in report.splits.items()))
    for severity in ("error", "warning", "note"):
        for kind, count in report.counts(severity).items():
            lines += ["", f"{severity}: {kind}, {count}: {KINDS[kind][1]}"]
            if severity == "note":
                continue
            found = report.of_kind(kind)
            lines += [f"  {' = '.join(f.pictures)}  {f.detail}".rstrip() for f in found[:examples]]
            if count > examples:
                lines.append(f"  ... and {count - examples} more")
    errors, warnings = report.total("error"), report.total("warning")
    verdict = f"{errors} errors, {warnings} warnings" if errors or warnings else "nothing wrong"
    return "\n".join([*lines, "", verdict]) + "\n"


def check_sheet(
    report: CheckReport, data: DataFolder, path: str | Path, rows: int = 40, sound: int = 8
) -> int:
    """Draw findings and some sound pictures: picture, outlines, label; returns the rows drawn.

    Outlines: mask green, alpha magenta. The worst of each kind come first, in turn, errors before
    warnings; then `sound` pictures without findings, spread over the folder, because a check that
    nobody looks at proves little. Near-duplicates stand side by side.

    Raises PocketmatteError when the file cannot be written.
    """
    # evaluation stands above data, so it is asked for only here
    from pocketmatte.media.sheets import contact_sheet, save_sheet

    drawn, captions = [], []
    for finding in _pick(report, rows):
        row = _row(data, finding)
        if row is not None:
            drawn.append(row)
            names = " = ".join(finding.pictures)
            captions.append(f"{finding.severity}: {finding.kind}   {names}   {finding.detail}")
    for name in _sound(report, data, sound):
        row = _row(data, Finding("hard", [name]))
        if row is not None:
            drawn.append(row)
            captions.append(f"no finding   {name}")
    if not drawn:
        raise PocketmatteError(f"{data.root}: no picture can be drawn, so there is no sheet")
    labels = ["picture", "outlines: mask green, alpha magenta", "label or twin"]
    save_sheet(path, contact_sheet(drawn, labels, captions, _HEIGHT))
    return len(drawn)


def outlined(image: np.ndarray, labels: list[tuple[np.ndarray, tuple[int, int, int]]]):
    """The picture with outlines of labels (float HW, at 0.5) drawn in their colours, RGB uint8."""
    scale = _HEIGHT / image.shape[0]
    size = max(1, round(image.shape[1] * scale)), _HEIGHT
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else 1)
    for label, colour in labels:
        mask = cv2.resize(label, size, interpolation=cv2.INTER_LINEAR) > 0.5
        lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, lines, -1, colour, 1, cv2.LINE_AA)
    return picture


def _pick(report: CheckReport, rows: int) -> list[Finding]:
    """The worst of every kind in turn, until there are enough."""
    queues = [report.of_kind(kind) for kind in KINDS if KINDS[kind][0] != "note"]
    picked: list[Finding] = []
    for depth in range(rows):
        picked += [queue[depth] for queue in queues if depth < len(queue)]
        if len(picked) >= rows:
            break
    order = list(KINDS)
    return sorted(picked[:rows], key=lambda f: (order.index(f.kind), -f.score))


def _sound(report: CheckReport, data: DataFolder, count: int) -> list[str]:
    bad = {name for f in report.findings if f.severity != "note" for name in f.pictures}
    good: list[str] = []
    for split in report.splits:
        try:
            good += [s.name for s in data.split(split) if s.name not in bad and (s.mask or s.alpha)]
        except PocketmatteError:  # the missing picture is a finding already
            continue
    return good[:: max(1, len(good) // count)][:count] if count else []


def _row(data: DataFolder, finding: Finding) -> list[np.ndarray] | None:
    try:
        samples = [data.sample(name) for name in finding.pictures[:2]]
        images = [sample.read_image() for sample in samples]
        parts = [_labels(sample) for sample in samples]
    except (PocketmatteError, OSError, cv2.error):
        return None
    first = outlined(images[0], parts[0])
    if len(samples) == 2:
        return [images[0], first, outlined(images[1], parts[1])]
    label = parts[0][-1][0] if parts[0] else np.zeros(images[0].shape[:2], np.float32)
    return [images[0], first, label]


def _labels(sample: Sample) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    labels = [(sample.mask, MASK_COLOUR), (sample.alpha, ALPHA_COLOUR)]
    return [(read_grey(path), colour) for path, colour in labels if path is not None]
