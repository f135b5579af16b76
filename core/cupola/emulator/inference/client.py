"""The server's way to the answering process: concurrent requests are gathered into batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..children import Child
from ..engine import Answer, AnswerRequest
from ..engines import ModelReference
from ..errors import ApiError
from ..instant import instant_answer, is_instant

GATHER_SECONDS = 0.004
"""How long the first request of a batch waits for company."""

MOST_IN_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    model: ModelReference
    request: AnswerRequest
    answer: asyncio.Future[Answer]


class Inference:
    """Answers prompts in one process of its own, started when it is first needed."""

    def __init__(self, engines: str, errors: Path) -> None:
        self._engines = engines
        self._errors = errors
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._child: Child | None = None
        self._messages: AsyncIterator[dict[str, Any]] | None = None

    async def answer(self, model: ModelReference, requests: list[AnswerRequest]) -> list[Answer]:
        """Answer these requests. Raises ApiError when the answering process fails."""
        if is_instant(model):
            return [instant_answer(request) for request in requests]
        loop = asyncio.get_running_loop()
        entries = [_Waiting(model, request, loop.create_future()) for request in requests]
        self._waiting.extend(entries)
        self._wake.set()
        return list(await asyncio.gather(*(entry.answer for entry in entries)))

    def warm_up(self) -> None:
        """Start the process before the first request needs it."""
        self._wake.set()

    async def run(self) -> None:
        """Answer batches until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._start()
                await asyncio.sleep(GATHER_SECONDS)
                while self._waiting:
                    await self._answer_batch(self._take_batch())
        finally:
            await self._stop()

    def _take_batch(self) -> list[_Waiting]:
        self._waiting = [entry for entry in self._waiting if not entry.answer.cancelled()]
        if not self._waiting:
            return []
        model = self._waiting[0].model
        batch = [entry for entry in self._waiting if entry.model == model][:MOST_IN_BATCH]
        taken = {id(entry) for entry in batch}
        self._waiting = [entry for entry in self._waiting if id(entry) not in taken]
        return batch

    async def _answer_batch(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        child, messages = await self._start()
        child.send({"model": asdict(batch[0].model), "requests": [asdict(entry.request) for entry in batch]})
        message = await anext(messages, None)
        if message is None:
            await self._stop()
            _fail(batch)
            return
        for entry, answer in zip(batch, message["answers"], strict=True):
            if not entry.answer.done():
                entry.answer.set_result(Answer(**answer))

    async def _start(self) -> tuple[Child, AsyncIterator[dict[str, Any]]]:
        if self._child is None or self._messages is None:
            self._child = await Child.start("cupola.emulator.inference", self._engines, errors=self._errors)
            self._messages = self._child.messages()
        return self._child, self._messages

    async def _stop(self) -> None:
        child, self._child, self._messages = self._child, None, None
        if child is not None:
            await child.stop()


def _fail(batch: list[_Waiting]) -> None:
    for entry in batch:
        if not entry.answer.done():
            entry.answer.set_exception(ApiError(500, "internalFailure", "The model failed to answer this request."))
