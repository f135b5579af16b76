"""Files of the service."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from ...errors import ServiceError, UsageError
from ...models import ServiceFile
from ...store import files
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..dataset_commands.fetching import add_download
from ..dataset_commands.sending import delete
from ..fresh import service_of, told, worker_runs
from ..output import emit, emit_one, when

_COLUMNS = ("id", "filename", "purpose", "status", "bytes", "created")


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    verbs.add_parser("list", parents=[common], help="all files, newest first").set_defaults(run=list_)
    upload_ = verbs.add_parser("upload", parents=[common], help="send a .jsonl file and wait until it is processed")
    upload_.add_argument("path", type=Path)
    upload_.add_argument("--purpose", default="fine-tune", choices=("fine-tune", "evals", "batch"))
    upload_.add_argument("--no-wait", action="store_true", help="do not wait until it is processed")
    upload_.set_defaults(run=upload)
    add_download(verbs, common)
    delete_ = verbs.add_parser("delete", parents=[common], help="delete a file of the service for good")
    delete_.add_argument("id", metavar="FILE-ID")
    delete_.add_argument("-y", "--yes", action="store_true", help="do it without a question")
    delete_.set_defaults(run=delete)


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print the service's files."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = 0 if options.offline or worker_runs(session, context) else _refreshed(session, context, database)
        emit(options, context.out, "cupola.file/1", map(_row, files.files(database)), _COLUMNS, None)
    return code


def upload(options: argparse.Namespace, context: Context) -> int:
    """Upload a file."""
    if options.offline:
        raise UsageError("An upload cannot be done offline.")
    session = session_of(context, options.profile)

    async def send() -> ServiceFile:
        from ...azure import files as service_files

        async with service_of(session, database) as service:
            sent = await service_files.upload(service, options.path, options.purpose)
            return sent if options.no_wait else await service_files.processed(service, sent.id)

    with store_of(context, session.profile) as database:
        emit_one(options, context.out, "cupola.file/1", _row(asyncio.run(send())), None)
    return 0


def _refreshed(session: Session, context: Context, database: Database) -> int:
    try:
        asyncio.run(_fetch(session, database))
    except ServiceError as error:
        if not files.files(database):
            raise
        return told(context, error)
    return 0


async def _fetch(session: Session, database: Database) -> None:
    from ...azure.files import list_files

    async with service_of(session, database) as service:
        files.save_files(database, await list_files(service))


def _row(file: ServiceFile) -> dict[str, object]:
    return {
        "id": file.id,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": file.status,
        "bytes": file.bytes,
        "created": when(file.created_at),
        "created_at": file.created_at,
        "as_of": file.as_of,
    }
