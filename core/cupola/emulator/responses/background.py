"""Answer responses in the background; all that is needed to go on after a kill stands in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..admission import note_paid
from ..engine import Answer
from ..errors import ApiError, deployment_not_found
from ..inference.client import Inference
from ..pacing import keep_pace
from ..resource import Resource
from ..router import routed
from ..serving import Serving, find_serving
from ..state import background, responses
from ..state.background import BackgroundWork
from ..state.database import transaction
from ..state.responses import StoredResponse
from ..watch import watched
from .answering import answer_response, history_of
from .items import Json, chat_messages, read_items
from .request import ResponseRequest, read_response_request

QUEUED_SECONDS = 0.5
"""How long a response is queued at least, on the emulator's clock."""


def ask(resource: Resource, serving: Serving, work: BackgroundWork) -> tuple[Serving, ResponseRequest]:
    """What answers a request, and the request as it is put to it. Raises ApiError."""
    items = read_items(work.request)
    said = [*work.history, *chat_messages(items)]
    serving, asked = routed(resource.catalogue, serving, work.request, said)
    return serving, read_response_request(asked, items, work.history, serving.base)


def _failed(body: Mapping[str, Any], failure: ApiError) -> Json:
    return {**body, "status": "failed", "error": {"code": "server_error", "message": failure.message}}


class BackgroundResponses:
    """Works on every background response that has not ended, each in a task of its own."""

    def __init__(self, resource: Resource, inference: Inference) -> None:
        self._resource = resource
        self._inference = inference
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, asyncio.Event] = {}

    def add(self, stored: StoredResponse, work: BackgroundWork) -> None:
        """Take a response on; it is answered even when the process is killed before."""
        with transaction(self._resource.database):
            responses.add(self._resource.database, stored)
            background.add(self._resource.database, work)
        self._wake.set()

    def cancel(self, response_id: str) -> None:
        """End a response without an answer; one that has ended stays as it is."""
        database = self._resource.database
        stored = responses.find(database, response_id)
        if stored is None or background.find(database, response_id) is None:
            return
        with transaction(database):
            responses.update(database, response_id, body={**stored.body, "status": "cancelled"})
            background.remove(database, response_id)
        self._end(response_id)

    def forget(self, response_id: str) -> None:
        """Stop work on a response that is to be deleted."""
        background.remove(self._resource.database, response_id)
        self._end(response_id)

    async def until_ended(self, response_id: str) -> None:
        """Wait until nothing more happens to a response."""
        if background.find(self._resource.database, response_id) is not None:
            await self._ended.setdefault(response_id, asyncio.Event()).wait()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._wake.clear()
                for response_id in background.active(self._resource.database):
                    if response_id not in self._tasks:
                        self._start(response_id)
                await self._wake.wait()
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, response_id: str) -> None:
        task = self._tasks[response_id] = watched(asyncio.create_task(self._carry_out(response_id)))
        task.add_done_callback(lambda _task: self._tasks.pop(response_id, None))

    def _end(self, response_id: str) -> None:
        task, ended = self._tasks.get(response_id), self._ended.pop(response_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
        if ended is not None:
            ended.set()

    async def _carry_out(self, response_id: str) -> None:
        database, clock = self._resource.database, self._resource.clock
        stored, work = responses.find(database, response_id), background.find(database, response_id)
        assert stored is not None
        assert work is not None
        await asyncio.sleep(clock.real(max(0.0, QUEUED_SECONDS - clock.passed(stored.created_at))))
        body = {**stored.body, "status": "in_progress"}
        responses.update(database, response_id, body=body)
        try:
            await self._answer(work, body)
        except ApiError as failure:
            with transaction(database):
                responses.update(database, response_id, body=_failed(body, failure))
                background.remove(database, response_id)
        self._end(response_id)

    async def _answer(self, work: BackgroundWork, body: Mapping[str, Any]) -> None:
        started = asyncio.get_running_loop().time()
        deployed = find_serving(self._resource, work.deployment)
        if deployed is None:
            raise deployment_not_found()
        serving, wanted = ask(self._resource, deployed, work)
        response, answers = await answer_response(
            self._resource, self._inference, serving, wanted, work.id, body["created_at"]
        )
        await keep_pace(self._resource.clock, serving.base, started, answers[0].completion_tokens)
        self._keep(work, serving, wanted, response, answers[0])

    def _keep(
        self, work: BackgroundWork, serving: Serving, wanted: ResponseRequest, response: Json, answer: Answer
    ) -> None:
        # The answer and what was paid for it are written down together: a kill repeats both or neither.
        with transaction(self._resource.database):
            note_paid(self._resource, serving, "responses", work.request, [answer])
            history = history_of(wanted, response)
            responses.update(self._resource.database, work.id, body=response, history=history)
            background.remove(self._resource.database, work.id)
