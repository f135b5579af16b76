"""Estimates of workflows in words and as a table: before one begins, and of what is left of one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..context import Context
from ..output import emit
from ..text import clean

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow
    from ...workflows.distil.estimate import WholeEstimate

_SHOWN = ("stage", "calls", "usd_low", "usd_high", "basis")


def print_estimate(options: argparse.Namespace, context: Context, takes: WholeEstimate) -> None:
    """Print a line a stage."""
    rows = [
        {
            "stage": one.name,
            "calls": one.calls or None,
            "usd_low": round(one.takes.low, 4),
            "usd_high": None if one.takes.high is None else round(one.takes.high, 4),
            "basis": one.takes.words,
        }
        for one in takes.stages
    ]
    emit(options, context.out, "cupola.estimate/1", rows, _SHOWN, None)


def in_words(name: str, what: str, takes: WholeEstimate, hard: float | None) -> str:
    """An estimate as a sentence or two.

    Args:
        name: Of the workflow.
        what: What there is beside calls: "and one training job".
        takes: The stages.
        hard: Dollars that it never passes.
    """
    unknown = [one.takes.words for one in takes.stages if one.takes.high is None and one.takes.words]
    notes = " ".join(dict.fromkeys(unknown))
    return f"{clean(name)}: {_calls(takes)}{what}, {_dollars(takes)}.{_stops(hard)} {notes}".rstrip()


def left_in_words(workflow: Workflow, takes: WholeEstimate, hard: float | None) -> str:
    """What is left to pay of a workflow, as sentences; "" if nothing is."""
    if not takes.stages:
        return ""
    names = ", ".join(one.name for one in takes.stages)
    under_way = f" and at most ${workflow.reserved:,.2f} under way" if workflow.reserved else ""
    bound = _stops(hard) or " No limit is set: --max-cost USD sets one."
    return f"Left to pay are {names}: {_dollars(takes)}. ${workflow.spent:,.2f} are spent{under_way}.{bound}"


def left_of(database: Database, workflow: Workflow, stages: Sequence[Stage]) -> WholeEstimate:
    """What is left to pay of a workflow; nothing where it has ended well or was called off."""
    from ...store.workflows import WorkflowState
    from ...workflows.distil.estimate import WholeEstimate
    from ...workflows.remaining import remaining

    if workflow.state in (WorkflowState.DONE, WorkflowState.CANCELLED):
        return WholeEstimate(())
    return remaining(database, workflow, stages)


def _calls(takes: WholeEstimate) -> str:
    return f"{sum(one.calls for one in takes.stages):,} calls"


def _dollars(takes: WholeEstimate) -> str:
    most = "an amount that cannot be bounded" if takes.high is None else f"${takes.high:,.2f}"
    return f"${takes.low:,.2f} to {most}"


def _stops(hard: float | None) -> str:
    return "" if hard is None else f" It stops before ${hard:,.2f}."
