"""Obeying wishes: each is taken once, sent once, and answered in the store."""

from __future__ import annotations

from enum import StrEnum

from ..azure import jobs as service_jobs
from ..azure.client import Service
from ..azure.sweeping import delete_eval
from ..deployments.orphans import EVAL_DELETE
from ..errors import CupolaError, NotFoundError, ServiceError, UnreachableError
from ..models import Intent, IntentState, Job, Phase, Problem
from ..store import intents, jobs
from ..store.database import Database
from ..training.job_wish import SUBMIT
from . import convergence, grader_checks, regrading, transfers
from .evaluations import EVAL_OPEN, open_evaluation

PAUSE, RESUME, CANCEL = "job.pause", "job.resume", "job.cancel"
REFRESH = "refresh"
FREEZE, THAW = "polling.freeze", "polling.thaw"


class Effect(StrEnum):
    """What an obeyed wish means for the polling."""

    NONE = "none"
    LOOK = "look"
    """Look at the service now."""


async def obey_all(service: Service, database: Database) -> Effect:
    """Obey every open wish, oldest first."""
    effect = Effect.NONE
    while intent := intents.take(database, service.clock()):
        if await _obey(service, database, intent) is Effect.LOOK:
            effect = Effect.LOOK
    return effect


async def resolve_taken(service: Service, database: Database) -> None:
    """Answer the wishes that a dead worker had taken: what the job's state shows counts, nothing is sent again.

    Wishes for new jobs stay taken: `job_submissions` goes on with them, and finds what was sent.

    Raises:
        UnreachableError: the service cannot tell now; the wishes stay as they are.
    """
    for intent in intents.in_state(database, IntentState.TAKEN):
        if intent.kind == SUBMIT:
            continue
        problem = await _resolved(service, database, intent)
        convergence.tell(database, intent, problem, service.clock())
        intents.finish(database, intent.id, service.clock(), problem)


def is_frozen(database: Database) -> bool:
    """Whether polling was frozen by a person; holds over restarts."""
    last = intents.last_fulfilled(database, FREEZE, THAW)
    return last is not None and last.kind == FREEZE


async def _obey(service: Service, database: Database, intent: Intent) -> Effect:
    if intent.kind in (PAUSE, RESUME, CANCEL):
        problem = await _steered(service, database, intent)
        convergence.tell(database, intent, problem, service.clock())
        intents.finish(database, intent.id, service.clock(), problem)
        return Effect.LOOK
    if intent.kind == SUBMIT:
        # Sending its files may take long: it is carried out beside the polling, and answered there.
        return Effect.NONE
    if intent.kind in transfers.KINDS:
        intents.finish(database, intent.id, service.clock(), await transfers.obey(service, database, intent))
        return Effect.NONE
    if intent.kind == EVAL_DELETE:
        intents.finish(database, intent.id, service.clock(), await _swept(service, intent))
        return Effect.NONE
    if intent.kind == regrading.EVAL_REGRADE:
        now = service.clock()
        intents.finish(database, intent.id, service.clock(), await regrading.obey(database, intent, now))
        return Effect.NONE
    if intent.kind == grader_checks.VALIDATE:
        intents.finish(database, intent.id, service.clock(), await grader_checks.obey(service, intent))
        return Effect.NONE
    if intent.kind == EVAL_OPEN:
        intents.finish(database, intent.id, service.clock(), await _opened(service, database, intent))
        return Effect.LOOK
    if intent.kind in (REFRESH, FREEZE, THAW):
        intents.finish(database, intent.id, service.clock())
        return Effect.NONE if intent.kind == FREEZE else Effect.LOOK
    remedy = "Restart the worker: an older Cupola may be running it."
    unknown = Problem(f"This worker does not know the wish {intent.kind!r}.", remedy=remedy)
    intents.finish(database, intent.id, service.clock(), unknown)
    return Effect.NONE


async def _opened(service: Service, database: Database, intent: Intent) -> Problem | None:
    try:
        return await open_evaluation(service, database, intent.target)
    except CupolaError as error:
        return error.problem


async def _swept(service: Service, intent: Intent) -> Problem | None:
    """Delete an evaluation; one that is gone already is as good."""
    try:
        await delete_eval(service, intent.target)
    except NotFoundError:
        return None
    except CupolaError as error:
        return error.problem
    return None


async def _steered(service: Service, database: Database, intent: Intent) -> Problem | None:
    try:
        jobs.save(database, [await service_jobs.steer(service, intent.target, intent.kind.removeprefix("job."))])
    except UnreachableError as lost:
        # The request may have arrived all the same.
        try:
            return await _resolved(service, database, intent)
        except UnreachableError:
            return lost.problem
    except CupolaError as error:
        return error.problem
    return None


async def _resolved(service: Service, database: Database, intent: Intent) -> Problem | None:
    """None if the job's state shows that the wish came true, else what to tell."""
    if intent.kind in transfers.KINDS:
        # Writing a transfer down, cancelling and deleting do no harm when done twice.
        return await transfers.obey(service, database, intent)
    if intent.kind == EVAL_DELETE:
        return await _swept(service, intent)
    if intent.kind == regrading.EVAL_REGRADE:
        return await regrading.obey(database, intent, service.clock())
    if intent.kind == grader_checks.VALIDATE:
        return await grader_checks.obey(service, intent)
    if intent.kind == EVAL_OPEN:
        return await _opened(service, database, intent)
    if intent.kind not in (PAUSE, RESUME, CANCEL):
        return None
    try:
        job = await service_jobs.get_job(service, intent.target)
    except UnreachableError:
        raise
    except (ServiceError, CupolaError) as error:
        return error.problem
    jobs.save(database, [job])
    if _came_true(intent.kind, job):
        return None
    return Problem(
        f"The wish to {intent.kind.removeprefix('job.')} {job.name} was interrupted and has no effect so far.",
        f"The job is {job.status}.",
        "Ask again if you still want it.",
    )


def _came_true(kind: str, job: Job) -> bool:
    if kind == CANCEL:
        return job.phase is Phase.CANCELLED
    if kind == PAUSE:
        return job.phase in (Phase.PAUSING, Phase.PAUSED)
    return job.phase not in (Phase.PAUSED, Phase.PAUSING) and not job.phase.ended
