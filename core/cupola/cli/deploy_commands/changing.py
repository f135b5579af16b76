"""Verbs that make, change and remove."""

from __future__ import annotations

import argparse
import time

from ...deployments.durations import duration_text, parse_duration
from ...deployments.needs import lacking
from ...deployments.orphans import orphans, wish_away
from ...deployments.plan import Plan, plan
from ...errors import ServiceError, UsageError
from ...store import deployments
from ...store.database import Database
from ...store.deployments import Deployment, State, Wanted, is_tuned
from ..context import Context, Session, session_of, store_of
from ..output import emit, emit_one, when
from ..text import clean
from .asking import carried_out, hand_over, looked
from .reading import deployment_row, named

EXIT_STILL_RUNNING = 8

_THEIRS = " Others have made it, and may need it as it is."


def create(options: argparse.Namespace, context: Context) -> int:
    """Say what it costs, ask, write the wish down, and wait until the deployment answers."""
    session = session_of(context, options.profile)
    wanted = Wanted(
        name=options.name,
        model=options.model,
        sku=options.tier or ("DeveloperTier" if is_tuned(options.model) else "GlobalStandard"),
        capacity=options.capacity,
        fuse_seconds=parse_duration(options.fuse),
        idle_seconds=parse_duration(options.idle),
        purpose=options.purpose,
    )
    with store_of(context, session.profile) as database:
        code = _ready_to_ask(options, session, context, database)
        if code:
            return code
        takes = plan(database, wanted)
        context.say(_in_words(takes))
        if options.dry_run:
            emit_one(options, context.out, "cupola.deployment-plan/1", _plan_row(takes), None, hidden=("as_of",))
            return 0
        context.confirm(f"Deploy {clean(wanted.model)} as {clean(wanted.name)}?", options.yes)
        deployments.want(database, wanted, time.time())
        return _awaited(options, session, context, database, wanted.name, (State.READY,))


def remove(options: argparse.Namespace, context: Context) -> int:
    """Ask, write the wish down, and wait until it is gone."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        row, code = _standing(options, session, context, database)
        if code:
            return code
        made = "" if row.ours else _THEIRS
        context.say(f"Removes {clean(row.name)} ({clean(row.model)}) for good; the model stays.{made}")
        if options.dry_run:
            return 0
        _confirm_typed(options, context, row.name)
        deployments.want_gone(database, row.name, time.time())
        return _awaited(options, session, context, database, row.name, (State.GONE,))


def extend(options: argparse.Namespace, context: Context) -> int:
    """Set the fuse anew, counted from now."""
    session, now = session_of(context, options.profile), time.time()
    seconds = parse_duration(options.fuse)
    with store_of(context, session.profile) as database:
        row = named(database, options.name)
        at = None if seconds is None else now + seconds
        context.say(f"{clean(row.name)} will {'not be removed by a fuse' if at is None else f'go at {when(at)}'}.")
        if options.dry_run:
            return 0
        context.confirm("Set the fuse so?", options.yes)
        if not deployments.extend_fuse(database, row.name, at, now):
            raise UsageError(f"{row.name} is {row.state}; it has no fuse to set.")
        hand_over(session, context)
        now_row = named(database, row.name)
        emit_one(options, context.out, "cupola.deployment/1", deployment_row(now_row, now), row.as_of, _HIDDEN)
    return 0


def scale(options: argparse.Namespace, context: Context) -> int:
    """Ask for another capacity and wait until the service has it."""
    session = session_of(context, options.profile)
    if options.capacity < 1:
        raise UsageError("The capacity must be a whole number of at least 1.")
    with store_of(context, session.profile) as database:
        row, code = _standing(options, session, context, database)
        if code:
            return code
        context.say(
            f"Scales {clean(row.name)} from capacity {row.capacity} to {options.capacity}; it goes on answering."
            + ("" if row.ours else _THEIRS)
        )
        if options.dry_run:
            return 0
        context.confirm("Scale it?", options.yes)
        if not deployments.want_capacity(database, row.name, options.capacity, time.time()):
            raise UsageError(f"{row.name} is {row.state}; it cannot be scaled.")
        return _awaited(options, session, context, database, row.name, (State.READY,))


def sweep(options: argparse.Namespace, context: Context) -> int:
    """List what nothing needs any more, ask, and have it removed."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        code = _ready_to_ask(options, session, context, database)
        if code:
            return code
        found = [one for one in orphans(database, time.time()) if options.only in (None, one.kind)]
        rows = [
            {"kind": o.kind, "name": o.name, "about": o.about, "why": o.why, "usd_per_hour": o.usd_per_hour}
            for o in found
        ]
        emit(options, context.out, "cupola.orphan/1", rows, ("kind", "name", "about", "why", "usd_per_hour"), None)
        if not found:
            context.say("Nothing that Cupola made is left over.")
        if options.dry_run or not found:
            return 0
        context.confirm(f"Remove all {len(found)} for good?", options.yes)
        wish_away(database, found, time.time())
        hand_over(session, context)
        context.say("They are wished away; the worker removes them.")
    return 0


