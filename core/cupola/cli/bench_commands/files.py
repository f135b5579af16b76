"""The verbs that write and read files: definitions and bundles."""

from __future__ import annotations

import argparse

from ..context import Context, session_of, store_of
from ..output import emit_one
from ..text import clean


def export(options: argparse.Namespace, context: Context) -> int:
    """Write a benchmark with all its evidence into one file."""
    from ...benchmarks.bundle import export_benchmark

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        manifest = export_benchmark(database, options.benchmark, options.file)
    row = {"file": str(options.file), "name": manifest.name}
    counts = {part: manifest.parts[part].rows for part in ("items", "runs", "answers", "grades", "labels", "decisions")}
    emit_one(options, context.out, "cupola.bundle/1", {**row, **counts}, None, hidden=("as_of",))
    return 0


def import_(options: argparse.Namespace, context: Context) -> int:
    """Take a bundle in; nothing that is here is overwritten."""
    from ...benchmarks.bundle import import_benchmark

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        found = import_benchmark(database, options.file, options.name)
    copied = found.copied
    row = {
        "benchmark": found.name,
        "runs": len(copied.runs),
        "answers": copied.answers,
        "grades": copied.grades,
        "decisions": copied.decisions,
    }
    emit_one(options, context.out, "cupola.import/1", row, None, hidden=("as_of",))
    if not any((copied.runs, copied.answers, copied.grades, copied.decisions)):
        context.say(f"All of {clean(found.name)} was here already.")
    return 0
