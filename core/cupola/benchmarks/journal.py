"""Commits to the journal in groups: whoever writes waits for the commit, and a few milliseconds of rows share one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..store import answers, grades
from ..store.answers import Answer, Sent
from ..store.database import Database
from ..store.grades import Grade

WINDOW_SECONDS = 0.0005


@dataclass(slots=True)
class Journal:
    """The writing end of the store's journal. To be used in one event loop."""

    database: Database
    window_seconds: float = WINDOW_SECONDS
    _sent: list[Sent] = field(default_factory=list)
    _answered: list[Answer] = field(default_factory=list)
    _graded: list[Grade] = field(default_factory=list)
    _committed: asyncio.Future[None] | None = None

    async def sent(self, row: Sent) -> None:
        """Return once it is committed that this call is about to leave.

        Raises:
            StoreError: it could not be written; nothing may be sent then.
        """
        self._sent.append(row)
        await self._commit()

    async def answered(self, row: Answer) -> None:
        """Return once the answer is committed; errors as for `sent`."""
        self._answered.append(row)
        await self._commit()

    async def graded(self, row: Grade) -> None:
        """Return once the grade is committed; errors as for `sent`."""
        self._graded.append(row)
        await self._commit()

    async def _commit(self) -> None:
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_later(self.window_seconds, self._write)
        # One waiter that is called off must not take the commit from the others.
        await asyncio.shield(self._committed)

    def _write(self) -> None:
        committed, self._committed = self._committed, None
        sent, self._sent = self._sent, []
        answered, self._answered = self._answered, []
        graded, self._graded = self._graded, []
        assert committed is not None
        try:
            if sent or answered:
                answers.write(self.database, sent, answered)
            if graded:
                grades.save(self.database, graded)
        except Exception as error:  # noqa: BLE001  # told to every waiter, who must not go on
            committed.set_exception(error)
            # Retrieved here too, in case all waiters were called off.
            committed.exception()
        else:
            committed.set_result(None)
