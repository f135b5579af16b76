"""Deployments, operations and quota as the control plane writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...store.control_plane import QuotaLine
from .reading import Json, integer, mapping, number, objects, raw, text

NONCE_TAG = "cupola-nonce"
PURPOSE_TAG = "cupola-purpose"
_PURPOSE_KEPT = 200


@dataclass(frozen=True, slots=True)
class Remote:
    """A deployment as the service tells it."""

    name: str
    model: str
    model_format: str
    model_version: str
    sku: str
    capacity: int
    state: str
    """provisioningState, as it came."""
    created_at: float | None
    nonce: str
    purpose: str
    raw: str


@dataclass(frozen=True, slots=True)
class Deployable:
    """A model as it must be named to be deployed."""

    name: str
    model_format: str
    version: str
    skus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long-running operation is."""

    status: str
    """In lower case: inprogress, succeeded, failed, canceled, or what else the service says."""
    problem: str = ""
    """Code and message of a failure."""


def deployment(value: Json) -> Remote | None:
    """Read a deployment; None if it has no name."""
    name = text(value.get("name"))
    if not name:
        return None
    sku, properties = mapping(value.get("sku")), mapping(value.get("properties"))
    model, tags = mapping(properties.get("model")), mapping(value.get("tags"))
    return Remote(
        name=name,
        model=text(model.get("name")) or "",
        model_format=text(model.get("format")) or "",
        model_version=text(model.get("version")) or "",
        sku=text(sku.get("name")) or "",
        capacity=integer(sku.get("capacity")) or integer(properties.get("currentCapacity")) or 0,
        state=text(properties.get("provisioningState")) or "",
        created_at=timestamp(mapping(value.get("systemData")).get("createdAt")),
        nonce=text(tags.get(NONCE_TAG)) or "",
        purpose=text(tags.get(PURPOSE_TAG)) or "",
        raw=raw(value),
    )


def body(model: Deployable, sku: str, capacity: int, nonce: str, purpose: str) -> dict[str, Any]:
    """The JSON that creates a deployment; the tags tell that it is Cupola's."""
    tags = {NONCE_TAG: nonce, **({PURPOSE_TAG: purpose[:_PURPOSE_KEPT]} if purpose else {})}
    named = {"format": model.model_format, "name": model.name, "version": model.version}
    return {"sku": {"name": sku, "capacity": capacity}, "properties": {"model": named}, "tags": tags}


def deployable(value: Json) -> Deployable | None:
    """Read an entry of the account's models; None if it has no name."""
    name = text(value.get("name"))
    if not name:
        return None
    skus = tuple(sku for entry in objects(value.get("skus")) if (sku := text(entry.get("name"))))
    return Deployable(name, text(value.get("format")) or "OpenAI", text(value.get("version")) or "", skus)


def progress(value: Json) -> Progress:
    """Read an operation's status."""
    error = mapping(value.get("error"))
    told = [part for part in (text(error.get("code")), text(error.get("message"))) if part]
    return Progress((text(value.get("status")) or "").lower(), ": ".join(told))


def quota_line(value: Json, as_of: float) -> QuotaLine | None:
    """Read an entry of the usages; None if it has no name or limit."""
    name = mapping(value.get("name"))
    own, limit = text(name.get("value")), number(value.get("limit"))
    if not own or limit is None:
        return None
    return QuotaLine(
        own, text(name.get("localizedValue")) or own, number(value.get("currentValue")) or 0.0, limit, as_of
    )


def timestamp(value: object) -> float | None:
    """Unix seconds of an ISO 8601 time, or None."""
    try:
        return dt.datetime.fromisoformat(text(value) or "").timestamp()
    except (ValueError, OverflowError):
        return None


def delay(headers: Mapping[str, str]) -> float | None:
    """The Retry-After of an answer, in seconds."""
    told = number(headers.get("retry-after"))
    return None if told is None else max(0.0, told)
