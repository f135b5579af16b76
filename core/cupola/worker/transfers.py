"""Files on their way, beside the polling: uploads and downloads, one of each at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from ..azure.client import Service
from ..models import Intent, Problem
from ..store import datasets
from ..store import downloads as kept_downloads
from ..store.database import Database
from . import downloads, uploads
from .uploads import Limits

log = logging.getLogger("cupola.worker")

KINDS = (*uploads.KINDS, *downloads.KINDS)
"""Wishes about files. Each does no harm when it is obeyed twice."""


async def obey(service: Service, database: Database, intent: Intent) -> Problem | None:
    """Obey a wish about files; return why it could not be done."""
    if intent.kind in downloads.KINDS:
        return await downloads.obey(service, database, intent)
    return await uploads.obey(service, database, intent)


@dataclass(slots=True)
class Transfers:
    """What is open is carried on by itself."""

    service: Service
    database: Database
    limits: Limits = field(default_factory=Limits)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def wake(self) -> None:
        """Go on with what is open, unless that is under way."""
        for name, task in list(self._tasks.items()):
            if task.done():
                if not task.cancelled() and (error := task.exception()) is not None:
                    log.error("The %s stopped: %s", name, error)
                del self._tasks[name]
        if datasets.next_upload(self.database) is not None:
            self._begin("uploads", uploads.drain(self.service, self.database, self.limits))
        if kept_downloads.next_download(self.database) is not None:
            self._begin("downloads", downloads.drain(self.service, self.database))

    async def close(self) -> None:
        """Stop; what is open goes on with the next worker."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self._tasks:
            work.close()
        else:
            self._tasks[name] = asyncio.create_task(work)