_HIDDEN = ("as_of", "wanted_at", "created_at", "ready_at", "gone_at", "fuse_at", "last_used_at", "idle_seconds")


def _ready_to_ask(options: argparse.Namespace, session: Session, context: Context, database: Database) -> int:
    if options.offline:
        raise UsageError("Deployments cannot be changed offline.")
    if words := lacking(session.profile):
        raise UsageError(words)
    return looked(session, context, database, offline=False)


def _standing(
    options: argparse.Namespace, session: Session, context: Context, database: Database
) -> tuple[Deployment, int]:
    code = _ready_to_ask(options, session, context, database)
    row = named(database, options.name)
    if row.state is State.GONE:
        raise UsageError(f"{row.name} is gone already.")
    return row, code


def _awaited(
    options: argparse.Namespace,
    session: Session,
    context: Context,
    database: Database,
    name: str,
    ends: tuple[State, ...],
) -> int:
    def settled() -> bool:
        row = named(database, name)
        done = row.wanted_capacity is None and row.state in (*ends, State.FAILED)
        return done or (row.state is State.REMOVING and row.problem is not None)

    if options.no_wait:
        hand_over(session, context)
        context.say(f"The worker goes on without you. See it with `cupola deploy show {clean(name)}`.")
        return 0
    if not carried_out(session, context, database, settled, options.timeout):
        context.say(f"Not done after {options.timeout:.0f} s; the wish stays, and the worker goes on.")
        return EXIT_STILL_RUNNING
    row = named(database, name)
    emit_one(options, context.out, "cupola.deployment/1", deployment_row(row, time.time()), row.as_of, _HIDDEN)
    if row.problem is not None and (row.state not in ends or State.READY in ends):
        problem = row.problem
        raise ServiceError(problem.what, problem.why, problem.remedy, problem.raw)
    return 0


def _confirm_typed(options: argparse.Namespace, context: Context, name: str) -> None:
    """Have the name typed: what stands behind it may be somebody's production."""
    if options.yes:
        return
    if not context.input.isatty():
        raise UsageError("Nobody is there to confirm this.", remedy="Give -y to do it without a question.")
    context.err.write(f"Type {clean(name)} to remove it: ")
    context.err.flush()
    if context.input.readline().strip() != name:
        raise UsageError("Nothing was done.")


def _in_words(takes: Plan) -> str:
    wanted = takes.wanted
    free = "" if takes.quota is None else f" {takes.quota.free:.0f} of its quota is free."
    lines = [
        f"{wanted.model} on {takes.tier.name}, capacity {wanted.capacity} ({takes.tier.unit}).{free}",
        f"It goes after {duration_text(wanted.fuse_seconds)}."
        if wanted.fuse_seconds is not None
        else "It stays until somebody removes it.",
        takes.cost(),
        *takes.warnings,
    ]
    return "\n".join(lines)


def _plan_row(takes: Plan) -> dict[str, object]:
    wanted = takes.wanted
    return {
        "name": wanted.name,
        "model": wanted.model,
        "tier": takes.tier.name,
        "capacity": wanted.capacity,
        "fuse_seconds": wanted.fuse_seconds,
        "idle_seconds": wanted.idle_seconds,
        "usd_per_hour": takes.hosting.usd_per_hour,
        "most_usd": takes.most_usd,
        "price_source": takes.hosting.source,
        "quota": None if takes.quota is None else takes.quota.name,
        "free": None if takes.quota is None else takes.quota.free,
        "warnings": list(takes.warnings),
    }
