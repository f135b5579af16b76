"""`cupola dataset upload` and `delete`: wishes for the worker, or, where none runs, for this process."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ...datasets.listing import clashes
from ...datasets.writing import Content, fingerprint
from ...errors import UsageError
from ...models import Upload, UploadState
from ...store import datasets, files, intents
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..output import emit, emit_one
from .doing import obeyed, waited

_COLUMNS = ("name", "state", "service", "bytes", "sha256")


def upload(options: argparse.Namespace, context: Context) -> int:
    """Check files, send them, and wait until the service has taken them; 1 if one was not.

    A file that would be refused is not sent without --force.
    """
    if options.offline:
        raise UsageError("An upload cannot be done offline.")
    if options.purpose == "fine-tune" and not options.force:
        for path in options.files:
            _check(path)
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        sent = [_sent(session, context, database, path.absolute(), options.purpose) for path in options.files]
        emit(options, context.out, "cupola.upload/1", map(_row, sent), _COLUMNS, time.time())
    for one in sent:
        if one.problem is not None:
            context.say(f"{one.name}: {one.problem.what} {one.problem.why} {one.problem.remedy}".strip())
    return 0 if all(one.state is UploadState.DONE for one in sent) else 1


def delete(options: argparse.Namespace, context: Context) -> int:
    """Delete a file of the service for good."""
    if options.offline:
        raise UsageError("The service's file cannot be deleted offline.")
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        context.confirm(f"Delete {options.id} at the service for good?", options.yes)
        intent_id = intents.wish(database, "file.delete", options.id, time.time())
        obeyed(session, context, database, intent_id)
        emit_one(options, context.out, "cupola.file.deleted/1", {"id": options.id, "deleted": True}, time.time())
    return 0


def _check(path: Path) -> None:
    from ...datasets.check import Options, check_file

    report = check_file(path, Options(training=True))
    if report.blocked:
        first = report.groups[0]
        raise UsageError(
            f"{path.name} would be refused: {first.rule.title} ({first.count:,} times).",
            f"`cupola dataset check {path.name}` tells all.",
            "Mend it, or give --force to send it as it is.",
        )


def _sent(session: Session, context: Context, database: Database, path: Path, purpose: str) -> Upload:
    content = fingerprint(path)
    _warn_of_clashes(context, database, content)
    arguments = {"sha256": content.sha256, "purpose": purpose}
    intent_id = intents.wish(database, "file.upload", str(path), time.time(), arguments)
    obeyed(session, context, database, intent_id)
    mine = next(one for one in datasets.uploads(database) if (one.sha256, one.name) == (content.sha256, content.name))
    told = [""]

    def done() -> Upload | None:
        now = datasets.upload(database, mine.id) or mine
        words = f"{now.name}: {now.state}, {now.sent / max(1, now.bytes):.0%}"
        if words != told[0]:
            told[0] = words
            context.say(words)
        return None if now.state.open else now

    return waited(session, context, database, done)


def _warn_of_clashes(context: Context, database: Database, content: Content) -> None:
    other = clashes(content.name, content.sha256, files.files(database), datasets.contents(database))
    if other:
        context.say(f"The service has another content under the name {content.name}: {other[0].id}. Both will stand.")


def _row(upload: Upload) -> dict[str, object]:
    return {
        "name": upload.name,
        "path": upload.path,
        "state": str(upload.state),
        "service": upload.file_id,
        "bytes": upload.bytes,
        "sha256": upload.sha256,
        "purpose": upload.purpose,
    }
