"""`cupola dataset shape`, `twins` and `cost`: what a file is like, told without changing anything."""

from __future__ import annotations

import argparse
import time

from ...errors import UsageError
from ..context import Context
from ..output import emit
from .arguments import readable

_SHAPE_COLUMNS = (
    *("file", "format", "rows", "broken_rows", "unit", "least", "median", "p95", "most", "total"),
    *("roles", "prompt_language", "answer_language"),
)
_COST_COLUMNS = ("model", "tier", "tokens", "low_usd", "high_usd", "confirmed", "source", "date", "basis")


def shape(options: argparse.Namespace, context: Context) -> int:
    """Print the shape of files."""
    from dataclasses import asdict

    from ...datasets.check import Options
    from ...datasets.shape import shape_of

    wanted = Options(model=options.model, count_tokens=bool(options.model), twins=False)
    rows = []
    for path in options.files:
        report = readable(path, wanted)
        found = shape_of(report)
        flat = {name: getattr(found.lengths, name) for name in ("unit", "least", "median", "p95", "most", "total")}
        spoken = {name: "/".join(filter(None, counts)) or None for name, counts in found.languages.items()}
        told = {"prompt_language": spoken.get("prompt"), "answer_language": spoken.get("answer")}
        rows.append({"file": str(path), "format": report.format, **flat, **told, **asdict(found)})
    emit(options, context.out, "cupola.dataset.shape/1", rows, _SHAPE_COLUMNS, time.time())
    return 0


def twins(options: argparse.Namespace, context: Context) -> int:
    """Print twins pair by pair; 1 if there are any."""
    from ...datasets.check import Options
    from ...datasets.twins import Source, find_twins

    reports = [readable(path, Options()) for path in options.files]
    sources = [Source(report.path, report.format, report.rows) for report in reports if report.format is not None]
    found = find_twins(sources, reports[0].boilerplate, options.threshold)
    rows = [
        {
            "kind": twin.kind,
            "first": f"{options.files[twin.first.file]}:{twin.first.line}",
            "second": f"{options.files[twin.second.file]}:{twin.second.line}",
            "similarity": round(twin.similarity, 3),
            "across": twin.across,
            "prompt": twin.excerpt,
        }
        for twin in found.twins
    ]
    columns = ("kind", "first", "second", "similarity", "across", "prompt")
    emit(options, context.out, "cupola.dataset.twin/1", rows, columns, time.time())
    if found.candidates_left:
        context.say(f"{found.candidates_left:,} more candidate pairs were not compared: there may be more twins.")
    return 1 if rows else 0


def cost(options: argparse.Namespace, context: Context) -> int:
    """Print what training on a file would cost."""
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    from ...datasets.check import Options
    from ...datasets.cost import auto_epochs, estimates
    from ...datasets.formats import METHODS

    if options.model and catalogue().find(options.model) is None:
        raise UsageError(f"There is no known model {options.model!r}.", remedy="Leave --model out to see all.")
    report = readable(options.file, Options(model=options.model, count_tokens=True, twins=False))
    method = METHODS.get(report.format) if report.format else None
    if method is None:
        raise UsageError(f"{options.file} holds {report.format} rows, which train nothing.", remedy="Convert it first.")
    epochs = options.epochs or auto_epochs(len(report.rows))
    rows = [
        {
            **{name: getattr(estimate, name) for name in ("model", "tier", "tokens", "confirmed", "source", "basis")},
            "low_usd": estimate.low,
            "high_usd": estimate.high,
            "date": estimate.date.isoformat() if estimate.date else None,
            "hosting_usd_a_month": estimate.hosting_a_month,
            "epochs": epochs,
        }
        for estimate in estimates(report.tokens or 0, epochs, method, catalogue(), price_list(), options.model)
    ]
    emit(options, context.out, "cupola.dataset.cost/1", rows, _COST_COLUMNS, time.time())
    chosen = "" if options.epochs else " (what auto is thought to choose)"
    exact = "counted exactly" if report.exact else "an estimate: name a --model to count by its encoding"
    context.say(f"{report.tokens:,} tokens in the file, {exact}; {epochs} epochs{chosen}.")
    return 0
