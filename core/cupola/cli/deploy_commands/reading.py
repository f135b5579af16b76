"""Verbs that look."""

from __future__ import annotations

import argparse
import time
from typing import Any

from ...deployments.candidates import candidates
from ...deployments.tiers import TIERS, goes_at, hosting, hosting_so_far
from ...errors import UsageError
from ...store import control_plane, deployments
from ...store.database import Database
from ...store.deployments import Deployment, State
from ..context import Context, session_of, store_of
from ..output import emit, emit_one, when
from ..text import clean
from .asking import looked

_COLUMNS = ("name", "model", "tier", "capacity", "state", "age", "idle", "cost", "per_hour", "goes")


def list_(options: argparse.Namespace, context: Context) -> int:
    """Print what is deployed."""
    session, now = session_of(context, options.profile), time.time()
    with store_of(context, session.profile) as database:
        code = looked(session, context, database, options.offline)
        rows = [row for row in deployments.all_deployments(database) if options.all or row.state is not State.GONE]
        emit(options, context.out, "cupola.deployment/1", [deployment_row(row, now) for row in rows], _COLUMNS, None)
        if not rows and code == 0:
            _tell_asked(context, database)
    return code


def show(options: argparse.Namespace, context: Context) -> int:
    """Print one deployment with its history."""
    session, now = session_of(context, options.profile), time.time()
    with store_of(context, session.profile) as database:
        code = looked(session, context, database, options.offline)
        row = named(database, options.name)
        steps = deployments.history(database, row.name)
        told = {
            **deployment_row(row, now),
            "probe_usd": round(deployments.probe_usd(database, row.name), 6),
            "history": [{"at": when(step.at), "state": step.state.value, "words": step.words} for step in steps],
        }
        if options.output in ("json", "jsonl") or options.query:
            emit_one(options, context.out, "cupola.deployment/1", told, row.as_of)
            return code
        hidden = ("as_of", "wanted_at", "created_at", "ready_at", "gone_at", "fuse_at", "last_used_at", "history")
        emit_one(options, context.out, "cupola.deployment/1", told, row.as_of, hidden=hidden)
        for step in reversed(steps):
            context.out.write(f"{when(step.at)}  {clean(step.words)}\n")
    return code


def quota(options: argparse.Namespace, context: Context) -> int:
    """Print the quota."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = looked(session, context, database, options.offline)
        rows = [
            {"name": q.name, "about": q.text, "used": q.used, "limit": q.limit, "free": q.free, "as_of": q.as_of}
            for q in control_plane.quota(database)
        ]
        emit(options, context.out, "cupola.quota/1", rows, ("name", "used", "limit", "free"), None)
    return code


def models(options: argparse.Namespace, context: Context) -> int:
    """Print what can be deployed, as far as it is known."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        rows = [
            {"model": one.model, "kind": one.kind, "about": one.about, "suggested_name": one.suggested_name}
            for one in candidates(database)
        ]
        emit(options, context.out, "cupola.deployable/1", rows, ("model", "kind", "about"), None)
        if not rows:
            context.say("No model is known yet: start the worker, or look with `cupola job list`.")
    return 0


def tiers(options: argparse.Namespace, context: Context) -> int:
    """Print the ways to deploy with what a tuned model costs there."""
    rows = []
    for tier in TIERS:
        price = hosting("tuned.ft-", tier.name)
        rows.append(
            {
                "tier": tier.name,
                "tuned_usd_per_hour": price.usd_per_hour,
                "unit": tier.unit,
                "about": tier.about,
                "source": price.source,
            }
        )
    emit(options, context.out, "cupola.tier/1", rows, ("tier", "tuned_usd_per_hour", "about"), None)
    return 0


def named(database: Database, name: str) -> Deployment:
    """The deployment of that name.

    Raises:
        UsageError: none is known.
    """
    found = deployments.get(database, name)
    if found is None:
        raise UsageError(f"No deployment is known as {name!r}.", remedy="`cupola deploy list --all` tells all.")
    return found


def deployment_row(row: Deployment, now: float) -> dict[str, Any]:
    """A deployment as printed."""
    price, idle = hosting(row.model, row.sku), row.idle_since
    cost, goes = hosting_so_far(row, now), goes_at(row)
    # Whether others ask theirs is not known.
    asked = row.ours or row.last_used_at is not None
    return {
        "name": row.name,
        "model": row.model,
        "tier": row.sku,
        "capacity": row.capacity,
        "wanted_capacity": row.wanted_capacity,
        "state": row.state.value,
        "service_state": row.service_state,
        "made_by": "cupola" if row.ours else "others",
        "purpose": row.purpose,
        "age": _span(None if row.created_at is None else (row.gone_at or now) - row.created_at),
        "idle": _span(now - idle if idle is not None and row.state is State.READY and asked else None),
        "cost": None if cost is None else round(cost, 4),
        "per_hour": price.usd_per_hour,
        "price_source": price.source,
        "goes": when(goes),
        "fuse_at": row.fuse_at,
        "idle_seconds": row.idle_seconds,
        "wanted_at": row.wanted_at,
        "created_at": row.created_at,
        "ready_at": row.ready_at,
        "gone_at": row.gone_at,
        "last_used_at": row.last_used_at,
        "problem": None if row.problem is None else " ".join(filter(None, (row.problem.what, row.problem.remedy))),
        "as_of": row.as_of,
    }


def _span(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    minutes = int(max(0.0, seconds) // 60)
    days, hours = divmod(minutes // 60, 24)
    return f"{days}d {hours}h" if days else f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def _tell_asked(context: Context, database: Database) -> None:
    asked = deployments.asked_names(database)
    if asked:
        context.say(f"Cupola has asked these by name: {', '.join(map(clean, sorted(asked)))}.")
