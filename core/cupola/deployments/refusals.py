"""Refusals to deploy in plain words: what is free, and which other tier has room."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import ServiceError
from ..models import Problem
from ..store.control_plane import QuotaLine
from ..store.deployments import Deployment
from .quota import other_tiers, quota_of

_NUMBERS = re.compile(
    r"require (?P<wanted>\d+) new capacity in quota (?P<quota>.+?), which is bigger than the current available capacity"
    r" (?P<free>\d+)"
)


def refusal_in_words(error: ServiceError, row: Deployment, lines: Sequence[QuotaLine]) -> Problem:
    """What the service's refusal of a deployment means and what helps."""
    code = (error.code or "").lower()
    capacity = row.wanted_capacity or row.capacity
    if code == "insufficientquota" or "new capacity in quota" in error.what:
        return _no_quota(error, row, lines, capacity)
    if "not supported in this region" in error.what:
        return Problem(
            f"{row.sku} is not offered for {row.model} in this region.",
            error.what,
            _with_room(lines, row, capacity) or "Choose another tier.",
            error.raw,
        )
    if code == "quotaexceeded":
        why = "A resource holds at most 10 tuned and 32 base deployments."
        return Problem("The resource has as many deployments as it may.", why, "Remove one first.", error.raw)
    return error.problem


def _no_quota(error: ServiceError, row: Deployment, lines: Sequence[QuotaLine], capacity: int) -> Problem:
    told = _NUMBERS.search(error.what)
    line = quota_of(lines, row.model, row.sku)
    free = int(told["free"]) if told else int(line.free) if line else None
    name = told["quota"] if told else line.text if line else f"{row.sku} of {row.model}"
    what = f"There is no quota for {row.sku} of capacity {capacity}."
    why = (
        f"{name}: {free} is free, {told['wanted'] if told else capacity} more was asked for."
        if free is not None
        else ""
    )
    ways = [f"Ask for capacity {free} or less." if free else "", _with_room(lines, row, capacity)]
    remedy = (
        " ".join(filter(None, ways)) or "Remove another deployment, wait 20 s, and ask again; or ask for more quota."
    )
    return Problem(what, why, remedy, error.raw)


def _with_room(lines: Sequence[QuotaLine], row: Deployment, capacity: int) -> str:
    room = ", ".join(
        f"{name} ({line.free:.0f} free)" for name, line in other_tiers(lines, row.model, row.sku, capacity)
    )
    return f"There is room on {room}." if room else ""
