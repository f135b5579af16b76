"""`cupola dataset download` and `cupola file download`: service files onto the disk, by the worker or this process."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ...errors import UsageError
from ...store import downloads, intents
from ...store.database import Database
from ...store.downloads import Download, DownloadState
from ..context import Context, Session, session_of, store_of
from ..output import emit
from .doing import obeyed, waited

_COLUMNS = ("service", "state", "path", "bytes")


def add_download(verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the verb `download` to a noun."""
    about = "fetch files of the service; a dropped download goes on, and no file is written over"
    parser = verbs.add_parser("download", parents=[common], help=about, description=about)
    parser.add_argument("ids", nargs="+", metavar="FILE-ID")
    parser.add_argument(
        "--to", type=Path, default=Path(), metavar="FOLDER", help="an existing folder; this one if left out"
    )
    parser.set_defaults(run=download)


def download(options: argparse.Namespace, context: Context) -> int:
    """Fetch service files into a folder and wait until they are there; 1 if one could not be fetched."""
    if options.offline:
        raise UsageError("A download cannot be done offline.")
    session = session_of(context, options.profile)
    folder = str(options.to.expanduser().absolute())
    with store_of(context, session.profile) as database:
        fetched = [_fetched(session, context, database, file_id, folder) for file_id in options.ids]
        emit(options, context.out, "cupola.download/1", map(_row, fetched), _COLUMNS, time.time())
    for one in fetched:
        if one.problem is not None:
            context.say(f"{one.name}: {one.problem.what} {one.problem.why} {one.problem.remedy}".strip())
    return 0 if all(one.state is DownloadState.DONE for one in fetched) else 1


def _fetched(session: Session, context: Context, database: Database, file_id: str, folder: str) -> Download:
    intent_id = intents.wish(database, "file.download", file_id, time.time(), {"folder": folder})
    obeyed(session, context, database, intent_id)
    mine = next(one for one in downloads.downloads(database) if (one.file_id, one.folder) == (file_id, folder))
    told = [""]

    def done() -> Download | None:
        now = downloads.download(database, mine.id) or mine
        words = f"{now.name}: {now.state}, {now.received / max(1, now.bytes or 0):.0%}"
        if words != told[0]:
            told[0] = words
            context.say(words)
        return None if now.state.open else now

    return waited(session, context, database, done)


def _row(download: Download) -> dict[str, object]:
    return {
        "service": download.file_id,
        "state": str(download.state),
        "path": download.path,
        "bytes": download.bytes,
        "received": download.received,
    }
