"""Having a job paused once its reward stands still: the order is given now, the worker carries it out later."""

from __future__ import annotations

import argparse
import time

from ...errors import UsageError
from ...store import convergence_orders
from ..context import Context, session_of, store_of
from ..fresh import refreshed
from ..naming import find
from ..output import emit_one, when
from ..text import clean
from ..workflow_commands.following import hand_over
from .steering import steer


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags to the verb that pauses."""
    which = parser.add_mutually_exclusive_group()
    about = "not now: once its reward stands still over three validation passes, by the worker"
    which.add_argument("--when-converged", action="store_true", help=about)
    which.add_argument("--not-when-converged", dest="off", action="store_true", help="take that back")
    parser.set_defaults(run=pause)


def pause(options: argparse.Namespace, context: Context) -> int:
    """Pause it now, or have it paused later."""
    if options.when_converged or options.off:
        return order(options, context)
    return steer(options, context)


def order(options: argparse.Namespace, context: Context) -> int:
    """Give the order, or withdraw it, and print how it stands."""
    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        refreshed(session, context, database, options.offline)
        job = find(database, options.job)
        if job.method != "reinforcement":
            raise UsageError(f"{clean(job.name)} is no reinforcement job.", remedy="Others are paused as they are.")
        if job.phase.ended:
            raise UsageError(f"{clean(job.name)} is {job.status}: there is nothing to pause.")
        if options.dry_run:
            context.say("Nothing is written with --dry-run.")
        elif options.off:
            withdrawn = convergence_orders.withdraw(database, job.id)
            context.say("It is not paused by itself any more." if withdrawn else "There was no such order.")
        else:
            asked = f"Pause {clean(job.name)} by itself once its reward stands still over three validation passes?"
            context.confirm(asked, options.yes)
            convergence_orders.give(database, job.id, time.time())
            if not options.offline and context.transport is None:
                hand_over(session, context)
            context.say(
                "The worker pauses it once no gain is left to see, and tells why. --not-when-converged takes it back."
            )
        known = convergence_orders.get(database, job.id)
        row = {
            "job": job.id,
            "name": clean(job.name),
            "stands": known is not None and known.stands,
            "asked": None if known is None else when(known.asked_at),
            "met": None if known is None or known.met_at is None else when(known.met_at),
            "why": None if known is None else clean(known.why) or None,
        }
        emit_one(options, context.out, "cupola.convergence-order/1", row, None, hidden=("as_of",))
    return 0
