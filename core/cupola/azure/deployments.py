"""Deployments on the control plane: look, make, scale, remove, follow; and the quota they draw on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..errors import NotFoundError, UsageError
from ..store.control_plane import QuotaLine
from ..store.deployments import is_tuned
from .control_plane import Answer, ControlPlane
from .wire import deployments as wire
from .wire.deployments import Deployable, Progress, Remote
from .wire.reading import Json

TUNED_VERSION = "1"
"""The version of every tuned model."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the service says when it has begun."""

    operation: str
    """Path and query under which it tells how far it is; "" where only the deployment itself tells."""
    retry_after: float | None
    remote: Remote | None = None


async def list_all(plane: ControlPlane) -> list[Remote]:
    """Every deployment of the account."""
    listed = [wire.deployment(entry) for entry in await plane.every(f"{plane.place.path}/deployments")]
    return [remote for remote in listed if remote is not None]


async def find(plane: ControlPlane, name: str) -> Remote | None:
    """The deployment of that name as it is now, or None."""
    try:
        return wire.deployment(await plane.get(_path(plane, name)))
    except NotFoundError:
        return None


async def create(
    plane: ControlPlane, name: str, model: Deployable, sku: str, capacity: int, nonce: str, purpose: str
) -> Accepted:
    """Begin to make a deployment. Whoever calls has looked that none of that name is there.

    Raises:
        ServiceError: the service refused; or no answer came, and it may have begun all the same.
    """
    body = wire.body(model, sku, capacity, nonce, purpose)
    return _accepted(plane, await plane.once("PUT", _path(plane, name), body))


async def scale(plane: ControlPlane, name: str, sku: str, capacity: int) -> Accepted:
    """Begin to change the capacity; it goes on answering."""
    body = {"sku": {"name": sku, "capacity": capacity}}
    return _accepted(plane, await plane.once("PATCH", _path(plane, name), body))


async def remove(plane: ControlPlane, name: str) -> Accepted:
    """Begin to remove a deployment; one that is not there is removed already."""
    try:
        return _accepted(plane, await plane.once("DELETE", _path(plane, name)))
    except NotFoundError:
        return Accepted("", None)


async def follow(plane: ControlPlane, operation: str) -> tuple[Progress, float | None]:
    """How far an operation is, and how long to wait before asking again.

    Raises:
        NotFoundError: the service has forgotten it; the deployment itself tells.
    """
    answer = await plane.once("GET", operation)
    if answer.status == 202:
        return Progress("inprogress"), wire.delay(answer.headers)
    return wire.progress(answer.json), wire.delay(answer.headers)


async def deployable(plane: ControlPlane, model: str) -> Deployable:
    """How the control plane calls a model: a base model by its name or id, a tuned model or a checkpoint by its own.

    Raises:
        UsageError: the account offers no such model.
    """
    listed = [wire.deployable(entry) for entry in await plane.every(f"{plane.place.path}/models")]
    offered = [entry for entry in listed if entry is not None]
    wanted = model.casefold()
    for entry in offered:
        if wanted in (entry.name.casefold(), f"{entry.name}-{entry.version}".casefold()):
            return entry
    if is_tuned(model):
        # Checkpoints are not listed; they share the publisher of the model they come from.
        base = next((entry for entry in offered if wanted.startswith(entry.name.casefold())), None)
        return Deployable(model, base.model_format if base else "OpenAI", TUNED_VERSION, base.skus if base else ())
    raise UsageError(
        f"The account offers no model {model!r} for deployment.",
        "It may have retired, or not be offered in this region.",
        "Choose one of `cupola deploy models`.",
    )


async def quota(plane: ControlPlane) -> list[QuotaLine]:
    """What is used of what the subscription may have in the account's location."""
    as_of = plane.clock()
    listed = [wire.quota_line(entry, as_of) for entry in await plane.every(f"{plane.place.location_path}/usages")]
    return [line for line in listed if line is not None]


def _path(plane: ControlPlane, name: str) -> str:
    return f"{plane.place.path}/deployments/{quote(name, safe='')}"


def _accepted(plane: ControlPlane, answer: Answer) -> Accepted:
    body: Json = answer.json
    return Accepted(_operation(plane, answer.headers), wire.delay(answer.headers), wire.deployment(body))


def _operation(plane: ControlPlane, headers: Mapping[str, str]) -> str:
    link = headers.get("azure-asyncoperation") or headers.get("location") or ""
    return plane.own_path(link) if link else ""
