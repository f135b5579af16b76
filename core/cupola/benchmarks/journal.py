"""Commits to the journal in groups: whoever writes waits for the commit, and rows of one moment share one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..store import answers, grades
from ..store.answers import Answer, Sent
from ..store.database import Database
from ..store.grades import Grade

PATIENCE_SECONDS = 0.002
"""How long an answer or a grade waits for company. A call about to leave does not wait: it takes along who is there."""


@dataclass(slots=True)
class Journal:
    """The writing end of the store's journal. To be used in one event loop."""

    database: Database
    patience_seconds: float = PATIENCE_SECONDS
    _sent: list[Sent] = field(default_factory=list)
    _answered: list[Answer] = field(default_factory=list)
    _graded: list[Grade] = field(default_factory=list)
    _leaving: list[asyncio.Future[None]] = field(default_factory=list)
    """Calls that wait to be sent."""
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)
    """All others that wait for the commit."""
    _writing: asyncio.Handle | None = None
    _hurried: bool = False

    async def sent(self, row: Sent) -> None:
        """Return once it is committed that this call is about to leave.

        Raises:
            StoreError: it could not be written; nothing may be sent then.
        """
        self._sent.append(row)
        await self._commit(at_once=True)

    async def answered(self, row: Answer) -> None:
        """Return once the answer is committed; errors as for `sent`."""
        self._answered.append(row)
        await self._commit()

    async def failed(self, row: Sent, answer: Answer) -> None:
        """Return once it is committed that a call was given up, and what it may have cost; errors as for `sent`."""
        self._sent.append(row)
        self._answered.append(answer)
        await self._commit()

    async def graded(self, row: Grade) -> None:
        """Return once the grade is committed; errors as for `sent`."""
        self._graded.append(row)
        await self._commit()

    async def _commit(self, at_once: bool = False) -> None:
        loop = asyncio.get_running_loop()
        if at_once and not self._hurried:
            if self._writing is not None:
                self._writing.cancel()
            # All that is ready in this turn of the loop comes before it, and shares the commit.
            self._writing, self._hurried = loop.call_soon(self._write), True
        elif self._writing is None:
            self._writing = loop.call_later(self.patience_seconds, self._write)
        # A future for each: one waiter that is called off must not take the commit from the others.
        committed = loop.create_future()
        (self._leaving if at_once else self._waiting).append(committed)
        await committed

    def _write(self) -> None:
        self._writing, self._hurried = None, False
        # Calls leave first: while they are under way there is time for all that answers bring with them.
        waiting, self._leaving, self._waiting = [*self._leaving, *self._waiting], [], []
        sent, self._sent = self._sent, []
        answered, self._answered = self._answered, []
        graded, self._graded = self._graded, []
        failure: Exception | None = None
        try:
            if sent or answered:
                answers.write(self.database, sent, answered)
            if graded:
                grades.save(self.database, graded)
        except Exception as error:  # noqa: BLE001  # told to every waiter, who must not go on
            failure = error
        for waiter in waiting:
            if waiter.done():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(failure)
