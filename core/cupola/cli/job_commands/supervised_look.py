"""What is looked at and said before a supervised or preference job is paid for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..context import Context
from ..text import clean

if TYPE_CHECKING:
    from ...datasets.check import Report
    from ...training.job_spec import JobSpec


def looked_over(spec: JobSpec, context: Context) -> None:
    """Check the files of this machine and say what training on them would cost.

    Raises:
        UsageError: the service would refuse a file.
    """
    from ...datasets.check import Options, check_files

    paths = [file for file in (spec.training, spec.validation) if isinstance(file, Path)]
    reports = check_files(paths, Options(model=spec.model, training=True, count_tokens=True)) if paths else []
    for report in reports:
        groups = [group for group in report.groups if group.rule.severity != "note"]
        found = "; ".join(f"{group.count} x {group.rule.title}" for group in groups)
        context.say(f"data: {report.path.name}, {len(report.rows):,} rows: {clean(found) or 'nothing found'}")
    blocked = [report.path.name for report in reports if report.blocked]
    if blocked:
        names = ", ".join(blocked)
        raise UsageError(
            f"{names} would be refused.",
            remedy=f"`cupola dataset check {names}` tells every line; --unchecked submits all the same.",
        )
    trains_here = isinstance(spec.training, Path) and reports
    context.say(_cost(spec, reports[0]) if trains_here else "cost: not known here; the file is at the service already")


def _cost(spec: JobSpec, report: Report) -> str:
    from cupola_data.models import catalogue
    from cupola_data.prices import price_list

    from ...datasets.cost import auto_epochs, estimates

    given = spec.hyperparameters.get("n_epochs")
    epochs = int(given) if isinstance(given, int | float) and given > 0 else auto_epochs(len(report.rows))
    tokens = report.tokens or 0
    found = list(estimates(tokens, epochs, spec.method, catalogue(), price_list(), spec.model))
    tier = (spec.training_type or "standard").lower()
    one = next((entry for entry in found if entry.tier.lower() == tier), found[0] if found else None)
    billed = f"{tokens:,} tokens x {epochs} epochs"
    if one is None or one.low is None or one.high is None:
        return f"cost: {billed}; no training price is published for {clean(spec.model)}"
    dollars = f"${one.high:,.2f}" if one.low == one.high else f"${one.low:,.2f} to ${one.high:,.2f}"
    if one.high < 0.01:
        dollars = "under $0.01"
    sure = "" if one.confirmed else " (uncertain)"
    return f"cost: {dollars}{sure}: {billed}, {one.basis}; {one.source}, {one.date}"
