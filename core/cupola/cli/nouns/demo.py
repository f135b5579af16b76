"""Two jobs that learn on the local emulator: supervised tuning of Cora's answers, reinforcement on number puzzles."""

from __future__ import annotations

import argparse

from ...worker.detach import detached
from ..context import Context
from ..demo import setup
from .emulator import check_speed

_GOES_ON = "The demo goes on without the screen. See it again with `cupola demo`; stop it with `cupola demo --stop`."


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the flags; the noun has no verbs."""
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than declared it learns")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--no-screen", action="store_true", help="set it up and leave it running")
    what.add_argument("--stop", action="store_true", help="stop it; what it did stays")
    what.add_argument("--forget", action="store_true", help="stop it and delete what it did")
    what.add_argument("--submit-only", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, context: Context) -> int:
    """Set the demo up and open the screen on it."""
    check_speed(options.speed)
    if options.stop:
        setup.stop(context)
    elif options.forget:
        setup.forget(context)
    elif options.submit_only:
        if detached():
            setup.submit_only(context)
    elif options.no_screen or context.open_face is None:
        setup.prepare(context, options.speed)
        context.say("The demo runs. See it with `cupola -p demo`, or `cupola -p demo job list`.")
        context.say(_GOES_ON)
    else:
        return _with_screen(options, context)
    return 0


def _with_screen(options: argparse.Namespace, context: Context) -> int:
    assert context.open_face is not None
    context.say("Starting the local emulator ...")
    session = setup.start_services(context, options.speed)
    setup.submit_in_background(session, context)
    code = context.open_face(session.profile, session.environment)
    context.say(_GOES_ON)
    return code
