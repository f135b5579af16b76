"""Workflows and their stages: what is wanted, how far it has come, what it gave. Topics: `workflows`, `workflow/ID`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from ..models import Problem
from .database import Database, touch


class WorkflowState(StrEnum):
    """Where a workflow stands. Faces move it between these; the worker only out of RUNNING."""

    RUNNING = "running"
    WAITING = "waiting for a yes"
    """One of its stages asks something; `Stage.question` says what."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    """A stage could not go on; `Workflow.problem` says why and what to do. Resuming tries that stage again."""
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Nothing more happens unless a person resumes it."""
        return self in (WorkflowState.DONE, WorkflowState.FAILED, WorkflowState.CANCELLED)


class StageState(StrEnum):
    """Where a stage stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting for a yes"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def settled(self) -> bool:
        """The next stage may begin."""
        return self in (StageState.DONE, StageState.SKIPPED)


class Gates(StrEnum):
    """How often a workflow asks before it spends."""

    ONCE = "once"
    """One yes at the start holds for all stages, up to the limits."""
    EACH = "each"
    """Every stage that spends asks with its estimate."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow. Amounts are US dollars."""

    id: int
    kind: str
    """Which table of steps it follows: distil, ..."""
    name: str
    state: WorkflowState
    definition: str
    """Canonical JSON, as the kind's own module reads it."""
    created_at: float
    updated_at: float
    finished_at: float | None = None
    soft: float | None = None
    """From here on it asks before each stage that spends."""
    hard: float | None = None
    """It stops before more than this is spent; None is no bound."""
    gates: Gates = Gates.ONCE
    spent: float = 0.0
    """By its own stages; what they took over from earlier workflows cost nothing."""
    reserved: float = 0.0
    """At most so much more is under way and will be known later, such as a job's training."""
    problem: Problem | None = None
    branch_of: int | None = None
    branch_at: str | None = None
    """The first stage at which it may differ from the one it came from."""
    place: str = ""
    """The directory for files it makes, absolute."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a workflow."""

    workflow: int
    name: str
    position: int
    """From 0; stages go in this order."""
    state: StageState = StageState.PENDING
    inputs_hash: str = ""
    """Of `inputs`; a stage of the same name and hash gives the same outputs. Empty until it begins."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """All that decides its outputs."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What later stages and screens read; whole only when DONE."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What it has to remember while it runs: ids of runs and jobs, nonces, what was spent before."""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    """Of `done` and `total`: answers, rows, steps, ..."""
    spend: float = 0.0
    """Dollars that this stage has cost this workflow so far."""
    reserved: float = 0.0
    """At most so much more is under way."""
    low: float | None = None
    """The estimate in dollars; None is not known."""
    high: float | None = None
    began_at: float | None = None
    """When it first began."""
    resumed_at: float | None = None
    """When it last began or went on; with `resumed_done` it gives the rate."""
    resumed_done: float = 0.0
    finished_at: float | None = None
    agreed_at: float | None = None
    """When a person said yes to it."""
    question: str = ""
    """What it waits to be told, while WAITING."""
    problem: Problem | None = None
    reused_from: int | None = None
    """The workflow whose outputs it took over, without paying."""


_STAGE_COLUMNS = (
    "state", "inputs_hash", "inputs", "outputs", "notes", "done", "total", "unit", "spend", "reserved", "low", "high",
    "began_at", "resumed_at", "resumed_done", "finished_at", "agreed_at", "question", "problem", "reused_from",
)  # fmt: skip
_JSON = ("inputs", "outputs", "notes")
_WITH_SPENT = (
    "SELECT w.*, (SELECT coalesce(sum(spend), 0) FROM stages WHERE workflow = w.id) AS spent,"
    " (SELECT coalesce(sum(reserved), 0) FROM stages WHERE workflow = w.id) AS reserved FROM workflows w"
)


def add(database: Database, workflow: Workflow, stages: Sequence[Stage]) -> int:
    """Store a new workflow with its stages; return its id (the records' own ids are not looked at)."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO workflows (kind, name, state, definition, created_at, updated_at, soft, hard, gates,"
            " branch_of, branch_at, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(workflow.kind, workflow.name, workflow.state, workflow.definition, workflow.created_at),
                *(workflow.updated_at, workflow.soft, workflow.hard, workflow.gates, workflow.branch_of),
                *(workflow.branch_at, workflow.place),
            ),
        )
        made = int(cursor.lastrowid or 0)
        for stage in stages:
            connection.execute(
                "INSERT INTO stages (workflow, name, position) VALUES (?, ?, ?)", (made, stage.name, stage.position)
            )
            _write(connection, replace(stage, workflow=made))
        touch(connection, "workflows", f"workflow/{made}")
    return made


def get(database: Database, workflow_id: int) -> Workflow | None:
    """One workflow."""
    rows = database.rows(f"{_WITH_SPENT} WHERE w.id = ?", (workflow_id,))
    return _workflow(rows[0]) if rows else None


def newest(database: Database, limit: int = 100) -> list[Workflow]:
    """The last workflows, newest first."""
    return [_workflow(row) for row in database.rows(f"{_WITH_SPENT} ORDER BY w.id DESC LIMIT ?", (limit,))]


