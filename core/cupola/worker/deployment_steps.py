"""One deployment, one step: look before making, follow what was begun, ask it once, remove only what is meant.

Each step begins from the stored row and ends in it; killed anywhere, the next worker looks first and goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from ..azure import deployments as remote_deployments
from ..azure.chat import Chat
from ..azure.control_plane import ControlPlane
from ..azure.wire.deployments import Progress, Remote
from ..deployments.refusals import refusal_in_words
from ..errors import CupolaError, NotAllowedError, NotFoundError, ServiceError, ThrottledError, UnreachableError
from ..models import Problem
from ..settings import Profile
from ..store import control_plane, deployments
from ..store.database import Database
from ..store.deployments import Deployment, State
from .probe import Verdict, probe

_SAME_SECONDS = 120.0
"""Creation times of one deployment as two answers tell them differ by less."""

_BUSY_CODES = frozenset({"requestconflict", "anotheroperationinprogress", "conflict"})


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait where the service does not say how long."""

    poll: float
    outage: float
    refused: float
    probe: float
    give_up: float
    """How long the data plane may deny a deployment that the control plane calls made."""


LOCAL = Patience(poll=0.5, outage=1.0, refused=3.0, probe=0.5, give_up=120.0)
REMOTE = Patience(poll=10.0, outage=30.0, refused=60.0, probe=5.0, give_up=900.0)


def patience_of(profile: Profile) -> Patience:
    """The patience that suits where the service is."""
    return LOCAL if profile.is_local else REMOTE


@dataclass(frozen=True, slots=True)
class Desk:
    """What a step works with."""

    plane: ControlPlane
    chat: Chat
    database: Database
    patience: Patience
    clock: Callable[[], float]


async def carry_on(desk: Desk, row: Deployment) -> None:
    """Do the next thing about a deployment. An outage puts it off; a refusal is stored with it.

    Raises:
        StoreError: the step could not be stored; it is done again from where the row stands.
    """
    steps: dict[State, Callable[[Desk, Deployment], Awaitable[None]]] = {
        State.WANTED: _begin,
        State.CREATING: _create_on,
        State.PROBING: _probe,
        State.READY: _keep,
        State.REMOVING: _remove,
    }
    now = deployments.get(desk.database, row.name) or row
    try:
        await steps[row.state](desk, row)
    except (UnreachableError, ThrottledError) as error:
        now = deployments.get(desk.database, row.name) or row
        _put_off(desk, now, max(error.retry_after or 0.0, desk.patience.outage), error.problem)
    except NotAllowedError as error:
        now = deployments.get(desk.database, row.name) or row
        _put_off(desk, now, desk.patience.refused, error.problem)
    except ServiceError as error:
        now = deployments.get(desk.database, row.name) or row
        if error.status == 409 and (error.code or "").lower() in _BUSY_CODES:
            busy = Problem("The account is busy with another operation; this waits for its end.", raw=error.raw)
            _put_off(desk, now, max(error.retry_after or 0.0, desk.patience.poll), busy)
        else:
            _refused(desk, now, refusal_in_words(error, now, control_plane.quota(desk.database)))
    except CupolaError as error:
        _refused(desk, deployments.get(desk.database, row.name) or row, error.problem)


def is_ours(remote: Remote, row: Deployment) -> bool:
    """Whether what stands under the row's name is what Cupola made for the row."""
    if not row.nonce:
        return False
    if remote.nonce:
        return remote.nonce == row.nonce
    told = (remote.created_at, row.created_at)
    return told[0] is not None and told[1] is not None and abs(told[0] - told[1]) < _SAME_SECONDS


def is_same_model(remote: Remote, model: str) -> bool:
    """Whether a deployment is of that model, by its name or its name with the version."""
    return model.casefold() in (remote.model.casefold(), f"{remote.model}-{remote.model_version}".casefold())


def told_by(row: Deployment, remote: Remote, now: float) -> Deployment:
    """The row with what the service tells of it."""
    return replace(
        row,
        model_format=remote.model_format,
        model_version=remote.model_version,
        sku=remote.sku or row.sku,
        capacity=remote.capacity or row.capacity,
        service_state=remote.state,
        created_at=remote.created_at or row.created_at or now,
        raw=remote.raw,
        as_of=now,
    )


async def _begin(desk: Desk, row: Deployment) -> None:
    going = replace(row, state=State.CREATING, problem=None)
    if deployments.step(desk.database, row, going, desk.clock()):
        await _create_on(desk, going)


