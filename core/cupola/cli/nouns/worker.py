"""The worker: the process that looks at the service for a profile, with or without a screen."""

from __future__ import annotations

import argparse
import logging
import time

from ...errors import UsageError
from ...store import health, intents
from ...worker import process
from ..context import Context, Session, session_of, store_of
from ..output import emit_one, when

FREEZE, THAW = "polling.freeze", "polling.thaw"


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    for name, run, about in (
        ("status", status, "whether it runs, and how its talk with the service goes"),
        ("start", start, "start it in the background; it outlives this terminal"),
        ("stop", stop, "stop it; nothing is lost"),
        ("freeze", freeze, "have it ask the service nothing, for every face, until it is thawed"),
        ("thaw", thaw, "have it ask again"),
        ("run", run_here, "run it in this terminal until interrupted"),
    ):
        verbs.add_parser(name, parents=[common], help=about).set_defaults(run=run)


def status(options: argparse.Namespace, context: Context) -> int:
    """Print whether the profile's worker runs."""
    session = session_of(context, options.profile)
    holder = process.status(session.profile.name, context.paths).holder
    with store_of(context, session.profile) as database:
        known = health.get(database)
    row = {
        "profile": session.profile.name,
        "running": holder is not None,
        "pid": holder.pid if holder else None,
        "started_at": when(holder.started_at) if holder else None,
        "endpoint": holder.endpoint if holder else None,
        "problem": str(known.problem.what) if known.problem else None,
        "problem_why": known.problem.why if known.problem else None,
        "problem_remedy": known.problem.remedy if known.problem else None,
        "next_try": when(known.next_try) if known.problem else None,
    }
    emit_one(options, context.out, "cupola.worker/1", row, known.checked_at)
    return 0


def start(options: argparse.Namespace, context: Context) -> int:
    """Start the worker, after a check that it would have an address and a key."""
    _refuse_offline(context)
    session = session_of(context, options.profile)
    if process.status(session.profile.name, context.paths).running:
        context.say(f"The worker of profile {session.profile.name} is running already.")
        return 0
    check_access(session)
    begun = process.start(session.profile, session.environment, context.paths)
    context.say(
        f"Started the worker of profile {session.profile.name} as process {begun.holder.pid if begun.holder else 0}."
    )
    return 0


def stop(options: argparse.Namespace, context: Context) -> int:
    """Stop the worker and wait until it has."""
    name = session_of(context, options.profile).profile.name
    was_running = process.stop(name, context.paths)
    context.say(
        f"Stopped the worker of profile {name}." if was_running else f"No worker of profile {name} was running."
    )
    return 0


def freeze(options: argparse.Namespace, context: Context) -> int:
    """Write down that polling is to stop; holds over restarts of the worker."""
    return _wished(options, context, FREEZE, "asks the service nothing until `cupola worker thaw`")


def thaw(options: argparse.Namespace, context: Context) -> int:
    """Write down that polling goes on."""
    return _wished(options, context, THAW, "asks the service again")


def _wished(options: argparse.Namespace, context: Context, kind: str, said: str) -> int:
    profile = session_of(context, options.profile).profile
    with store_of(context, profile) as database:
        intents.wish(database, kind, "", time.time())
    context.say(f"The worker of profile {profile.name} {said}.")
    return 0


def run_here(options: argparse.Namespace, context: Context) -> int:
    """Run the worker in the foreground."""
    from ...worker.run import run

    _refuse_offline(context)
    session = session_of(context, options.profile)
    check_access(session)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=context.err)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    run(session.profile, context.paths, session.environment)
    return 0


def _refuse_offline(context: Context) -> None:
    if context.offline:
        raise UsageError("A worker asks the service; it is not started offline.")


def check_access(session: Session) -> None:
    """See that the profile has a safe endpoint and a credential, before a process is started for it."""
    from ...azure.client import checked_endpoint
    from ...azure.credentials import find_credential

    checked_endpoint(session.profile)
    find_credential(session.profile, session.environment)
