"""The table of lint rules. A rule is a small function; the table tells its name and weight.

A rule takes a `Graph` and yields a `Note` for each place. The three files `rules_*` fill the table
when `lint` imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pocketmatte.mobile.graph import Graph

SEVERITIES = ("error", "warning", "info")

STUDY = 'Portrait-Segmentation 2019, "The Paradoxical GPU"'
INSIGHT = "Portrait-Segmentation 2019, insight {}"
LEE = 'Lee et al. 2019, "On-Device Neural Net Inference with Mobile GPUs" (arXiv 1907.01989)'
DELEGATE = "LiteRT GPU delegate, supported operators and tips"


class Note(NamedTuple):
    """What a rule found. layer: its name, or the input's or output's."""

    layer: str
    finding: str
    remedy: str
    severity: str | None = None
    """Where it differs from the rule's."""


@dataclass(frozen=True)
class Rule:
    """A row of the table. severity: "error" (the GPU cannot run it), "warning", "info"."""

    name: str
    severity: str
    source: str
    check: Callable[[Graph], Iterable[Note]]


RULES: dict[str, Rule] = {}


def rule(name: str, severity: str, source: str):
    """Enter the decorated function into the table."""

    def enter(check: Callable[[Graph], Iterable[Note]]):
        RULES[name] = Rule(name, severity, source, check)
        return check

    return enter
