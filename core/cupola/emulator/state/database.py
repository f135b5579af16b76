"""Open the state's database and bring it to the present schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE files (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        filename TEXT NOT NULL,
        purpose TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        expires_at REAL,
        error TEXT,
        job_id TEXT
    );
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        uuid TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        model TEXT NOT NULL,
        method TEXT NOT NULL,
        request TEXT NOT NULL,
        training_type TEXT NOT NULL,
        seed INTEGER NOT NULL,
        status TEXT NOT NULL,
        stage TEXT NOT NULL,
        stage_since REAL NOT NULL,
        error TEXT,
        finished_at REAL,
        fine_tuned_model TEXT,
        trained_tokens INTEGER,
        estimated_finish REAL,
        result_file TEXT,
        eval_id TEXT,
        hyperparameters TEXT,
        total_steps INTEGER,
        engine TEXT,
        attempts INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX jobs_by_status ON jobs (status);
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        job_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        level TEXT NOT NULL,
        type TEXT NOT NULL,
        message TEXT NOT NULL,
        data TEXT
    );
    CREATE INDEX events_by_job ON events (job_id, seq);
    CREATE TABLE steps (
        job_id TEXT NOT NULL,
        step INTEGER NOT NULL,
        metrics TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        PRIMARY KEY (job_id, step)
    ) WITHOUT ROWID;
    CREATE TABLE checkpoints (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        job_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        step INTEGER NOT NULL,
        model TEXT NOT NULL,
        metrics TEXT NOT NULL,
        UNIQUE (job_id, step)
    );
    CREATE TABLE validation_samples (
        job_id TEXT NOT NULL,
        step INTEGER NOT NULL,
        row INTEGER NOT NULL,
        sample INTEGER NOT NULL,
        text TEXT NOT NULL,
        finish_reason TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        reward REAL NOT NULL,
        error TEXT,
        sub_rewards TEXT NOT NULL,
        created_at REAL NOT NULL,
        PRIMARY KEY (job_id, step, row, sample)
    ) WITHOUT ROWID;
    CREATE TABLE tuned_models (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        base TEXT NOT NULL,
        parent TEXT NOT NULL,
        job_id TEXT NOT NULL,
        step INTEGER NOT NULL,
        listed INTEGER NOT NULL,
        engine TEXT NOT NULL
    );
    CREATE TABLE deployments (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        model TEXT NOT NULL,
        version TEXT NOT NULL,
        format TEXT NOT NULL,
        sku TEXT NOT NULL,
        capacity INTEGER NOT NULL,
        created_at REAL NOT NULL,
        ready_at REAL NOT NULL,
        used_at REAL NOT NULL
    );
    """,
    """
    DROP TABLE deployments;
    CREATE TABLE deployments (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        model TEXT NOT NULL,
        version TEXT NOT NULL,
        format TEXT NOT NULL,
        sku TEXT NOT NULL,
        capacity INTEGER NOT NULL,
        base TEXT NOT NULL,
        tuned INTEGER NOT NULL,
        created_at REAL NOT NULL,
        succeeded_at REAL NOT NULL,
        ready_at REAL NOT NULL,
        used_at REAL NOT NULL,
        modified_at REAL NOT NULL,
        deleted_at REAL,
        options TEXT NOT NULL
    );
    CREATE TABLE operations (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        deployment TEXT NOT NULL COLLATE NOCASE,
        started_at REAL NOT NULL,
        ends_at REAL NOT NULL
    );
    CREATE INDEX operations_by_end ON operations (ends_at);
    CREATE TABLE quota_holds (
        usage TEXT NOT NULL,
        capacity INTEGER NOT NULL,
        until REAL NOT NULL
    );
    CREATE TABLE ledger (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        operation TEXT NOT NULL,
        deployment TEXT NOT NULL,
        model TEXT NOT NULL,
        request_hash TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL
    );
    CREATE INDEX ledger_by_request ON ledger (request_hash);
    """,
    """
    CREATE TABLE evals (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        name TEXT NOT NULL,
        metadata TEXT NOT NULL,
        data_source_config TEXT NOT NULL,
        testing_criteria TEXT NOT NULL,
        touched INTEGER NOT NULL UNIQUE
    );
    CREATE TABLE eval_runs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        eval_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        name TEXT NOT NULL,
        metadata TEXT NOT NULL,
        model TEXT,
        data_source TEXT NOT NULL,
        status TEXT NOT NULL,
        source TEXT NOT NULL,
        total INTEGER,
        passed INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        errored INTEGER NOT NULL,
        error TEXT
    );
    CREATE INDEX eval_runs_by_eval ON eval_runs (eval_id, status);
    CREATE INDEX eval_runs_by_status ON eval_runs (status);
    CREATE TABLE eval_rows (
        source TEXT NOT NULL,
        position INTEGER NOT NULL,
        item TEXT NOT NULL,
        sample TEXT,
        PRIMARY KEY (source, position)
    );
    CREATE TABLE eval_answers (
        run_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        sample TEXT NOT NULL,
        PRIMARY KEY (run_id, position)
    );
    CREATE TABLE eval_items (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        run_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        created_at REAL NOT NULL,
        status TEXT NOT NULL,
        results TEXT NOT NULL,
        sample TEXT NOT NULL,
        UNIQUE (run_id, position)
    );
    CREATE INDEX eval_items_by_run ON eval_items (run_id, seq);
    CREATE INDEX eval_items_by_status ON eval_items (run_id, status, seq);
    CREATE TABLE eval_verdicts (
        run_id TEXT NOT NULL,
        criterion TEXT NOT NULL,
        passed INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        PRIMARY KEY (run_id, criterion)
    ) WITHOUT ROWID;
    CREATE TABLE eval_usage (
        run_id TEXT NOT NULL,
        model TEXT NOT NULL,
        calls INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL,
        PRIMARY KEY (run_id, model)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE uploads (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        expires_at REAL NOT NULL,
        filename TEXT NOT NULL,
        purpose TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        status TEXT NOT NULL,
        file_seconds INTEGER,
        file_id TEXT
    );
    CREATE TABLE upload_parts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        upload_id TEXT NOT NULL,
        created_at REAL NOT NULL,
        bytes INTEGER NOT NULL
    );
    CREATE INDEX upload_parts_by_upload ON upload_parts (upload_id);
    CREATE TABLE stored_completions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        deployment TEXT NOT NULL,
        model TEXT NOT NULL,
        metadata TEXT NOT NULL,
        request TEXT NOT NULL,
        completion TEXT NOT NULL
    );
    CREATE TABLE responses (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        input TEXT NOT NULL,
        history TEXT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE TABLE batches (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        created_at REAL NOT NULL,
        input_file_id TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        metadata TEXT,
        file_seconds INTEGER,
        status TEXT NOT NULL,
        stage_since REAL NOT NULL,
        times TEXT NOT NULL,
        deployment TEXT,
        total INTEGER NOT NULL,
        completed INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        output_file_id TEXT,
        error_file_id TEXT,
        errors TEXT
    );
    CREATE INDEX batches_by_status ON batches (status);
    CREATE TABLE batch_answers (
        batch_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        line TEXT NOT NULL,
        PRIMARY KEY (batch_id, position)
    ) WITHOUT ROWID;
    CREATE TABLE checkpoint_copies (
        checkpoint_id TEXT NOT NULL,
        destination TEXT NOT NULL,
        region TEXT NOT NULL,
        started_at REAL NOT NULL,
        PRIMARY KEY (checkpoint_id, destination)
    ) WITHOUT ROWID;
    ALTER TABLE jobs ADD COLUMN cap_lifted INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE steps ADD COLUMN cost REAL NOT NULL DEFAULT 0;
    """,
    "ALTER TABLE batches ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE background_responses (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        deployment TEXT NOT NULL,
        request TEXT NOT NULL,
        history TEXT NOT NULL
    )
    """,
    """
    ALTER TABLE deployments ADD COLUMN failure TEXT;
    ALTER TABLE operations ADD COLUMN failure TEXT;
    """,
)
"""Each entry is applied once, in order; `PRAGMA user_version` counts those applied."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the database. One connection serves the event loop; nothing else writes."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA journal_mode=WAL")
    # A killed process loses nothing at this level; only a power cut could lose the last moments.
    database.execute("PRAGMA synchronous=NORMAL")
    applied = database.execute("PRAGMA user_version").fetchone()[0]
    for number, migration in enumerate(MIGRATIONS[applied:], start=applied + 1):
        database.executescript(f"BEGIN IMMEDIATE; {migration}; PRAGMA user_version={number}; COMMIT;")
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. Must not be held over an `await`."""
    if database.in_transaction:
        yield
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
