"""`cupola dataset upload` and `delete`: wishes for the worker, or, where none runs, for this process."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...datasets.listing import clashes
from ...datasets.writing import Content, fingerprint
from ...errors import CupolaError, UsageError, WorkerError
from ...models import Intent, IntentState, Upload, UploadState
from ...store import datasets, files, intents
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..fresh import service_of, worker_runs
from ..output import emit, emit_one

Found = TypeVar("Found")

_LOOK_SECONDS = 0.1
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
        answer = _wait(session, context, database, lambda: _answered(database, intent_id))
        if answer.problem is not None:
            raise CupolaError(answer.problem.what, answer.problem.why, answer.problem.remedy, answer.problem.raw)
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
    answer = _wait(session, context, database, lambda: _answered(database, intent_id))
    if answer.problem is not None:
        raise UsageError(answer.problem.what, answer.problem.why, answer.problem.remedy)
    mine = next(one for one in datasets.uploads(database) if (one.sha256, one.name) == (content.sha256, content.name))
    told = [""]

    def done() -> Upload | None:
        now = datasets.upload(database, mine.id) or mine
        words = f"{now.name}: {now.state}, {now.sent / max(1, now.bytes):.0%}"
        if words != told[0]:
            told[0] = words
            context.say(words)
        return None if now.state.open else now

    return _wait(session, context, database, done)


def _warn_of_clashes(context: Context, database: Database, content: Content) -> None:
    other = clashes(content.name, content.sha256, files.files(database), datasets.contents(database))
    if other:
        context.say(f"The service has another content under the name {content.name}: {other[0].id}. Both will stand.")


def _answered(database: Database, intent_id: int) -> Intent | None:
    intent = intents.get(database, intent_id)
    return intent if intent and intent.state in (IntentState.DONE, IntentState.FAILED) else None


def _wait(session: Session, context: Context, database: Database, look: Callable[[], Found | None]) -> Found:
    """Until it is there, by the worker's doing or, where none runs, by this process."""
    while (found := look()) is None:
        if worker_runs(session, context):
            time.sleep(_LOOK_SECONDS)
        else:
            _work_here(session, context, database)
    return found


def _work_here(session: Session, context: Context, database: Database) -> None:
    """Do what a worker would do with open wishes and uploads, holding its lock so that none starts meanwhile."""
    from ...worker.lock import Holder, held

    try:
        with held(context.paths.worker_lock(session.profile.name), Holder(os.getpid(), time.time())):
            asyncio.run(_work(session, database))
    except WorkerError:
        # One has started just now; it will do it.
        return


async def _work(session: Session, database: Database) -> None:
    from ...worker.intents import obey_all, resolve_taken
    from ...worker.uploads import drain

    async with service_of(session, database) as service:
        await resolve_taken(service, database)
        await obey_all(service, database)
        await drain(service, database)


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
