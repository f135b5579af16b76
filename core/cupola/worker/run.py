"""Running a worker in this process until it is told to stop."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from ..azure.client import connect
from ..azure.credentials import Credential, find_credential
from ..errors import CupolaError, StoreCorruptError
from ..models import Health, Problem
from ..paths import Paths
from ..settings import Profile
from ..store import health
from ..store.database import Database, keep_good_copy, open_store
from . import benchmarks, deployments, notices, workflows
from .build import build
from .lock import Holder, held
from .loop import Loop
from .poll import pace_of
from .uploads import Limits

log = logging.getLogger("cupola.worker")

_STOPPERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(
    profile: Profile, paths: Paths, environment: Mapping[str, str] = os.environ, limits: Limits | None = None
) -> None:
    """Work for a profile until a signal asks to stop; `limits` say from which size on files are sent in parts.

    Raises:
        WorkerError: another worker of the profile runs.
        NotAllowedError: there is no key; the store's health says so too.
        CupolaError: the profile or the store cannot be used.
    """
    with held(paths.worker_lock(profile.name), Holder(os.getpid(), time.time(), profile.endpoint, build())):
        database = _opened(paths, profile)
        try:
            _work(profile, paths, database, environment, limits or Limits())
        finally:
            database.close()


def _work(profile: Profile, paths: Paths, database: Database, environment: Mapping[str, str], limits: Limits) -> None:
    log.info("Working for profile %s at %s as process %d.", profile.name, profile.endpoint, os.getpid())
    try:
        credential = find_credential(profile, environment)
        telling = functools.partial(notices.at_work, profile, database.path, paths.config_file, environment)
        asyncio.run(_until_told(profile, credential, database, limits, telling))
    except CupolaError as error:
        _leave_word(database, error.problem)
        raise
    except Exception as error:
        _leave_word(database, Problem("The worker has failed.", f"{type(error).__name__}: {error}", "Start it again."))
        raise
    keep_good_copy(database)
    log.info("Stopped.")


def _opened(paths: Paths, profile: Profile) -> Database:
    path = paths.store(profile.name)
    try:
        return open_store(path)
    except StoreCorruptError as error:
        # It has been set aside; what the service still knows is fetched anew.
        log.error("%s", error)
        return open_store(path)


async def _until_told(
    profile: Profile,
    credential: Credential,
    database: Database,
    limits: Limits,
    telling: Callable[[], AbstractAsyncContextManager[None]],
) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    for number in _STOPPERS:
        loop.add_signal_handler(number, task.cancel if task else loop.stop)
    on_call = functools.partial(health.log_call, database)
    try:
        async with (
            connect(profile, credential, on_call=on_call) as service,
            benchmarks.at_work(profile, credential, service, database),
            deployments.at_work(profile, credential, database),
            workflows.at_work(profile, credential, service, database.path),
            telling(),
        ):
            await Loop(service, database, pace_of(profile), limits=limits).run()
    except asyncio.CancelledError:
        log.info("Told to stop.")


def _leave_word(database: Database, problem: Problem) -> None:
    known = health.get(database)
    health.save(database, Health(known.checked_at, problem, time.time()))
