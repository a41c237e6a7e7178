"""Make sure the ground truth is right before training: pairs, sizes, masks, copies, leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pocketmatte.data.check_labels import KINDS, Facts, Finding, check_sample
from pocketmatte.data.layout import SUFFIXES, DataFolder, Sample
from pocketmatte.data.near_duplicates import (
    CORRELATION,
    Fingerprint,
    fingerprint,
    near_duplicates,
)
from pocketmatte.errors import PocketmatteError

EVALUATION = ("test", "val")
NOT_SETS = ("backgrounds", "cutouts", "splits", "clips")
_AHEAD = 64

Progress = Callable[[int, int, dict], None]


@dataclass
class CheckReport:
    """What was found in a data folder.

    pictures: number looked at. splits: pictures in each. sets: per set, numbers of pictures,
    masks and alphas. findings: worst kinds first.
    """

    root: str
    pictures: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    sets: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def counts(self, severity: str | None = None) -> dict[str, int]:
        """Findings of each kind (of one severity), in the order of KINDS."""
        found = Counter(f.kind for f in self.findings)
        return {k: found[k] for k in KINDS if found[k] and severity in (None, KINDS[k][0])}

    def total(self, severity: str) -> int:
        return sum(self.counts(severity).values())

    def of_kind(self, kind: str) -> list[Finding]:
        """Findings of one kind, worst first."""
        return sorted((f for f in self.findings if f.kind == kind), key=lambda f: -f.score)

    def to_dict(self) -> dict:
        """All of it as plain strings, numbers, lists and dicts."""
        findings = [
            {"kind": f.kind, "severity": f.severity, "pictures": f.pictures, "detail": f.detail}
            for kind in KINDS
            for f in self.of_kind(kind)
        ]
        counts = {severity: self.counts(severity) for severity in ("error", "warning", "note")}
        facts = {"data": self.root, "pictures": self.pictures}
        return (
            facts
            | {"splits": self.splits, "sets": self.sets, "counts": counts}
            | {"findings": findings}
        )


def check_data(
    root: str | Path,
    *,
    duplicates: bool = True,
    correlation: float = CORRELATION,
    jobs: int = 2,
    progress: Progress | None = None,
) -> CheckReport:
    """Look at every picture of a data folder.

    Args:
        root: folder in the layout of `pocketmatte.data.layout`.
        duplicates: also look for near-duplicates, mirrored ones included, and leaks.
        correlation: how alike two thumbnails must be, 0 to 1.
        jobs: threads that read pictures; one picture a thread is in memory.
        progress: called after each picture with (done, total, {"findings": so far}).

    Raises PocketmatteError when there is no such folder or it holds no picture. Whatever is wrong
    with single files is a finding, not an error.
    """
    folder = DataFolder(root)
    report = CheckReport(str(folder.root))
    splits = _read_splits(folder)
    report.splits = {split: len(names) for split, names in splits.items()}
    samples = _all_samples(folder, report)
    if not samples:
        raise PocketmatteError(
            f"{root}: no pictures in <set>/image; bring data into this layout with "
            "`pocketmatte data convert`"
        )
    _check_lists(splits, samples, report)
    prints: dict[str, tuple[Fingerprint, Fingerprint]] = {}
    labelled = {name for split, names in splits.items() if split != "unlabelled" for name in names}
    for name, facts, pair in _look(list(samples.values()), duplicates, jobs):
        report.pictures += 1
        report.findings += facts.findings
        sample = samples[name]
        if name in labelled and sample.mask is None and sample.alpha is None:
            report.findings.append(Finding("missing_label", [name]))
        if pair:
            prints[name] = pair
        if progress:
            progress(report.pictures, len(samples), {"findings": len(report.findings)})
    if duplicates:
        report.findings += _copies(prints, splits, correlation)
    return report


def _read_splits(folder: DataFolder) -> dict[str, list[str]]:
    splits = {}
    for path in sorted((folder.root / "splits").glob("*.txt")):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        splits[path.stem] = [line.strip() for line in lines if line.strip()]
    return splits


def _all_samples(folder: DataFolder, report: CheckReport) -> dict[str, Sample]:
    """Every picture of every set, listed in a split or not."""
    samples: dict[str, Sample] = {}
    for group in sorted(p for p in folder.root.iterdir() if (p / "image").is_dir()):
        if group.name in NOT_SETS:
            continue
        kinds = {kind: _stems(group / kind) for kind in ("image", "mask", "alpha")}
        report.sets[group.name] = {kind: len(paths) for kind, paths in kinds.items()}
        for stem, image in kinds["image"].items():
            name = f"{group.name}/{stem}"
            samples[name] = Sample(name, image, kinds["mask"].get(stem), kinds["alpha"].get(stem))
        for kind in ("mask", "alpha"):
            for stem in sorted(kinds[kind].keys() - kinds["image"].keys()):
                detail = f"{kind} without a picture"
                report.findings.append(Finding("orphan", [f"{group.name}/{stem}"], detail))
    return samples


def _stems(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    paths = (p for p in sorted(folder.rglob("*")) if p.suffix.lower() in SUFFIXES)
    return {p.relative_to(folder).with_suffix("").as_posix(): p for p in paths}


def _check_lists(splits: dict[str, list[str]], samples: dict[str, Sample], report) -> None:
    where: dict[str, list[str]] = {}
    for split, names in splits.items():
        for name, times in Counter(names).items():
            where.setdefault(name, []).append(split)
            if times > 1:
                detail = f"{times} times in {split}"
                report.findings.append(Finding("listed_twice", [name], detail))
            if name not in samples:
                detail = f"splits/{split}.txt lists it"
                report.findings.append(Finding("missing_picture", [name], detail))
    for name, several in where.items():
        if len(several) > 1 and set(several) & set(EVALUATION):
            report.findings.append(Finding("same_name", [name], f"in {' and '.join(several)}"))
    if splits:
        unlisted = [name for name in samples if name not in where]
        report.findings += [Finding("unlisted", [name]) for name in unlisted]


def _look(
    samples: list[Sample], duplicates: bool, jobs: int
) -> Iterator[tuple[str, Facts, tuple[Fingerprint, Fingerprint] | None]]:
    def one(sample: Sample):
        facts, image = check_sample(sample)
        pair = None
        if duplicates and image is not None:
            pair = fingerprint(image), fingerprint(np.ascontiguousarray(image[:, ::-1]))
        return sample.name, facts, pair

    with ThreadPoolExecutor(max(1, jobs)) as threads:
        for start in range(0, len(samples), _AHEAD):
            yield from threads.map(one, samples[start : start + _AHEAD])


def _copies(
    prints: dict[str, tuple[Fingerprint, Fingerprint]],
    splits: dict[str, list[str]],
    correlation: float,
) -> list[Finding]:
    names = list(prints)
    pairs = near_duplicates(
        [prints[n][0] for n in names], [prints[n][1] for n in names], correlation=correlation
    )
    where: dict[str, str] = {}
    for split, members in splits.items():
        for name in members:
            where.setdefault(name, split)
    findings = []
    for pair in pairs:
        both = [names[pair.first], names[pair.second]]
        homes = [where.get(name, "no split") for name in both]
        detail = f"{' / '.join(homes)}, alike {pair.correlation:.3f}"
        detail += ", mirrored" if pair.mirrored else ""
        findings.append(Finding(_copy_kind(homes), both, detail, pair.correlation))
    return findings


def _copy_kind(homes: list[str]) -> str:
    if homes[0] == homes[1] or "no split" in homes:
        return "duplicate"
    if "test" in homes:
        return "leak"
    return "leak_val" if "val" in homes else "duplicate"
