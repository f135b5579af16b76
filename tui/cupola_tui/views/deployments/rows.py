"""The list of deployments: its columns, its cells, its order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cupola.deployments.tiers import find_tier, goes_at, hosting, hosting_so_far
from cupola.store.deployments import Deployment, State

from ...lines import Line, line
from ...widgets.table import Column
from ..words import duration

COLUMNS = (
    Column("", 1),
    Column("name", 14, flexible=True),
    Column("model", 14, flexible=True, drop=2),
    Column("tier", 9, drop=3),
    Column("cap", 7, right=True, drop=5),
    Column("state", 9),
    Column("age", 7, right=True, drop=4),
    Column("idle", 7, right=True, drop=1),
    Column("cost", 8, right=True),
    Column("per h", 6, right=True),
    Column("goes in", 8, right=True),
)

_SIGNS = {
    State.WANTED: ("○", "info"),
    State.CREATING: ("◐", "info"),
    State.PROBING: ("◑", "info"),
    State.READY: ("●", "good"),
    State.REMOVING: ("◌", "warn"),
    State.GONE: ("–", "faint"),
    State.FAILED: ("✗", "bad"),
}

_SHORT_TIERS = {
    "DeveloperTier": "developer",
    "Standard": "standard",
    "GlobalStandard": "global",
    "DataZoneStandard": "data zone",
    "ProvisionedManaged": "reserved",
    "GlobalProvisionedManaged": "reserved",
    "DataZoneProvisionedManaged": "reserved",
    "GlobalBatch": "batch",
}

_TUNED = re.compile(r"(?P<base>.+?)(-\d{4}-\d{2}-\d{2})?\.ft-[0-9a-f]{32}-?(?P<own>.+)")
"""Base, its version's date, the service's id of the model, and what the person called it."""

_SOON_SECONDS = 1_800.0


def ordered(every: Sequence[Deployment], *, gone: bool, words: str) -> list[Deployment]:
    """Cupola's own first, what is under way or failed before what rests; with the gone ones only if wanted."""
    wanted = words.lower().split()
    shown = [row for row in every if (gone or row.state is not State.GONE) and _has(row, wanted)]
    return sorted(shown, key=lambda row: (row.state is State.GONE, not row.ours, _rank(row), row.name.lower()))


def cells(row: Deployment, now: float) -> tuple[Line, ...]:
    """One row."""
    sign, ink = _SIGNS[row.state]
    dim = "faint" if row.state is State.GONE else "" if row.ours else "muted"
    age = "–" if row.created_at is None else duration((row.gone_at or now) - row.created_at)
    return (
        line((sign, ink)),
        line((row.name, dim or "bold")),
        line((model_words(row.model), dim)),
        line((tier_words(row.sku), dim)),
        line((capacity_words(row), dim)),
        line((state_words(row), ink)),
        line((age, dim)),
        line((idle_words(row, now), dim)),
        line((money(hosting_so_far(row, now)), dim)),
        line((money(hosting(row.model, row.sku).usd_per_hour if row.stands or row.state.moving else 0.0), dim)),
        _goes(row, now),
    )


def state_words(row: Deployment) -> str:
    """Cupola's word, or the service's where it says more."""
    told = row.service_state.lower()
    if row.state is State.READY and told not in ("", "succeeded"):
        return "scaling" if row.ours and told == "accepted" else row.service_state
    return row.state.value


def tier_words(sku: str) -> str:
    """A tier's short name; one that is not known as it came."""
    tier = find_tier(sku)
    return _SHORT_TIERS.get(tier.name, sku) if tier else sku


def model_words(model: str) -> str:
    """A model's name without what nobody reads: of a tuned one the base's name and its own suffix."""
    match = _TUNED.fullmatch(model)
    return f"{match['base']} · {match['own']}" if match else model


def capacity_words(row: Deployment) -> str:
    """The capacity, and what it is to become."""
    return f"{row.capacity:,}" if row.wanted_capacity is None else f"{row.capacity:,}→{row.wanted_capacity:,}"


def idle_words(row: Deployment, now: float) -> str:
    """How long Cupola has not asked it; `–` where it is not ready."""
    since = row.idle_since
    if since is None or row.state is not State.READY:
        return "–"
    # Whether others ask it is not known: without a call of ours it has no idle time to show.
    return duration(now - since) if row.ours or row.last_used_at is not None else "–"


def burn_words(every: Sequence[Deployment]) -> str:
    """What all that stand cost by the hour together; "" where that is nothing."""
    prices = [hosting(row.model, row.sku).usd_per_hour for row in every if row.stands]
    known = sum(price for price in prices if price is not None)
    more = " or more" if None in prices else ""
    return f"{money(known)} an hour{more}" if known else "price not known" if more else ""


def money(usd: float | None) -> str:
    """Dollars; `?` where the price is not known."""
    return "?" if usd is None else "–" if usd == 0 else f"${usd:.2f}"


def _goes(row: Deployment, now: float) -> Line:
    at = goes_at(row)
    if row.state in (State.GONE, State.REMOVING):
        return line(("", ""))
    if row.state is State.FAILED and not row.stands:
        return line(("–", "muted"))
    if at is None:
        return line(("–" if not row.ours else "never", "muted" if not row.ours else "warn"))
    return line((duration(max(0.0, at - now)), "warn" if at - now < _SOON_SECONDS else ""))


def _rank(row: Deployment) -> int:
    return 0 if row.state.moving else 1 if row.state is State.FAILED else 2


def _has(row: Deployment, wanted: Sequence[str]) -> bool:
    text = f"{row.name} {row.model} {row.sku} {row.state} {row.purpose}".lower()
    return all((word[1:] not in text) if word.startswith("!") and word[1:] else word in text for word in wanted)
