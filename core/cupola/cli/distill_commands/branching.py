"""The verb that begins another distillation where an earlier one stands."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from ..context import Context, session_of, store_of
from ..text import clean
from ..workflow_commands.estimates import in_words, print_estimate
from ..workflow_commands.following import hand_over
from .running import DISTILLATIONS
from .settings import changes


def branch(options: argparse.Namespace, context: Context) -> int:
    """Start another with other settings."""
    from ...workflows.distil.definition import checked, parse
    from ...workflows.distil.estimate import estimate_whole
    from ...workflows.distil.start import branch as branched

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        before = DISTILLATIONS.find(database, options.workflow)
        settings = parse(before.definition)
        changed = changes(options, settings)
        takes = estimate_whole(database, checked(replace(settings, **changed)))
        hard = before.hard if options.max_cost is None else options.max_cost
        context.say(in_words(before.name, " and one training job at most", takes, hard))
        context.say("Stages whose inputs stay the same are taken over and not paid for again.")
        if options.dry_run:
            print_estimate(options, context, takes)
            return 0
        told = ", ".join(f"{name} {value}" for name, value in changed.items()) or "nothing changed"
        context.confirm(f"Branch from distillation {before.id} with {clean(told)}? Training is billed.", options.yes)
        limits = {"soft": options.ask_from, "hard": options.max_cost}
        made = branched(database, before.id, time.time(), at=options.at, **limits, **changed)
        hand_over(session, context)
        context.say(f"Distillation {made} begins. See it with `cupola distill watch {made}`.")
    return 0
