"""Benchmarks, their items and their runs. Topics: `benchmarks`, `runs`, `run/ID`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ..models import Problem
from .database import Database, Stored, touch


class RunState(StrEnum):
    """How far a run has come."""

    WANTED = "wanted"
    RUNNING = "running"
    DONE = "done"
    """Every row has an answer and every answer its grades, as far as the service gives them."""
    STOPPED = "stopped"
    """Its budget is used up, or the service would not go on; `Run.problem` says which."""
    CANCELLED = "cancelled"

    @property
    def moving(self) -> bool:
        """The worker is at it, or will be."""
        return self in (RunState.WANTED, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class StoredBenchmark:
    """A benchmark as it was last defined."""

    name: str
    definition: str
    """Canonical JSON, as `cupola.benchmarks.definition` reads it."""
    split: str
    """The hash of its items."""
    updated_at: float


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has done so far. Rows are answers wanted; gradings are grades wanted."""

    rows: int = 0
    answered: int = 0
    failed: int = 0
    gradings: int = 0
    graded: int = 0
    asked: int = 0
    """Requests sent, every attempt, graders' included."""
    throttled: int = 0
    """Answers that asked for patience."""
    lost: int = 0
    """Requests that were sent and never answered; each was sent again. They may have been paid for."""
    reused: int = 0
    """Answers that were there already and cost nothing."""
    usd: float = 0.0
    """Spent by this run, as far as prices are known."""
    unpriced: int = 0
    """Answers of models whose price is not known."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    """Time spent running."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one definition. What it learnt stays in `answers` and `grades`, whichever run asked."""

    id: int
    benchmark: str
    digest: str
    """Of the whole definition and its items."""
    definition: str
    split: str
    prompts: str
    graders: str
    engine: str
    """here, evals or batch."""
    state: RunState
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    budget: float | None = None
    """Dollars; None is no bound."""
    progress: Progress = Progress()
    problem: Problem | None = None
    remote: Mapping[str, Any] = field(default_factory=dict)
    """Ids of what the service holds for this run."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One row of one arm: which request answers it."""

    arm: int
    place: int
    """Of the item in its split."""
    repeat: int
    request: str
    """The request's hash."""
    number: int
    """Which of the answers to that same request."""


def save_benchmark(database: Database, benchmark: StoredBenchmark, name: str, rows: Sequence[str]) -> None:
    """Store a definition and its items (`rows`, each an item's fields as JSON); `name` is where they came from."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO benchmarks VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
            " definition = excluded.definition, split = excluded.split, updated_at = excluded.updated_at",
            (benchmark.name, benchmark.definition, benchmark.split, benchmark.updated_at),
        )
        fresh = connection.execute(
            "INSERT OR IGNORE INTO splits VALUES (?, ?, ?, ?)", (benchmark.split, name, len(rows), benchmark.updated_at)
        ).rowcount
        if fresh:
            connection.executemany(
                "INSERT INTO items VALUES (?, ?, ?)", ((benchmark.split, place, row) for place, row in enumerate(rows))
            )
        touch(connection, "benchmarks")


def all_benchmarks(database: Database) -> list[StoredBenchmark]:
    """Every benchmark, the last changed first."""
    rows = database.rows("SELECT * FROM benchmarks ORDER BY updated_at DESC, name")
    return [StoredBenchmark(**dict(row)) for row in rows]


def get_benchmark(database: Database, name: str) -> StoredBenchmark | None:
    """One benchmark."""
    rows = database.rows("SELECT * FROM benchmarks WHERE name = ?", (name,))
    return StoredBenchmark(**dict(rows[0])) if rows else None


def items(database: Database, split: str) -> list[str]:
    """The fields of a split's items as JSON, in order."""
    return [row[0] for row in database.rows("SELECT fields FROM items WHERE split = ? ORDER BY place", (split,))]


def item(database: Database, split: str, place: int) -> dict[str, Any] | None:
    """One item's fields."""
    rows = database.rows("SELECT fields FROM items WHERE split = ? AND place = ?", (split, place))
    return dict(json.loads(rows[0][0])) if rows else None


def add_run(database: Database, run: Run) -> int:
    """Store a new run; return its id (the record's own is not looked at)."""
    with database.transaction() as connection:
        cursor = connection.execute(
            "INSERT INTO runs (benchmark, digest, definition, split, prompts, graders, engine, state, created_at,"
            " budget, progress, remote) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(run.benchmark, run.digest, run.definition, run.split, run.prompts, run.graders, run.engine),
                *(
                    run.state,
                    run.created_at,
                    run.budget,
                    json.dumps(asdict(run.progress)),
                    json.dumps(dict(run.remote)),
                ),
            ),
        )
        touch(connection, "runs")
    return int(cursor.lastrowid or 0)


