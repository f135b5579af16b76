"""The tables, as a list of migrations; the position in the list is the schema's version."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE revisions (topic TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, model TEXT NOT NULL, method TEXT NOT NULL,
        status TEXT NOT NULL, finished_at INTEGER, estimated_finish INTEGER, suffix TEXT, training_type TEXT,
        seed INTEGER, hyperparameters TEXT NOT NULL, training_file TEXT, validation_file TEXT,
        result_files TEXT NOT NULL, fine_tuned_model TEXT, trained_tokens INTEGER, eval_id TEXT,
        error_code TEXT, error_message TEXT, raw TEXT NOT NULL, as_of REAL NOT NULL
    ) STRICT;
    CREATE INDEX jobs_by_creation ON jobs (created_at DESC, id);

    CREATE TABLE events (
        id TEXT NOT NULL, job_id TEXT NOT NULL, created_at INTEGER NOT NULL, level TEXT NOT NULL,
        message TEXT NOT NULL, type TEXT NOT NULL, data TEXT, position INTEGER NOT NULL,
        PRIMARY KEY (job_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_position ON events (job_id, position);

    CREATE TABLE points (
        job_id TEXT NOT NULL, metric TEXT NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL,
        PRIMARY KEY (job_id, metric, step)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoints (
        id TEXT NOT NULL, job_id TEXT NOT NULL, created_at INTEGER NOT NULL, step INTEGER NOT NULL,
        model TEXT NOT NULL, metrics TEXT NOT NULL, raw TEXT NOT NULL, listed INTEGER NOT NULL,
        PRIMARY KEY (job_id, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE files (
        id TEXT PRIMARY KEY, filename TEXT NOT NULL, purpose TEXT NOT NULL, status TEXT NOT NULL, bytes INTEGER,
        created_at INTEGER NOT NULL, raw TEXT NOT NULL, as_of REAL NOT NULL
    ) STRICT;

    CREATE TABLE models (
        id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, base_model TEXT, can_fine_tune INTEGER, lifecycle TEXT,
        fine_tune_until INTEGER, inference_until INTEGER, raw TEXT NOT NULL
    ) STRICT;

    CREATE TABLE intents (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL, arguments TEXT NOT NULL,
        state TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL, problem TEXT
    ) STRICT;
    CREATE INDEX intents_by_state ON intents (state, id);

    CREATE TABLE health (
        subject TEXT PRIMARY KEY, checked_at REAL, problem TEXT, since REAL, next_try REAL
    ) STRICT;

    CREATE TABLE calls (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER,
        milliseconds REAL NOT NULL, body TEXT, cli TEXT, request_id TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE fetched (job_id TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
)