async def _create_on(desk: Desk, row: Deployment) -> None:
    if row.created_at is not None:
        await _follow(desk, row)
        return
    found = await remote_deployments.find(desk.plane, row.name)
    if found is not None and not (is_ours(found, row) and _has_failed(found.state)):
        _met(desk, row, found)
        return
    model = await remote_deployments.deployable(desk.plane, row.model)
    accepted = await remote_deployments.create(
        desk.plane, row.name, model, row.sku, row.capacity, row.nonce, row.purpose
    )
    now = desk.clock()
    made = row if accepted.remote is None else told_by(row, accepted.remote, now)
    begun = replace(
        made,
        model_format=model.model_format,
        model_version=model.version,
        created_at=made.created_at or now,
        operation=accepted.operation,
        next_at=now + (accepted.retry_after or desk.patience.poll),
        problem=None,
        as_of=now,
    )
    deployments.step(desk.database, row, begun, now, "The service has begun to make it.")


def _met(desk: Desk, row: Deployment, found: Remote) -> None:
    """Something stands under the name already: Cupola's own from before, or somebody else's."""
    now = desk.clock()
    told = told_by(row, found, now)
    if is_ours(found, row) and is_same_model(found, row.model):
        deployments.step(desk.database, row, replace(told, problem=None), now, "Found as an earlier attempt left it.")
    elif is_same_model(found, row.model):
        # Nothing of it is changed, and no fuse is put on it.
        theirs = replace(
            told, state=State.PROBING, nonce="", purpose="", fuse_at=None, idle_seconds=None, problem=None, next_at=None
        )
        words = "One of that name and model stands already: it is used as it is, and is not Cupola's to remove."
        deployments.step(desk.database, row, theirs, now, words, wishes=True)
    else:
        problem = Problem(
            f"There is a deployment {found.name!r} already, of {found.model}.",
            "Somebody else has made it; Cupola does not change it.",
            "Choose another name.",
            found.raw,
        )
        _refused(desk, row, problem)


async def _follow(desk: Desk, row: Deployment) -> None:
    done, wait = await _progress(desk, row)
    now = desk.clock()
    if done.status in ("failed", "canceled"):
        _refused(desk, row, _failure(row, done.problem))
        return
    if done.status not in ("", "succeeded"):
        waiting = replace(row, next_at=now + (wait or desk.patience.poll), problem=None, as_of=now)
        deployments.step(desk.database, row, waiting, now)
        return
    found = await remote_deployments.find(desk.plane, row.name)
    now = desk.clock()
    if found is None:
        why = "It is not there any more; somebody may have removed it."
        _refused(desk, replace(row, created_at=None), Problem("The deployment went away while it was made.", why))
        return
    told = replace(told_by(row, found, now), operation="", problem=None)
    if _has_failed(found.state):
        _refused(desk, told, _failure(row, ""))
    elif found.state.lower() == "succeeded":
        made = replace(told, state=State.PROBING, next_at=None)
        deployments.step(desk.database, row, made, now, "The control plane has made it; it is asked until it answers.")
    else:
        deployments.step(desk.database, row, replace(told, next_at=now + (wait or desk.patience.poll)), now)


async def _probe(desk: Desk, row: Deployment) -> None:
    verdict = await probe(desk.database, desk.chat, row)
    now = desk.clock()
    if verdict.answers:
        ready = replace(row, state=State.READY, ready_at=now, problem=verdict.problem, next_at=None, as_of=now)
        deployments.step(desk.database, row, ready, now, verdict.words)
        return
    if now - (row.step_at or now) < desk.patience.give_up:
        wait = max(verdict.wait or 0.0, desk.patience.probe)
        deployments.step(desk.database, row, replace(row, next_at=now + wait, problem=verdict.problem, as_of=now), now)
        return
    _refused(desk, row, _never_ready(row, verdict, desk.patience.give_up))


async def _keep(desk: Desk, row: Deployment) -> None:
    """Scale one that stands, and see such a change through."""
    if row.wanted_capacity is not None:
        await _scale(desk, row, row.wanted_capacity)
        return
    found = await remote_deployments.find(desk.plane, row.name)
    now = desk.clock()
    if found is None:
        gone = replace(row, state=State.GONE, gone_at=now, as_of=now)
        deployments.step(desk.database, row, gone, now, "It is not there any more.")
        return
    told = replace(told_by(row, found, now), next_at=now + desk.patience.poll)
    deployments.step(desk.database, row, told, now, _capacity_words(row, told))


