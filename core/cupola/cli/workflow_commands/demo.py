"""The resource that `--demo` takes, or the profile's own."""

from __future__ import annotations

import argparse

from ...errors import UsageError
from ...settings import DEMO_PROFILE
from ..context import Context, Session, session_of


def session_for(options: argparse.Namespace, context: Context) -> Session:
    """Where a workflow is to run; with `--demo` the local emulator, started if it does not run.

    Raises:
        UsageError: `--demo` and another profile.
    """
    if not options.demo:
        return session_of(context, options.profile)
    if options.profile not in (None, DEMO_PROFILE):
        # The demo must never meet a real resource.
        raise UsageError(f"--demo runs on the profile {DEMO_PROFILE}.", remedy="Leave out --profile or --demo.")
    from ..demo import setup

    return setup.start_services(context, options.speed)
