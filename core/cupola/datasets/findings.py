"""What a check finds: rules, single findings, and groups of findings with a count and the first examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

EXAMPLES_KEPT = 5
"""How many findings of a kind are kept in full; the rest are counted."""


class Severity(StrEnum):
    """What a finding means for the file."""

    ERROR = "error"
    """The service would refuse the file, or train on something else than what was meant."""
    WARNING = "warning"
    """Accepted, but a careful person would look."""
    NOTE = "note"
    """Worth knowing."""


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for."""

    id: str
    severity: Severity
    title: str
    remedy: str
    fix: str = ""
    """The name of the automatic fix that mends it, if it is safe to have one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    rule: str
    line: int
    """From 1; 0 speaks of the file as a whole."""
    path: str
    """JSON path within the line, such as `messages[2].role`; empty for the whole line."""
    excerpt: str
    """The offending text, with control characters made visible and secrets masked."""


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Every finding of one rule."""

    rule: Rule
    count: int
    examples: tuple[Finding, ...]


Tally = dict[str, tuple[int, list[Finding]]]
"""Findings by rule while they are counted: how many, and the first few."""


def note(tally: Tally, finding: Finding, count: int = 1) -> None:
    """Count a finding, and keep it if it is among the first of its rule."""
    counted, examples = tally.get(finding.rule, (0, []))
    if len(examples) < EXAMPLES_KEPT:
        examples.append(finding)
    tally[finding.rule] = (counted + count, examples)


def merge_tally(into: Tally, other: Tally, line_offset: int) -> None:
    """Add the findings of a later part of the file, whose lines are counted from its own start."""
    for rule, (count, examples) in other.items():
        counted, kept = into.get(rule, (0, []))
        for finding in examples[: EXAMPLES_KEPT - len(kept)]:
            line = finding.line + line_offset if finding.line else 0
            kept.append(Finding(finding.rule, line, finding.path, finding.excerpt))
        into[rule] = (counted + count, kept)


def grouped(tally: Tally, rules: Mapping[str, Rule]) -> tuple[FindingGroup, ...]:
    """The findings by rule: what blocks first, then the most frequent."""
    groups = [FindingGroup(rules[rule], count, tuple(examples)) for rule, (count, examples) in tally.items()]
    return tuple(sorted(groups, key=lambda group: (_ORDER[group.rule.severity], -group.count, group.rule.id)))


def blocks(groups: Iterable[FindingGroup]) -> bool:
    """Whether any finding is an error."""
    return any(group.rule.severity is Severity.ERROR for group in groups)