def set_state(
    database: Database, run_id: int, state: RunState, now: float, problem: Problem | None = None, **changes: object
) -> None:
    """Move a run to a state; `changes` may name `budget`."""
    started = ", started_at = coalesce(started_at, :now), finished_at = NULL" if state is RunState.RUNNING else ""
    finished = "" if state.moving else ", finished_at = :now"
    budget = ", budget = :budget" if "budget" in changes else ""
    with database.transaction() as connection:
        connection.execute(
            f"UPDATE runs SET state = :state, problem = :problem{started}{finished}{budget} WHERE id = :id",
            {
                **changes,
                "state": state,
                "problem": json.dumps(asdict(problem)) if problem else None,
                "now": now,
                "id": run_id,
            },
        )
        touch(connection, "runs", f"run/{run_id}")


def set_progress(database: Database, run_id: int, progress: Progress) -> None:
    """Store how far a run is."""
    with database.transaction() as connection:
        connection.execute("UPDATE runs SET progress = ? WHERE id = ?", (json.dumps(asdict(progress)), run_id))
        touch(connection, f"run/{run_id}")


def set_remote(database: Database, run_id: int, remote: Mapping[str, Any]) -> None:
    """Store the ids of what the service holds for a run."""
    with database.transaction() as connection:
        connection.execute("UPDATE runs SET remote = ? WHERE id = ?", (json.dumps(dict(remote)), run_id))
        touch(connection, f"run/{run_id}")


def enter_service_part(
    connection: sqlite3.Connection, run_id: int, remote: Mapping[str, Any], progress: Progress
) -> None:
    """Store both in a transaction that is open already: what the service did, and what it cost."""
    connection.execute(
        "UPDATE runs SET remote = ?, progress = ? WHERE id = ?",
        (json.dumps(dict(remote)), json.dumps(asdict(progress)), run_id),
    )
    touch(connection, f"run/{run_id}")


def get_run(database: Database, run_id: int) -> Run | None:
    """One run."""
    rows = database.rows("SELECT * FROM runs WHERE id = ?", (run_id,))
    return run_of(rows[0]) if rows else None


def runs(database: Database, benchmark: str | None = None, limit: int = 1_000) -> list[Run]:
    """Runs, of one benchmark or of all, the newest first."""
    rows = database.rows(
        "SELECT * FROM runs WHERE ? IS NULL OR benchmark = ? ORDER BY id DESC LIMIT ?", (benchmark, benchmark, limit)
    )
    return [run_of(row) for row in rows]


def run_of_digest(database: Database, digest: str, engine: str) -> Run | None:
    """The newest run of exactly this definition by this engine."""
    rows = database.rows(
        "SELECT * FROM runs WHERE digest = ? AND engine = ? ORDER BY id DESC LIMIT 1", (digest, engine)
    )
    return run_of(rows[0]) if rows else None


def runs_in(database: Database, *states: RunState) -> list[Run]:
    """Runs in any of these states, oldest first."""
    marks = ", ".join("?" * len(states))
    return [run_of(row) for row in database.rows(f"SELECT * FROM runs WHERE state IN ({marks}) ORDER BY id", states)]


def save_asks(database: Database, run_id: int, asks: Iterable[Ask]) -> None:
    """Store which request answers which row; written once, before the run's first request."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO asks VALUES (?, ?, ?, ?, ?, ?)",
            ((run_id, a.arm, a.place, a.repeat, a.request, a.number) for a in asks),
        )


def asks(database: Database, run_id: int) -> list[Ask]:
    """Every row of a run, by arm, item and repeat."""
    query = "SELECT arm, place, repeat, request, number FROM asks WHERE run = ? ORDER BY arm, place, repeat"
    return [Ask(*row) for row in database.rows(query, (run_id,))]


def asks_at(database: Database, run_id: int, place: int) -> list[Ask]:
    """Every arm's rows of one item."""
    query = "SELECT arm, place, repeat, request, number FROM asks WHERE run = ? AND place = ? ORDER BY arm, repeat"
    return [Ask(*row) for row in database.rows(query, (run_id, place))]


def save_columns(database: Database, run_id: int, columns: Mapping[tuple[int, str], bytes]) -> None:
    """Store arrays that are derived from answers and grades, by arm (-1: of the run) and name."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO boards VALUES (?, ?, ?, ?)",
            ((run_id, arm, name, content) for (arm, name), content in columns.items()),
        )
        touch(connection, f"board/{run_id}")


def columns(database: Database, run_id: int) -> dict[tuple[int, str], bytes]:
    """The arrays of a run, by arm and name."""
    rows = database.rows("SELECT arm, name, content FROM boards WHERE run = ?", (run_id,))
    return {(row[0], row[1]): row[2] for row in rows}


def run_of(row: Stored) -> Run:
    fields = dict(row)
    problem = fields.pop("problem")
    return Run(
        **{
            **fields,
            "state": RunState(fields["state"]),
            "progress": Progress(**json.loads(fields["progress"])),
            "problem": Problem(**json.loads(problem)) if problem else None,
            "remote": json.loads(fields["remote"]),
        }
    )
