"""`cupola dataset check`: every finding of files, and whether the service would take them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..context import Context
from ..output import emit
from .arguments import format_named, needs_of

if TYPE_CHECKING:
    from ...datasets.check import Options, Report

_PROBLEM_COLUMNS = ("file", "severity", "count", "problem", "line", "path", "example", "remedy")


def check(options: argparse.Namespace, context: Context) -> int:
    """Check files; 1 if there are problems."""
    from ...datasets.check import Options, check_files

    kind = format_named(options.kind) if options.kind else None
    wanted = Options(
        model=options.model,
        count_tokens=bool(options.model),
        needs=needs_of(options.grader),
        format=kind,
        training=options.training or None,
    )
    reports = check_files(options.files, wanted)
    if options.output in ("json", "jsonl") or options.query:
        emit(options, context.out, "cupola.dataset.check/1", map(_report, reports), (), time.time())
    else:
        rows = (problem for report in reports for problem in _problem_rows(report))
        emit(options, context.out, "cupola.dataset.problem/1", rows, _PROBLEM_COLUMNS, None)
    for report in reports:
        context.say(_summary(report, wanted))
    passed = all(report.clean if options.strict else not report.blocked for report in reports)
    return 0 if passed else 1


def _problem_rows(report: Report) -> Iterable[dict[str, object]]:
    for group in report.groups:
        first = group.examples[0] if group.examples else None
        yield {
            "file": report.path.name,
            "severity": str(group.rule.severity),
            "count": group.count,
            "problem": group.rule.title,
            "line": first.line or None if first else None,
            "path": first.path if first else "",
            "example": first.excerpt[:60] if first else "",
            "remedy": group.rule.remedy,
        }


def _report(report: Report) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "file": str(report.path),
        "bytes": report.size,
        "format": report.format,
        "lines": report.lines,
        "rows": len(report.rows),
        "broken_rows": report.broken_rows,
        "roles": report.roles,
        "tokens": report.tokens,
        "encoding": report.encoding or None,
        "tokens_exact": report.exact if report.encoding else None,
        "blocked": report.blocked,
        "problems": [{**asdict(group), "severity": str(group.rule.severity)} for group in report.groups],
    }


def _summary(report: Report, wanted: Options) -> str:
    errors, warnings = (
        sum(group.rule.severity == severity for group in report.groups) for severity in ("error", "warning")
    )
    counted = ""
    if report.tokens is not None:
        counted = f", {report.tokens:,} tokens{'' if report.exact else f' (estimate: {wanted.model} is not known)'}"
    verdict = "would be refused" if report.blocked else "would be accepted"
    kinds = f"{errors} kinds of error, {warnings} of warning"
    return (
        f"{report.path.name}: {report.format or 'unreadable'}, {len(report.rows):,} rows{counted}; {kinds}; {verdict}."
    )