def in_state(database: Database, *states: WorkflowState) -> list[Workflow]:
    """All workflows in one of these states, oldest first."""
    marks = ", ".join("?" * len(states))
    return [_workflow(row) for row in database.rows(f"{_WITH_SPENT} WHERE w.state IN ({marks}) ORDER BY w.id", states)]


def stages(database: Database, workflow_id: int) -> list[Stage]:
    """A workflow's stages in order."""
    return [
        _stage(row)
        for row in database.rows("SELECT * FROM stages WHERE workflow = ? ORDER BY position", (workflow_id,))
    ]


def stage(database: Database, workflow_id: int, name: str) -> Stage | None:
    """One stage."""
    rows = database.rows("SELECT * FROM stages WHERE workflow = ? AND name = ?", (workflow_id, name))
    return _stage(rows[0]) if rows else None


def save_stage(database: Database, changed: Stage) -> None:
    """Store a stage as it is now; only the worker writes stages that do not wait for a yes."""
    with database.transaction() as connection:
        _write(connection, changed)
        touch(connection, "workflows", f"workflow/{changed.workflow}")


def move(
    database: Database,
    workflow_id: int,
    before: Sequence[WorkflowState],
    after: WorkflowState,
    now: float,
    problem: Problem | None = None,
) -> bool:
    """Move a workflow to a state, if it is in one of those before; False if it is not."""
    marks = ", ".join("?" * len(before))
    with database.transaction() as connection:
        moved = connection.execute(
            f"UPDATE workflows SET state = ?, updated_at = ?, finished_at = ?, problem = ?"
            f" WHERE id = ? AND state IN ({marks})",
            (after, now, now if after.ended else None, _problem_text(problem), workflow_id, *before),
        ).rowcount
        if moved:
            touch(connection, "workflows", f"workflow/{workflow_id}")
    return bool(moved)


def answer_question(database: Database, workflow_id: int, yes: bool, now: float) -> str | None:
    """Say yes or no to the stage that waits; return its name, or None if none does.

    After a yes the stage may begin; after a no it is skipped. The workflow runs on either way.
    """
    with database.transaction() as connection:
        waiting = connection.execute(
            "SELECT name FROM stages WHERE workflow = ? AND state = ? ORDER BY position LIMIT 1",
            (workflow_id, StageState.WAITING),
        ).fetchone()
        if waiting is None:
            return None
        state = StageState.PENDING if yes else StageState.SKIPPED
        connection.execute(
            "UPDATE stages SET state = ?, agreed_at = ?, question = '', finished_at = ?"
            " WHERE workflow = ? AND name = ?",
            (state, now if yes else None, None if yes else now, workflow_id, waiting[0]),
        )
        connection.execute(
            "UPDATE workflows SET state = ?, updated_at = ? WHERE id = ? AND state = ?",
            (WorkflowState.RUNNING, now, workflow_id, WorkflowState.WAITING),
        )
        touch(connection, "workflows", f"workflow/{workflow_id}")
    return str(waiting[0])


def set_budget(database: Database, workflow_id: int, soft: float | None, hard: float | None, now: float) -> None:
    """Give a workflow other limits."""
    with database.transaction() as connection:
        connection.execute(
            "UPDATE workflows SET soft = ?, hard = ?, updated_at = ? WHERE id = ?", (soft, hard, now, workflow_id)
        )
        touch(connection, "workflows", f"workflow/{workflow_id}")


def finished_like(database: Database, kind: str, name: str, inputs_hash: str) -> Stage | None:
    """The newest finished stage of that name and those inputs in any workflow of the kind."""
    rows = database.rows(
        "SELECT stages.* FROM stages JOIN workflows ON workflows.id = stages.workflow WHERE kind = ?"
        " AND stages.name = ? AND inputs_hash = ? AND stages.state = ? ORDER BY stages.workflow DESC LIMIT 1",
        (kind, name, inputs_hash, StageState.DONE),
    )
    return _stage(rows[0]) if rows else None


def _write(connection: sqlite3.Connection, changed: Stage) -> None:
    values = {name: getattr(changed, name) for name in _STAGE_COLUMNS}
    values |= {name: json.dumps(dict(values[name]), allow_nan=False) for name in _JSON}
    values["problem"] = _problem_text(changed.problem)
    assignments = ", ".join(f"{name} = :{name}" for name in _STAGE_COLUMNS)
    connection.execute(
        f"UPDATE stages SET {assignments} WHERE workflow = :workflow AND name = :name",
        {**values, "workflow": changed.workflow, "name": changed.name},
    )


def _problem_text(problem: Problem | None) -> str | None:
    return json.dumps(asdict(problem)) if problem else None


def _problem(text: str | None) -> Problem | None:
    return Problem(**json.loads(text)) if text else None


def _workflow(row: sqlite3.Row) -> Workflow:
    fields = dict(row)
    return Workflow(
        **{
            **fields,
            "state": WorkflowState(fields["state"]),
            "gates": Gates(fields["gates"]),
            "problem": _problem(fields["problem"]),
        }
    )


def _stage(row: sqlite3.Row) -> Stage:
    fields = dict(row)
    return Stage(
        **{
            **fields,
            **{name: json.loads(fields[name]) for name in _JSON},
            "state": StageState(fields["state"]),
            "problem": _problem(fields["problem"]),
        }
    )
