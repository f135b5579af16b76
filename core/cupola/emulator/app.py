"""Put the emulator together: one ASGI application, the same in a process as behind a socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Mount

from cupola_data.models import catalogue
from cupola_data.prices import price_list

from .account import open_account
from .batch.runner import BatchRunner
from .clock import Clock
from .deployments.lifecycle import deploy_base_models
from .dialect import Dialect
from .engines import SHIPPED
from .errors import ApiError, answer_failure, answer_nobody, answer_refusal, answer_unknown_path
from .evals.runner import EvalRunner
from .fault_injection import FaultInjection
from .faults import Faults
from .inference.client import Inference
from .limits import RateLimits
from .lock import exclusive
from .middleware import BodyLimit, Gate, LocalHostOnly, RequestIds
from .resource import Resource
from .responses.background import BackgroundResponses
from .router import with_router
from .routes import (
    arm,
    batches,
    chat,
    checkpoint_copies,
    deployments,
    eval_runs,
    evals,
    files,
    graders,
    identity,
    jobs,
    models,
    openapi,
    output_items,
    responses,
    stored_completions,
    uploads,
)
from .routes import faults as fault_routes
from .service import Service
from .state.database import open_database
from .state.folders import open_folders
from .state.ledger import Ledger
from .training.lifecycle import Lifecycle
from .watch import watched

_EVALS: Sequence[BaseRoute] = (*graders.ROUTES, *evals.ROUTES, *eval_runs.ROUTES, *output_items.ROUTES)
_ANSWERS: Sequence[BaseRoute] = (*stored_completions.ROUTES, *responses.ROUTES, *batches.ROUTES)
_SHARED: Sequence[BaseRoute] = (*files.ROUTES, *models.ROUTES, *jobs.ROUTES, *_ANSWERS, *_EVALS)
# Routes are tried in their order: the busiest come first.
_DATED: Sequence[BaseRoute] = (*chat.DATED_ROUTES, *_SHARED, *uploads.ROUTES, *jobs.DATED_ROUTES)
_PROJECT_V1: Sequence[BaseRoute] = (*chat.V1_ROUTES, *_SHARED, *checkpoint_copies.V1_ROUTES)
_V1: Sequence[BaseRoute] = (*_PROJECT_V1, *uploads.ROUTES)


def _surfaces(resource: Resource) -> list[BaseRoute]:
    def gate(surface: Literal["dated", "v1"], *, versioned: bool = True) -> Middleware:
        account, now = resource.account, resource.clock.now
        return Middleware(Gate, surface=surface, account=account, now=now, versioned=versioned)

    return [
        Mount("/openai/v1", routes=_V1, middleware=[gate("v1")]),
        Mount("/openai", routes=_DATED, middleware=[gate("dated")]),
        Mount("/api/projects/{project}/openai/v1", routes=_PROJECT_V1, middleware=[gate("v1", versioned=False)]),
        Mount("/api/projects/{project}/openai", routes=_DATED, middleware=[gate("dated", versioned=False)]),
        Mount(
            "/api/projects/{project}",
            routes=(*_DATED, *deployments.ROUTES),
            middleware=[gate("dated", versioned=False)],
        ),
        *identity.ROUTES,
        *fault_routes.ROUTES,
        *openapi.ROUTES,
        *arm.ROUTES,
    ]


def open_resource(
    state_dir: Path,
    speed: float,
    dialect: Dialect,
    clock: Callable[[], float],
    engines: str,
    reinforcement_limit: float,
) -> Resource:
    """The resource that a state directory holds, made where it does not exist yet."""
    folders = open_folders(state_dir)
    emulated = Clock(clock, speed)
    database = open_database(folders.database)
    resource = Resource(
        account=open_account(state_dir),
        catalogue=with_router(catalogue()),
        clock=emulated,
        database=database,
        dialect=dialect,
        folders=folders,
        engines=engines,
        limits=RateLimits(emulated),
        ledger=Ledger(database),
        reinforcement_limit=reinforcement_limit,
    )
    deploy_base_models(resource)
    return resource


def _service_of(resource: Resource, inference: Inference, faults: Faults) -> Service:
    return Service(
        resource,
        inference,
        Lifecycle(resource, inference),
        EvalRunner(resource, inference),
        BatchRunner(resource, inference),
        BackgroundResponses(resource, inference),
        faults,
    )


@asynccontextmanager
async def _working(service: Service) -> AsyncIterator[None]:
    tasks = [
        watched(asyncio.create_task(service.lifecycle.run())),
        watched(asyncio.create_task(service.inference.run())),
        watched(asyncio.create_task(service.evals.run())),
        watched(asyncio.create_task(service.batches.run())),
        watched(asyncio.create_task(service.background.run())),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def create_app(
    state_dir: Path,
    speed: float = 1.0,
    dialect: Dialect = "azure",
    clock: Callable[[], float] = time.time,
    engines: str = SHIPPED,
    reinforcement_limit: float | None = None,
) -> Starlette:
    """The emulator on a state directory.

    The application takes hold of the directory, and works on jobs, while its lifespan runs: a server sees to that;
    in a process use `running(app)`.

    Args:
        speed: How many declared seconds pass in a real one.
        clock: Tells unix seconds.
        engines: Where the tiny models are found, as `engines.load_engines` reads it.
        reinforcement_limit: US dollars that a reinforcement job may spend before it pauses; None is the service's.
    """
    if not speed > 0:
        raise ValueError("The speed must be above 0.")
    faults = Faults()
    limit = price_list().rules["reinforcement_cap"].value if reinforcement_limit is None else reinforcement_limit

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(state_dir):
            resource = open_resource(state_dir, speed, dialect, clock, engines, limit)
            app.state.service = _service_of(resource, Inference(engines, state_dir / "inference.log"), faults)
            app.router.routes.extend(_surfaces(resource))
            try:
                async with _working(app.state.service):
                    yield
            finally:
                app.router.routes.clear()
                resource.ledger.flush()
                resource.database.close()

    return Starlette(
        lifespan=lifespan,
        middleware=[
            Middleware(LocalHostOnly),
            Middleware(RequestIds, region="Sweden Central", now=clock),
            Middleware(FaultInjection, faults=faults, now=clock),
            Middleware(BodyLimit),
        ],
        exception_handlers={
            ApiError: answer_refusal,
            HTTPException: answer_unknown_path,
            ClientDisconnect: answer_nobody,
            Exception: answer_failure,
        },
    )


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[Service]:
    """Run an application's lifespan in this process. Raises StateInUseError when its state directory is taken."""
    async with app.router.lifespan_context(app):
        service = app.state.service
        assert isinstance(service, Service)
        yield service
