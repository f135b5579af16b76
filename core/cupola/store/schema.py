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
    """
    CREATE TABLE benchmarks (
        name TEXT PRIMARY KEY, definition TEXT NOT NULL, split TEXT NOT NULL, updated_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE splits (
        hash TEXT PRIMARY KEY, name TEXT NOT NULL, items INTEGER NOT NULL, created_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE items (
        split TEXT NOT NULL, place INTEGER NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (split, place)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, benchmark TEXT NOT NULL, digest TEXT NOT NULL, definition TEXT NOT NULL,
        split TEXT NOT NULL, prompts TEXT NOT NULL, graders TEXT NOT NULL, engine TEXT NOT NULL, state TEXT NOT NULL,
        created_at REAL NOT NULL, started_at REAL, finished_at REAL, budget REAL, progress TEXT NOT NULL,
        problem TEXT, remote TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_benchmark ON runs (benchmark, id);

    CREATE TABLE asks (
        run INTEGER NOT NULL, arm INTEGER NOT NULL, place INTEGER NOT NULL, repeat INTEGER NOT NULL,
        request TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (run, arm, place, repeat)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE answers (
        request TEXT NOT NULL, number INTEGER NOT NULL, purpose TEXT NOT NULL, deployment TEXT NOT NULL,
        state TEXT NOT NULL, attempt INTEGER NOT NULL, lost INTEGER NOT NULL, sent_at REAL NOT NULL,
        answered_at REAL, text TEXT, finish_reason TEXT, refusal TEXT, filtered INTEGER NOT NULL DEFAULT 0, tools TEXT,
        model TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, cached_tokens INTEGER, reasoning_tokens INTEGER,
        first_token_seconds REAL, seconds REAL, usd REAL, price TEXT, problem TEXT, body TEXT, raw TEXT,
        PRIMARY KEY (request, number)
    ) STRICT;

    CREATE TABLE grades (
        request TEXT NOT NULL, number INTEGER NOT NULL, item TEXT NOT NULL, grader TEXT NOT NULL,
        again INTEGER NOT NULL, reward REAL, passed INTEGER, label TEXT, errors TEXT NOT NULL, details TEXT NOT NULL,
        parts TEXT NOT NULL, calls TEXT NOT NULL, graded_at REAL NOT NULL,
        PRIMARY KEY (request, number, item, grader, again)
    ) STRICT;

    CREATE TABLE boards (
        run INTEGER NOT NULL, arm INTEGER NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (run, arm, name)
    ) STRICT;

    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, benchmark TEXT NOT NULL, run INTEGER NOT NULL, role TEXT NOT NULL,
        arm TEXT NOT NULL, numbers TEXT NOT NULL, card TEXT NOT NULL
    ) STRICT;

    CREATE TABLE labels (
        request TEXT NOT NULL, number INTEGER NOT NULL, item TEXT NOT NULL, grader TEXT NOT NULL, passed INTEGER,
        weight REAL NOT NULL, labelled_at REAL NOT NULL, PRIMARY KEY (request, number, item, grader)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE sources (path TEXT PRIMARY KEY, added_at REAL NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE local_files (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, sha256 TEXT NOT NULL,
        format TEXT NOT NULL, rows INTEGER, errors INTEGER, warnings INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE contents (file_id TEXT PRIMARY KEY, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX contents_by_hash ON contents (sha256);

    CREATE TABLE uploads (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
        purpose TEXT NOT NULL, state TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
        sent INTEGER NOT NULL, started_at REAL, upload_id TEXT, part_bytes INTEGER NOT NULL, parts TEXT NOT NULL,
        file_id TEXT, problem TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE evaluations (
        job_id TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL, link TEXT NOT NULL,
        raw TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE evaluation_runs (
        job_id TEXT NOT NULL, id TEXT NOT NULL, eval_id TEXT NOT NULL, name TEXT NOT NULL, step INTEGER,
        status TEXT NOT NULL, created_at INTEGER NOT NULL, total INTEGER NOT NULL, items INTEGER NOT NULL,
        whole INTEGER NOT NULL, raw TEXT NOT NULL, PRIMARY KEY (job_id, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE evaluation_items (
        run_id TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, row TEXT NOT NULL, prompt TEXT NOT NULL,
        outcome TEXT NOT NULL, score REAL, completion_tokens INTEGER, reasoning_tokens INTEGER, raw BLOB NOT NULL,
        PRIMARY KEY (run_id, id)
    ) STRICT;

    DELETE FROM fetched WHERE job_id IN (SELECT id FROM jobs WHERE method = 'reinforcement');
    """,
    """
    CREATE TABLE evaluation_bodies (
        run_id TEXT NOT NULL, id TEXT NOT NULL, raw BLOB NOT NULL, PRIMARY KEY (run_id, id)
    ) STRICT;

    INSERT INTO evaluation_bodies SELECT run_id, id, raw FROM evaluation_items;

    ALTER TABLE evaluation_items RENAME TO evaluation_items_before;

    CREATE TABLE evaluation_items (
        run_id TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, row TEXT NOT NULL, prompt TEXT NOT NULL,
        outcome TEXT NOT NULL, score REAL, completion_tokens INTEGER, reasoning_tokens INTEGER,
        PRIMARY KEY (run_id, place, id)
    ) STRICT, WITHOUT ROWID;

    INSERT INTO evaluation_items
        SELECT run_id, id, place, row, prompt, outcome, score, completion_tokens, reasoning_tokens
        FROM evaluation_items_before;

    DROP TABLE evaluation_items_before;
    """,
    """
    CREATE TABLE downloads (
        id INTEGER PRIMARY KEY, file_id TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
        created_at REAL NOT NULL, updated_at REAL NOT NULL, bytes INTEGER, received INTEGER NOT NULL, tag TEXT NOT NULL,
        path TEXT, problem TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE workflows (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, definition TEXT NOT NULL,
        created_at REAL NOT NULL, updated_at REAL NOT NULL, finished_at REAL, soft REAL, hard REAL,
        gates TEXT NOT NULL, problem TEXT, branch_of INTEGER, branch_at TEXT, place TEXT NOT NULL
    ) STRICT;
    CREATE INDEX workflows_by_state ON workflows (state, id);

    CREATE TABLE stages (
        workflow INTEGER NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending', inputs_hash TEXT NOT NULL DEFAULT '',
        inputs TEXT NOT NULL DEFAULT '{}', outputs TEXT NOT NULL DEFAULT '{}', notes TEXT NOT NULL DEFAULT '{}',
        done REAL NOT NULL DEFAULT 0, total REAL NOT NULL DEFAULT 0, unit TEXT NOT NULL DEFAULT '',
        spend REAL NOT NULL DEFAULT 0, reserved REAL NOT NULL DEFAULT 0, low REAL, high REAL, began_at REAL,
        resumed_at REAL, resumed_done REAL NOT NULL DEFAULT 0, finished_at REAL, agreed_at REAL,
        question TEXT NOT NULL DEFAULT '', problem TEXT, reused_from INTEGER, PRIMARY KEY (workflow, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX stages_by_inputs ON stages (inputs_hash, name);
    """,
    """
    CREATE TABLE deployments (
        name TEXT PRIMARY KEY COLLATE NOCASE, model TEXT NOT NULL, sku TEXT NOT NULL, capacity INTEGER NOT NULL,
        state TEXT NOT NULL, wanted_at REAL NOT NULL, model_format TEXT NOT NULL, model_version TEXT NOT NULL,
        service_state TEXT NOT NULL, wanted_capacity INTEGER, created_at REAL, ready_at REAL, gone_at REAL,
        fuse_at REAL, idle_seconds REAL, problem TEXT, nonce TEXT NOT NULL, operation TEXT NOT NULL, step_at REAL,
        next_at REAL, purpose TEXT NOT NULL, raw TEXT NOT NULL, as_of REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE deployment_steps (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, at REAL NOT NULL, state TEXT NOT NULL,
        words TEXT NOT NULL
    ) STRICT;
    CREATE INDEX deployment_steps_by_name ON deployment_steps (name, id);

    CREATE TABLE quota (
        name TEXT PRIMARY KEY, text TEXT NOT NULL, used REAL NOT NULL, "limit" REAL NOT NULL, as_of REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX answers_by_deployment ON answers (deployment, sent_at) WHERE purpose != 'probe';
    """,
    """
    CREATE TABLE provenance (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
        rows INTEGER NOT NULL, action TEXT NOT NULL, at REAL NOT NULL, inputs TEXT NOT NULL, parameters TEXT NOT NULL
    ) STRICT;
    CREATE INDEX provenance_by_content ON provenance (sha256, id);
    """,
    """
    CREATE INDEX answers_of_probes ON answers (deployment, usd) WHERE purpose = 'probe';
    """,
    """
    CREATE TABLE evaluation_keys (digest TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE evaluation_columns (
        run_id TEXT PRIMARY KEY, digest TEXT NOT NULL, ids BLOB NOT NULL, outcomes BLOB NOT NULL, scores BLOB NOT NULL,
        completion_tokens BLOB NOT NULL, reasoning_tokens BLOB NOT NULL
    ) STRICT;

    CREATE TABLE second_graders (
        hash TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, threshold REAL, added_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE regrades (
        grader TEXT NOT NULL, run_id TEXT NOT NULL, item_id TEXT NOT NULL, reward REAL, passed INTEGER,
        errors TEXT NOT NULL, details TEXT NOT NULL, parts TEXT NOT NULL, calls TEXT NOT NULL, graded_at REAL NOT NULL,
        PRIMARY KEY (run_id, grader, item_id)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE watches (
        kind TEXT NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL, added_at REAL NOT NULL, seen TEXT NOT NULL,
        PRIMARY KEY (kind, target)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE notices (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, sort TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL, told_at REAL, told_by TEXT, problem TEXT
    ) STRICT;
    CREATE INDEX notices_untold ON notices (id) WHERE told_at IS NULL;

    CREATE TABLE hosting (
        name TEXT NOT NULL COLLATE NOCASE, wanted_at REAL NOT NULL, model TEXT NOT NULL, sku TEXT NOT NULL,
        capacity INTEGER NOT NULL, began_at REAL NOT NULL, ended_at REAL, PRIMARY KEY (name, wanted_at)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX answers_by_time ON answers (answered_at, usd);
    """,
    """
    CREATE TABLE answer_labels (
        run_id TEXT NOT NULL, item_id TEXT NOT NULL, passed INTEGER, labelled_at REAL NOT NULL,
        PRIMARY KEY (run_id, item_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE convergence_orders (
        job_id TEXT PRIMARY KEY, asked_at REAL NOT NULL, looked INTEGER, met_at REAL, why TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)
