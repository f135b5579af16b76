"""Benchmarks in the worker: wanted runs are carried out one after another, and those of a dead worker carried on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ..azure.chat import Chat, open_chat
from ..azure.client import Service
from ..azure.credentials import Credential
from ..benchmarks.definition import from_json
from ..benchmarks.engines import batch, evals
from ..benchmarks.engines.waiting import NotWantedError
from ..benchmarks.items import items_of
from ..benchmarks.runner import Ended, Runner
from ..benchmarks.start import post_to_endpoint, runner_of
from ..errors import CupolaError, StoreCorruptError, StoreError
from ..graders import PythonSandbox, SandboxUnavailableError
from ..models import Problem
from ..settings import Profile
from ..store import benchmarks
from ..store.benchmarks import Run, RunState
from ..store.database import Database

log = logging.getLogger("cupola.worker")

ENGINES = {"batch": batch.fill, "evals": evals.fill}
_LOOK_SECONDS = 0.2
_REST_SECONDS = 5.0
_SILENCE_SECONDS = {True: 30.0, False: 180.0}
"""How long a deployment may say nothing, by whether it is on this machine."""


@asynccontextmanager
async def at_work(
    profile: Profile, credential: Credential, service: Service, database: Database
) -> AsyncIterator[None]:
    """Carry out wanted runs for as long as the block lasts."""
    task = asyncio.create_task(_work(profile, credential, service, database))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def carry_out(database: Database, service: Service, chat: Chat, run: Run, sandbox: PythonSandbox) -> None:
    """Carry one run out, or on, to where it stops; a person may cancel it meanwhile."""
    benchmarks.set_state(database, run.id, RunState.RUNNING, chat.clock())
    try:
        await _have_it_answered(database, service, run)
        # What another engine's answers cost stands in the store by now.
        run = benchmarks.get_run(database, run.id) or run
        runner = runner_of(database, run, chat.ask, sandbox, post=post_to_endpoint)
    except NotWantedError:
        return
    except CupolaError as error:
        benchmarks.set_state(database, run.id, RunState.STOPPED, chat.clock(), error.problem)
        return
    watcher = asyncio.create_task(_watch(database, runner))
    try:
        if run.engine == "evals":
            # The service has graded as well; what its graders could not judge is not judged by others.
            runner.store_progress()
            runner.store_board()
            ended = Ended()
        else:
            ended = await runner.go()
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
    now = benchmarks.get_run(database, run.id)
    if now is not None and now.state is RunState.RUNNING:
        state = RunState.STOPPED if ended.problem else RunState.DONE
        benchmarks.set_state(database, run.id, state, chat.clock(), ended.problem.problem if ended.problem else None)


async def _have_it_answered(database: Database, service: Service, run: Run) -> None:
    """Let another engine fill the journal, where the run names one."""
    if run.engine not in ENGINES:
        return

    def wanted() -> bool:
        now = benchmarks.get_run(database, run.id)
        return now is not None and now.state.moving

    benchmark = from_json(run.definition)
    items = items_of(benchmark, benchmarks.items(database, benchmark.split))
    await ENGINES[run.engine](database, service, run, benchmark, items, wanted)


async def _work(profile: Profile, credential: Credential, service: Service, database: Database) -> None:
    async with open_chat(profile, credential, silence_seconds=_SILENCE_SECONDS[profile.is_local]) as chat:
        version = -1
        while True:
            run = None
            try:
                if (now := database.data_version()) != version:
                    version = now
                    run = next(iter(benchmarks.runs_in(database, RunState.RUNNING, RunState.WANTED)), None)
                if run is not None:
                    log.info("Benchmark %s, run %d.", run.benchmark, run.id)
                    await _carried_out(database, service, chat, run)
                    # Something else may have been wanted meanwhile.
                    version = -1
            except StoreCorruptError:
                raise
            except StoreError as error:
                # A full disk passes; nothing was sent that is not journalled.
                log.error("%s", error)
                version = -1
                await asyncio.sleep(_REST_SECONDS)
            await asyncio.sleep(_LOOK_SECONDS)


async def _carried_out(database: Database, service: Service, chat: Chat, run: Run) -> None:
    try:
        with PythonSandbox() as sandbox:
            await carry_out(database, service, chat, run, sandbox)
    except (StoreError, asyncio.CancelledError):
        raise
    except SandboxUnavailableError as error:
        benchmarks.set_state(database, run.id, RunState.STOPPED, chat.clock(), Problem(str(error)))
    except CupolaError as error:
        benchmarks.set_state(database, run.id, RunState.STOPPED, chat.clock(), error.problem)
    except Exception as error:  # one run must not take the worker with it; the person is told
        log.exception("Run %d has failed.", run.id)
        problem = Problem("The run has failed.", f"{type(error).__name__}: {error}", "Continue it, or report this.")
        benchmarks.set_state(database, run.id, RunState.STOPPED, chat.clock(), problem)


async def _watch(database: Database, runner: Runner) -> None:
    """Stop the runner once its run is no longer wanted."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        run = benchmarks.get_run(database, runner.run.id)
        if run is None or not run.state.moving:
            runner.cancel()
            return
