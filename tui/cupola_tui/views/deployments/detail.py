"""One deployment in detail, its history, the quota; and what the empty pane says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cupola.deployments.needs import lacking
from cupola.deployments.quota import quota_of
from cupola.deployments.tiers import (
    DEVELOPER_LIFE_SECONDS,
    UNUSED_LIFE_SECONDS,
    find_tier,
    goes_at,
    hosting,
    hosting_so_far,
)
from cupola.models import Health, Problem
from cupola.settings import Profile
from cupola.store.control_plane import QuotaLine
from cupola.store.deployments import Deployment, State, Step, is_tuned

from ...lines import Line, labelled, line, wrapped
from ..words import duration, moment
from .rows import money, state_words

_EMPTY = "What is deployed, what it costs by the hour, how long it has been idle, and when it goes."
_ASKED_SHOWN = 12


def facts_lines(row: Deployment, now: float, quota: Sequence[QuotaLine], probe_usd: float, width: int) -> list[Line]:
    """All that is known of a deployment."""
    out: list[Line] = []
    if row.problem is not None:
        out += problem_lines(row.problem, width)
    out += labelled("model", row.model, width)
    tier = find_tier(row.sku)
    out += labelled("tier", f"{row.sku}{f': {tier.about}' if tier else ''}", width)
    out += labelled("state", _state(row, now), width)
    out += labelled("capacity", _capacity(row, quota), width)
    out += labelled("cost", _cost(row, now, probe_usd), width)
    out += labelled("goes", _goes(row, now), width, "warn" if _is_endless(row) else "")
    out += labelled("used", _used(row, now), width)
    made = "Cupola" if row.ours else "others; Cupola changes nothing of it unless you ask"
    out += labelled("made by", made, width)
    if row.purpose:
        out += labelled("for", row.purpose, width)
    return out


def problem_lines(problem: Problem, width: int) -> list[Line]:
    """What went wrong, why, and what to do."""
    out = wrapped(f"✗ {problem.what}", width, "bad", "  ")
    out += wrapped(problem.why, width, "muted") if problem.why else []
    out += wrapped(problem.remedy, width) if problem.remedy else []
    return [*out, line("")]


def step_cells(step: Step, now: float) -> tuple[Line, ...]:
    """One line of the history."""
    inks = {State.FAILED: "bad", State.READY: "good", State.GONE: "muted"}
    return line((moment(step.at, now), "muted")), line((step.state.value, inks.get(step.state, ""))), line(step.words)


def quota_cells(entry: QuotaLine, own: bool) -> tuple[Line, ...]:
    """One line of the quota; the selected deployment's own stands out."""
    share = entry.used / entry.limit if entry.limit else 1.0
    ink = "bad" if share >= 1 else "warn" if share >= 0.8 else ""
    return (
        line((entry.name, "accent bold" if own else "")),
        line(f"{entry.used:,.0f}"),
        line(f"{entry.limit:,.0f}"),
        line((f"{entry.free:,.0f}", ink)),
    )


def notice(profile: Profile, trouble: Health, now: float) -> str:
    """Why the list may be old, in a sentence; "" where it is fresh."""
    if words := lacking(profile):
        return words
    if trouble.problem is None:
        return ""
    since = f" for {duration(now - trouble.since)}" if trouble.since is not None else ""
    return " ".join(filter(None, (f"{trouble.problem.what}{since}.", trouble.problem.remedy))).replace("..", ".")


def nothing_yet(profile: Profile, trouble: Health, asked: Mapping[str, float], now: float, width: int) -> list[Line]:
    """What the empty pane is for, and what fills it."""
    out = [line(("Deployments", "accent bold")), line(""), *wrapped(_EMPTY, width), line("")]
    if words := notice(profile, trouble, now):
        out += [*wrapped(words, width, "warn"), line("")]
    elif trouble.checked_at is None:
        out += [line(("The service has not been asked yet.", "muted")), line("")]
    else:
        out += [line("Nothing is deployed. ", ("x", "key bold"), " deploys a model."), line("")]
    if asked:
        names = sorted(asked, key=lambda name: -asked[name])[:_ASKED_SHOWN]
        out += wrapped(f"Cupola has asked these by name: {', '.join(names)}.", width, "muted")
    return out


def own_quota(row: Deployment, quota: Sequence[QuotaLine]) -> QuotaLine | None:
    """The quota that a deployment draws on."""
    return quota_of(quota, row.model, row.sku)


def _state(row: Deployment, now: float) -> str:
    said = f"; the service says {row.service_state}" if row.service_state else ""
    since = f" for {duration(now - row.step_at)}" if row.step_at is not None and row.state is not State.READY else ""
    words = {
        State.CREATING: "the service is making it",
        State.PROBING: "made; asked until it answers",
        State.WANTED: "wanted; the worker has not begun",
        State.REMOVING: "being removed",
    }
    return f"{words.get(row.state, state_words(row))}{since}{said}"


def _capacity(row: Deployment, quota: Sequence[QuotaLine]) -> str:
    tier, own = find_tier(row.sku), own_quota(row, quota)
    unit = tier.unit if tier else "units"
    free = f"; {own.free:,.0f} of {own.limit:,.0f} of its quota is free" if own else ""
    change = f", to become {row.wanted_capacity:,}" if row.wanted_capacity is not None else ""
    return f"{row.capacity:,} {unit}{change}{free}"


def _cost(row: Deployment, now: float, probe_usd: float) -> str:
    if row.state is State.FAILED and not row.stands:
        return "nothing"
    price = hosting(row.model, row.sku)
    if price.usd_per_hour is None:
        return "its price by the hour is not in the price table; tokens are paid on top"
    source = f" ({price.source})" if price.source else ""
    probes = f"; asking whether it answers ${probe_usd:.6f}" if probe_usd else ""
    if price.usd_per_hour == 0:
        return f"nothing by the hour{source}; tokens as they are used{probes}"
    return f"{money(hosting_so_far(row, now))} so far, {money(price.usd_per_hour)} an hour{source}, also idle{probes}"


def _goes(row: Deployment, now: float) -> str:
    if row.state is State.GONE:
        return f"gone at {moment(row.gone_at, now)}" if row.gone_at is not None else "gone"
    if row.state is State.FAILED and not row.stands:
        return "nothing of it stands"
    at, parts = goes_at(row), []
    if at is not None:
        rule = at != row.fuse_at
        by = f"the service's {DEVELOPER_LIFE_SECONDS / 3600:.0f} hours of the tier" if rule else "its fuse"
        parts.append(f"in {duration(max(0.0, at - now))}, at {moment(at, now)}, by {by}")
    if row.idle_seconds is not None:
        parts.append(f"when Cupola has not asked it for {duration(row.idle_seconds)}")
    if parts:
        return "; ".join(parts)
    return "never by itself: it has no fuse" if row.ours else "not by Cupola"


def _used(row: Deployment, now: float) -> str:
    last = row.last_used_at
    asked = "never asked by Cupola" if last is None else f"last asked by Cupola {duration(now - last)} ago"
    tier = find_tier(row.sku)
    if is_tuned(row.model) and row.stands and (tier is None or tier.name != "DeveloperTier"):
        asked += f"; after {UNUSED_LIFE_SECONDS / 86_400:.0f} days without any call the service removes it"
    return f"{asked}; what others ask is not known"


def _is_endless(row: Deployment) -> bool:
    costs = hosting(row.model, row.sku).usd_per_hour != 0
    return row.ours and row.stands and goes_at(row) is None and row.idle_seconds is None and costs
