"""Starting a distillation, and branching from one: rows in the store, which the worker sees and goes to work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...benchmarks.definition import to_json as benchmark_json
from ...benchmarks.items import items_of, split_hash
from ...errors import UsageError
from ...store import benchmarks, workflows
from ...store.benchmarks import StoredBenchmark
from ...store.database import Database
from ...store.workflows import Gates
from ..beginning import begin
from ..control import find
from .definition import Distillation, checked, parse, to_json
from .steps import DISTIL

_FIRST_SERIES = 1_000
"""Series below are those of noise floors."""


def store_prompts(database: Database, definition: Distillation, rows: Sequence[str], now: float) -> Distillation:
    """Store the training prompts, each row's fields as canonical JSON; return the definition that names them.

    Raises:
        UsageError: a row lacks what the benchmark's prompt or the student's names, or there is none.
    """
    if not rows:
        raise UsageError("There is no training prompt.", remedy="Give a file with rows like the test's.")
    named = checked(replace(definition, prompts=split_hash(rows)))
    # A prompt that a row cannot fill is told now, before anything is paid for.
    items_of(named.test, rows)
    items_of(named.learning, rows)
    shown = named.teaching(named.teacher or named.test.arms[0].name)
    stored = StoredBenchmark(shown.name, benchmark_json(shown), shown.split, now)
    benchmarks.save_benchmark(database, stored, shown.dataset, rows)
    return named


def start(
    database: Database,
    definition: Distillation,
    place: Path,
    now: float,
    *,
    soft: float | None = None,
    hard: float | None = None,
    gates: Gates = Gates.ONCE,
) -> int:
    """Start a distillation whose prompts are stored; return its number. The worker does the rest.

    Args:
        database: Where it is written.
        definition: What to do.
        place: The directory for files that it makes.
        now: When.
        soft: Dollars from which on it asks before each stage that spends.
        hard: Dollars that it never passes.
        gates: Whether every stage that spends asks.
    """
    if definition.series == 0:
        last = workflows.newest(database, 1)
        definition = replace(definition, series=_FIRST_SERIES + (last[0].id if last else 0) + 1)
    told = to_json(checked(definition))
    return begin(database, DISTIL, definition.name, told, now, soft=soft, hard=hard, gates=gates, place=str(place))


def branch(
    database: Database,
    workflow_id: int,
    now: float,
    *,
    at: str = "",
    soft: float | None = None,
    hard: float | None = None,
    **changes: Any,
) -> int:
    """Start another distillation that differs in some settings; what they leave unchanged is not paid for again.

    Args:
        database: Where it is written.
        workflow_id: From which.
        now: When.
        at: The stage from which on it may differ, for people; the inputs' hashes decide what is done anew.
        soft: A soft limit of its own; that of the other if left out.
        hard: Likewise.
        changes: Fields of `Distillation`.

    Raises:
        UsageError: there is no such workflow or stage, or a setting is out of range.
    """
    before = find(database, workflow_id)
    if at and at not in DISTIL.names:
        raise UsageError(f"There is no stage {at!r}.", remedy=f"Stages: {', '.join(DISTIL.names)}.")
    definition = checked(replace(parse(before.definition), **changes))
    return begin(
        database,
        DISTIL,
        definition.name,
        to_json(definition),
        now,
        soft=before.soft if soft is None else soft,
        hard=before.hard if hard is None else hard,
        gates=before.gates,
        place=before.place,
        branch_of=workflow_id,
        branch_at=at or None,
    )
