"""`cupola dataset show`: one row of a file, and what is wrong with it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from ...errors import UsageError
from ..context import Context
from ..output import emit_one
from .arguments import format_named


def show(options: argparse.Namespace, context: Context) -> int:
    """Print the row of a line; 1 if it would be refused."""
    from ...datasets.check import row_findings
    from ...datasets.excerpts import visible
    from ...datasets.parsing import RowError, parse_row

    content = _line(options.file, options.line)
    found = row_findings(content, format_named(options.kind) if options.kind else None)
    try:
        row: object = parse_row(content)
    except RowError:
        row = None
    shown = json.dumps(row, ensure_ascii=False, indent=2) if row is not None else content.decode("utf-8", "replace")
    told = {
        "file": str(options.file),
        "line": options.line,
        "format": found.format,
        "bytes": len(content),
        "problems": [
            {
                "severity": str(rule.severity),
                "problem": rule.title,
                "path": finding.path,
                "example": finding.excerpt,
                "remedy": rule.remedy,
            }
            for rule, finding in found.findings
        ],
    }
    if options.output in ("json", "jsonl") or options.query:
        emit_one(options, context.out, "cupola.dataset.row/1", {**told, "row": row}, time.time())
    else:
        context.out.write("\n".join(map(visible, shown.splitlines())) + "\n")
        for rule, finding in found.findings:
            context.say(
                f"{rule.severity}: {rule.title} at {finding.path or 'the row'}: {finding.excerpt} {rule.remedy}"
            )
    return 1 if found.blocked else 0


def _line(path: Path, number: int) -> bytes:
    """A line of a file, read no further than that.

    Raises:
        UsageError: the file has fewer lines.
    """
    from ...datasets.lines import iterate

    last = 0
    for line in iterate(path):
        if line.number == number:
            return line.content
        last = line.number
    raise UsageError(f"{path.name} has no line {number:,}.", f"It has {last:,} lines.", "Give --line another number.")
