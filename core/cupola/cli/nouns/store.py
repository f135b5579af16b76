"""The local store: what is known, one SQLite file a profile."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from ...errors import StoreCorruptError
from ...store import health, jobs
from ...store.database import Database, good_copy
from ..context import Context, session_of, store_of
from ..naming import find
from ..output import emit, emit_one, when

_CALL_COLUMNS = ("at", "method", "path", "status", "milliseconds", "cli")
_TABLES = ("jobs", "events", "points", "checkpoints", "files", "models", "intents", "calls")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("path", parents=[common], help="where the profile's store lies").set_defaults(run=path)
    out = verbs.add_parser("export", parents=[common], help="write results, curves, items and decisions into one file")
    out.add_argument("file", type=Path)
    out.add_argument("--job", action="append", help="only these jobs, by name or id; may be given more than once")
    out.set_defaults(run=export)
    taken = verbs.add_parser("import", parents=[common], help="take such a file in; nothing here is overwritten")
    taken.add_argument("file", type=Path)
    taken.set_defaults(run=import_)
    sent = verbs.add_parser("calls", parents=[common], help="what was sent to the service, newest first")
    sent.add_argument("--limit", type=int, default=50, metavar="CALLS")
    sent.set_defaults(run=calls)
    verbs.add_parser("check", parents=[common], help="look for damage and count what is stored").set_defaults(run=check)


def path(options: argparse.Namespace, context: Context) -> int:
    """Print the path of the profile's store."""
    profile = session_of(context, options.profile).profile
    row = {"path": str(context.paths.store(profile.name))}
    if options.output == "table" and not options.query:
        context.out.write(f"{row['path']}\n")
    else:
        emit_one(options, context.out, "cupola.store/1", row, None)
    return 0


def check(options: argparse.Namespace, context: Context) -> int:
    """Check the store's file and print how much it holds."""
    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        verdict = database.rows("PRAGMA integrity_check(1)")[0][0]
        if verdict != "ok":
            raise StoreCorruptError(
                "The store is damaged.", str(verdict), "Restart Cupola: it takes the last good copy."
            )
        emit_one(options, context.out, "cupola.store/1", _contents(database), health.get(database).checked_at)
    return 0


def calls(options: argparse.Namespace, context: Context) -> int:
    """Print the last calls with the equal command lines."""
    with store_of(context, session_of(context, options.profile).profile) as database:
        rows = [{**asdict(call), "at": when(call.at)} for call in health.calls(database, max(options.limit, 1))]
        emit(options, context.out, "cupola.call/1", rows, _CALL_COLUMNS, health.get(database).checked_at)
    return 0


def export(options: argparse.Namespace, context: Context) -> int:
    """Write what is known into a file for a colleague."""
    from ...exchange import export_store

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        wanted = [find(database, name) for name in options.job] if options.job else jobs.newest(database)
        exported = export_store(database, options.file, list({job.id: job for job in wanted}.values()))
        row = {"file": str(options.file), **asdict(exported)}
        emit_one(options, context.out, "cupola.export/1", row, health.get(database).checked_at)
    return 0


def import_(options: argparse.Namespace, context: Context) -> int:
    """Take a colleague's file in."""
    from ...exchange import import_store

    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        taken = import_store(database, options.file)
    row = {
        "jobs": len(taken.jobs.jobs),
        "evaluations": len(taken.jobs.evaluations),
        "jobs_here_already": taken.jobs.known,
        "benchmarks": len(taken.benchmarks),
        "runs": sum(len(one.copied.runs) for one in taken.benchmarks),
        "answers": sum(one.copied.answers for one in taken.benchmarks),
        "decisions": sum(one.copied.decisions for one in taken.benchmarks),
    }
    emit_one(options, context.out, "cupola.import/1", row, None, hidden=("as_of",))
    context.say(f"What it cost its owner counts in `cupola cost` of profile {profile.name} from now on.")
    return 0


def _contents(database: Database) -> dict[str, object]:
    copy = good_copy(database.path)
    return {
        "path": str(database.path),
        "verdict": "ok",
        "bytes": database.path.stat().st_size,
        **{table: database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in _TABLES},
        "good_copy": when(copy.stat().st_mtime) if copy.exists() else None,
    }
