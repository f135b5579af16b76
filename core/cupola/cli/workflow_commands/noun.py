"""How a noun of the command line speaks of its workflows, and what it prints of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, session_of, store_of
from ..output import emit, when

if TYPE_CHECKING:
    from ...store.database import Database
    from ...store.workflows import Stage, Workflow

    End = Callable[[argparse.Namespace, Context, Workflow, Sequence[Stage]], int]

STAGES_SHOWN = ("stage", "state", "progress", "spent", "low", "high", "taken_over_from", "note")
"""The columns of a table of stages."""


@dataclass(frozen=True, slots=True)
class Noun:
    """One noun whose verbs start workflows."""

    word: str
    """Of `cupola WORD VERB`."""
    kinds: tuple[str, ...]
    """The names that its workflows carry."""
    thing: str
    """At the beginning of a sentence, before a number."""
    listing: str
    """The verb that lists them."""
    called_off: str
    """What becomes of what it made when it is called off, as a sentence."""
    schema: str
    """Of one printed workflow."""
    shown: tuple[str, ...]
    """The columns of a table of them."""
    own: Callable[[Workflow, Sequence[Stage]], Mapping[str, Any]]
    """Fields that only this noun's workflows have."""
    end: End
    """Says and prints what one that has stopped has come to; returns the exit code."""

    def find(self, database: Database, number: int) -> Workflow:
        """One workflow of this noun.

        Raises:
            UsageError: there is none of that number, or it is another noun's.
        """
        from ...workflows import control

        workflow = control.find(database, number)
        if workflow.kind not in self.kinds:
            raise UsageError(
                f"Workflow {number} is of another kind: {workflow.kind}.",
                remedy=f"See `cupola {self.word} {self.listing}`.",
            )
        return workflow

    def row(self, workflow: Workflow, stages: Sequence[Stage]) -> dict[str, Any]:
        """One workflow as printed."""
        current = next((stage for stage in stages if not stage.state.settled), None)
        problem = workflow.problem
        return {
            "id": workflow.id,
            "name": workflow.name,
            "kind": workflow.kind,
            "state": workflow.state.value,
            "stage": current.name if current is not None else None,
            "spent": round(workflow.spent, 4),
            "under_way": round(workflow.reserved, 4),
            "limit": workflow.hard,
            **self.own(workflow, stages),
            "problem": problem.what if problem is not None else None,
            "remedy": problem.remedy if problem is not None else None,
            "branch_of": workflow.branch_of,
            "created": when(workflow.created_at),
        }


def list_(noun: Noun, options: argparse.Namespace, context: Context) -> int:
    """Print all of a noun's workflows, newest first."""
    from ...store import workflows

    with store_of(context, session_of(context, options.profile).profile) as database:
        found = [workflow for workflow in workflows.newest(database) if workflow.kind in noun.kinds]
        rows = [noun.row(one, workflows.stages(database, one.id)) for one in found]
        emit(options, context.out, noun.schema, rows, noun.shown, None)
    return 0


def stage_row(stage: Stage) -> dict[str, Any]:
    """A stage as printed."""
    progress = f"{stage.done:,.0f}/{stage.total:,.0f} {stage.unit}".strip() if stage.total and stage.unit else None
    note = stage.question or (stage.problem.what if stage.problem is not None else None)
    return {
        "stage": stage.name,
        "state": stage.state.value,
        "progress": progress,
        "spent": round(stage.spend, 4) if stage.spend else None,
        "low": stage.low,
        "high": stage.high,
        "taken_over_from": stage.reused_from,
        "note": note,
    }


def outputs(stages: Sequence[Stage], name: str) -> Mapping[str, Any]:
    """What a stage has given; empty while it has not."""
    return next((stage.outputs for stage in stages if stage.name == name), {})