async def _scale(desk: Desk, row: Deployment, capacity: int) -> None:
    now = desk.clock()
    if capacity == row.capacity:
        deployments.scaled(desk.database, row.name, capacity)
        return
    accepted = await remote_deployments.scale(desk.plane, row.name, row.sku, capacity)
    now = desk.clock()
    told = row if accepted.remote is None else told_by(row, accepted.remote, now)
    asked = replace(told, problem=None, next_at=now + (accepted.retry_after or desk.patience.poll))
    words = f"Scaled from capacity {row.capacity} to {capacity}."
    deployments.step(desk.database, row, replace(asked, service_state=told.service_state or "Accepted"), now, words)
    deployments.scaled(desk.database, row.name, capacity)


async def _remove(desk: Desk, row: Deployment) -> None:
    found = await remote_deployments.find(desk.plane, row.name)
    now = desk.clock()
    if found is None:
        words = "It is removed." if row.created_at is not None else "It was not made; nothing had to be removed."
        gone = replace(row, state=State.GONE, service_state="", problem=None, gone_at=now, as_of=now)
        deployments.step(desk.database, row, gone, now, words)
        return
    if (row.ours and not is_ours(found, row)) or not (row.ours or is_same_model(found, row.model)):
        theirs = replace(told_by(row, found, now), state=State.GONE, gone_at=now, problem=None)
        words = "Another one stands under this name, made by somebody else; it was left alone."
        deployments.step(desk.database, row, theirs, now, words)
        return
    told = replace(told_by(row, found, now), problem=None)
    if found.state.lower() != "deleting":
        accepted = await remote_deployments.remove(desk.plane, row.name)
        now = desk.clock()
        asked = replace(told, next_at=now + (accepted.retry_after or desk.patience.poll))
        deployments.step(desk.database, row, asked, now, "The service has begun to remove it.")
        return
    deployments.step(desk.database, row, replace(told, next_at=now + desk.patience.poll), now)


async def _progress(desk: Desk, row: Deployment) -> tuple[Progress, float | None]:
    if not row.operation:
        return Progress(""), None
    try:
        return await remote_deployments.follow(desk.plane, row.operation)
    except NotFoundError:
        # It is forgotten some time after its end; the deployment itself tells.
        return Progress(""), None


def _refused(desk: Desk, row: Deployment, problem: Problem) -> None:
    """What was asked cannot be had: making fails, removing is tried again later, scaling leaves it as it is."""
    now = desk.clock()
    if row.state in (State.WANTED, State.CREATING, State.PROBING):
        failed = replace(row, state=State.FAILED, problem=problem, operation="", next_at=None, as_of=now)
        deployments.step(desk.database, row, failed, now, problem.what)
        return
    if row.state is State.READY and row.wanted_capacity is not None:
        deployments.scaled(desk.database, row.name, row.wanted_capacity)
    if row.problem is None or row.problem.what != problem.what:
        deployments.step(desk.database, row, replace(row, problem=problem), now, problem.what)
    if row.state is State.REMOVING:
        _put_off(desk, row, desk.patience.refused, problem)


def _put_off(desk: Desk, row: Deployment, seconds: float, problem: Problem) -> None:
    now = desk.clock()
    deployments.step(desk.database, row, replace(row, next_at=now + seconds, problem=problem), now)


def _has_failed(state: str) -> bool:
    return state.lower() in ("failed", "canceled", "cancelled", "disabled")


def _failure(row: Deployment, told: str) -> Problem:
    return Problem(
        f"The service could not make {row.name}.",
        told or "It says no more than that it failed.",
        "Remove what is left of it, then deploy again; if it fails again, try another tier or less capacity.",
        row.raw,
    )


def _never_ready(row: Deployment, verdict: Verdict, seconds: float) -> Problem:
    last = f" Its last answer: {verdict.problem.what}" if verdict.problem else ""
    return Problem(
        f"{row.name} did not answer within {seconds / 60:.0f} minutes of being made.",
        f"The control plane calls it made, but the data plane does not know it.{last}",
        "Deploy it again under the same name to ask it anew, or remove it: it may cost by the hour.",
        row.raw,
    )


def _capacity_words(before: Deployment, after: Deployment) -> str:
    if before.capacity == after.capacity:
        return ""
    return f"Its capacity is {after.capacity} now."
