"""`cupola dataset list`: local files and service files with the same content on one line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...datasets.listing import Dataset, listed
from ...datasets.writing import fingerprint
from ...errors import ServiceError
from ...models import LocalFile
from ...store import datasets, files, jobs
from ...store.database import Database
from ..context import Context, Session, session_of, store_of
from ..fresh import service_of, told, worker_runs
from ..output import emit

_COLUMNS = ("name", "path", "bytes", "rows", "errors", "service", "status", "used_by")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print the datasets that are known, and how those that are named stand to the service."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = 0 if options.offline or worker_runs(session, context) else _refreshed(session, context, database)
        local = _hashed(options.files) if options.files else _still_there(datasets.local_files(database))
        found = listed(
            local, files.files(database), datasets.contents(database), jobs.newest(database), datasets.uploads(database)
        )
        rows = [_row(dataset) for dataset in found if dataset.local or not options.files]
        emit(options, context.out, "cupola.dataset/1", rows, _COLUMNS, None)
    return code


def _hashed(paths: Iterable[Path]) -> list[LocalFile]:
    found = []
    for path in paths:
        content = fingerprint(path)
        found.append(LocalFile(str(path.absolute()), content.bytes, path.stat().st_mtime_ns, content.sha256))
    return found


def _still_there(files: Iterable[LocalFile]) -> list[LocalFile]:
    return [file for file in files if Path(file.path).is_file()]


def _refreshed(session: Session, context: Context, database: Database) -> int:
    async def fetch() -> None:
        from ...azure.files import list_files

        async with service_of(session, database) as service:
            files.save_files(database, await list_files(service))

    try:
        asyncio.run(fetch())
    except ServiceError as error:
        return told(context, error)
    return 0


def _row(dataset: Dataset) -> Mapping[str, object]:
    file = dataset.local[0] if dataset.local else None
    return {
        "name": dataset.name,
        "path": file.path if file else None,
        "paths": [entry.path for entry in dataset.local],
        "sha256": dataset.sha256 or None,
        "format": file.format or None if file else None,
        "bytes": dataset.bytes,
        "rows": file.rows if file else None,
        "errors": file.errors if file else None,
        "warnings": file.warnings if file else None,
        "service": dataset.remote[0].id if dataset.remote else None,
        "service_files": [entry.id for entry in dataset.remote],
        "status": dataset.remote[0].status if dataset.remote else None,
        "jobs": [job.id for job in dataset.jobs],
        "used_by": ", ".join(job.name for job in dataset.jobs) or None,
    }
