"""The local store: what is known, one SQLite file a profile."""

from __future__ import annotations

import argparse

from ...errors import StoreCorruptError
from ...store import health
from ...store.database import Database, good_copy
from ..context import Context, session_of, store_of
from ..output import emit_one, when

_TABLES = ("jobs", "events", "points", "checkpoints", "files", "models", "intents", "calls")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("path", parents=[common], help="where the profile's store lies").set_defaults(run=path)
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


def _contents(database: Database) -> dict[str, object]:
    copy = good_copy(database.path)
    return {
        "path": str(database.path),
        "verdict": "ok",
        "bytes": database.path.stat().st_size,
        **{table: database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in _TABLES},
        "good_copy": when(copy.stat().st_mtime) if copy.exists() else None,
    }
