"""Tell what a phone's GPU would dislike about a network, layer by layer, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pocketmatte.mobile import rules_operators, rules_shapes  # noqa: F401  (fill the table)
from pocketmatte.mobile.graph import Graph, read_graph
from pocketmatte.mobile.rules import RULES, SEVERITIES


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found at one layer."""

    rule: str
    severity: str
    layer: str
    finding: str
    remedy: str
    source: str


@dataclass(frozen=True)
class LintReport:
    """All findings, the gravest first."""

    model: str
    input_shape: tuple[int | None, ...]
    layers: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """No error and no warning; advice (info) may remain."""
        return not self.reaches("warning")

    def reaches(self, severity: str) -> bool:
        """Whether a finding is as grave as `severity`, or graver."""
        grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return any(finding.severity in grave for finding in self.findings)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> str:
        counts = {severity: self.count(severity) for severity in SEVERITIES}
        values = {"clean": self.clean, "counts": counts, **asdict(self)}
        return json.dumps(values, indent=2) + "\n"


def lint(path: str | Path, size: tuple[int, int] | None = None) -> LintReport:
    """Check an `.onnx` or `.tflite` file against all rules.

    Args:
        size: (height, width) to put in place of free sizes.

    Raises:
        PocketmatteError: the file cannot be read.
    """
    return lint_graph(read_graph(path, size))


def lint_graph(graph: Graph) -> LintReport:
    """Check a graph against all rules."""
    findings = [
        Finding(
            rule.name, note.severity or rule.severity, note.layer, note.finding, note.remedy,
            rule.source,
        )
        for rule in RULES.values()
        for note in rule.check(graph)
    ]  # fmt: skip
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    shape = graph.inputs[0].shape if graph.inputs else ()
    return LintReport(graph.name, shape, len(graph.layers), tuple(findings))
