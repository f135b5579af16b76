"""Workflows in the worker: those that run are carried on, each a small deed at a time, from wherever they stand."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..azure import jobs, stored_completions
from ..azure.chat import open_chat
from ..azure.client import Service
from ..azure.credentials import Credential
from ..azure.stored_completions import StoredCompletion
from ..azure.wire.requests import JobRequest
from ..benchmarks.calls import AskChat
from ..errors import StoreCorruptError, StoreError
from ..models import Job, Problem
from ..settings import Profile
from ..store import workflows
from ..store.database import Database, open_store
from ..store.workflows import StageState, Workflow, WorkflowState
from ..workflows.executor import LOOK_SECONDS, Executor
from ..workflows.kinds import World
from ..workflows.known import KINDS

log = logging.getLogger("cupola.worker")

_REST_SECONDS = 5.0
_SILENCE_SECONDS = {True: 30.0, False: 180.0}
"""How long a deployment may say nothing, by whether it is on this machine."""


@asynccontextmanager
async def at_work(profile: Profile, credential: Credential, service: Service, path: Path) -> AsyncIterator[None]:
    """Carry workflows on for as long as the block lasts.

    Args:
        profile: Whose deployments are asked.
        credential: How to come in there.
        service: Where jobs are submitted.
        path: The store. Workflows have a connection of their own, so that the worker's other parts, which look for
            what others have committed, see what is wanted here.
    """
    database = open_store(path)

    @asynccontextmanager
    async def chat() -> AsyncIterator[AskChat]:
        async with open_chat(profile, credential, silence_seconds=_SILENCE_SECONDS[profile.is_local]) as opened:
            yield opened.ask

    task = asyncio.create_task(work(service, database, chat))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        database.close()


async def work(service: Service, database: Database, chat: Callable[[], AbstractAsyncContextManager[AskChat]]) -> None:
    """Go on until cancelled.

    Raises:
        StoreCorruptError: the store is damaged.
    """

    async def submit(request: JobRequest, nonce: str, /) -> Job:
        return await jobs.submit(service, request, nonce)

    async def stored(models: Sequence[str], /) -> Sequence[StoredCompletion]:
        return await stored_completions.stored(service, models)

    world = World(database, submit, service.clock, stored, chat)
    desk = Desk(Executor(world, KINDS))
    try:
        while True:
            try:
                await asyncio.sleep(await desk.turn())
            except StoreCorruptError:
                raise
            except StoreError as error:
                # A full disk passes; nothing was done that is not stored.
                log.error("%s", error)
                await asyncio.sleep(_REST_SECONDS)
    finally:
        for one in world.beside.values():
            await one.close()


@dataclass(slots=True)
class Desk:
    """All workflows of a store. Everything here may be lost at any moment."""

    executor: Executor
    monotonic: Callable[[], float] = time.monotonic
    _due: dict[int, float] = field(default_factory=dict)
    """When each running workflow is to be looked at again, on the monotonic clock."""
    _failures: dict[int, int] = field(default_factory=dict)
    _version: int = -1

    async def turn(self) -> float:
        """Carry every workflow that is due a little on; return the seconds until the next turn."""
        database = self.executor.world.database
        running = workflows.in_state(database, WorkflowState.RUNNING)
        if (now := database.data_version()) != self._version:
            self._version = now
            self._settle(database)
        if not running:
            self._due.clear()
            return LOOK_SECONDS
        for workflow in running:
            if self.monotonic() >= self._due.get(workflow.id, 0.0):
                wait = await self._advanced(workflow)
                self._due[workflow.id] = self.monotonic() + (LOOK_SECONDS if wait is None else wait)
        nearest = min(self._due.get(workflow.id, 0.0) for workflow in running) - self.monotonic()
        return min(max(nearest, 0.0), LOOK_SECONDS)

    async def _advanced(self, workflow: Workflow) -> float | None:
        failures = self._failures.get(workflow.id, 0)
        try:
            wait = await self.executor.advance(workflow.id, failures)
        except (StoreError, asyncio.CancelledError):
            raise
        except Exception as error:  # one workflow must not take the worker with it; the person is told
            log.exception("Workflow %d has failed.", workflow.id)
            self._tell(workflow, error)
            return None
        self._failures[workflow.id] = failures + 1 if wait is not None and wait > LOOK_SECONDS else 0
        return wait

    def _tell(self, workflow: Workflow, error: Exception) -> None:
        database, now = self.executor.world.database, self.executor.world.clock()
        problem = Problem("The workflow has failed.", f"{type(error).__name__}: {error}", "Resume it, or report this.")
        stages = workflows.stages(database, workflow.id)
        stage = next((stage for stage in stages if not stage.state.settled), None)
        if stage is not None:
            workflows.save_stage(database, replace(stage, state=StageState.FAILED, problem=problem, finished_at=now))
        workflows.move(database, workflow.id, [WorkflowState.RUNNING], WorkflowState.FAILED, now, problem)

    def _settle(self, database: Database) -> None:
        """Bring to rest what was paused or called off while it ran."""
        for workflow in workflows.in_state(database, WorkflowState.PAUSED, WorkflowState.CANCELLED):
            cancelled = workflow.state is WorkflowState.CANCELLED
            stages = workflows.stages(database, workflow.id)
            if any(stage.state is StageState.RUNNING or (cancelled and not stage.state.settled) for stage in stages):
                try:
                    self.executor.settle(workflow)
                except StoreError:
                    raise
                except Exception:  # one workflow must not take the others with it
                    log.exception("Workflow %d could not be brought to rest.", workflow.id)
