"""Setting the demo up and taking it down; each step finds what an earlier run left."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from ...errors import CupolaError
from ...settings import DEMO_PROFILE
from ...store import intents
from ...worker import process
from ..context import Context, Session, demo_session, store_of
from . import jobs, resource


def prepare(context: Context, speed: float) -> Session:
    """Emulator, worker and both jobs, one after the other."""
    session = start_services(context, speed)
    jobs.submit_missing(session, context, context.say)
    return session


def start_services(context: Context, speed: float) -> Session:
    """The emulator and a worker that talks to it, started where they do not run yet."""
    resource.started(context.paths, context.environment, speed)
    session = demo_session(context)
    holder = process.status(DEMO_PROFILE, context.paths).holder
    if holder and holder.endpoint != session.profile.endpoint:
        # It talks to an emulator that is gone.
        process.stop(DEMO_PROFILE, context.paths)
    process.start(session.profile, session.environment, context.paths)
    return session


def submit_in_background(session: Session, context: Context) -> None:
    """Have the jobs submitted by another process, so that the screen need not wait; nothing to do if they are known."""
    with store_of(context, session.profile) as database:
        if jobs.are_known(database):
            return
    command = [sys.executable, "-m", "cupola.cli", "demo", "--submit-only"]
    with context.paths.log("demo").open("ab") as log:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(context.environment),
            cwd="/",
            check=False,
        )


def submit_only(context: Context) -> None:
    """Submit the jobs; a failure is also left in the store, where the screen finds it."""
    session = demo_session(context)
    try:
        jobs.submit_missing(session, context, context.say)
    except CupolaError as error:
        with store_of(context, session.profile) as database:
            now = time.time()
            intents.finish(database, intents.wish(database, "demo.submit", "", now), now, error.problem)
        raise


def stop(context: Context) -> None:
    """Stop worker and emulator; what they did stays."""
    worker = process.stop(DEMO_PROFILE, context.paths)
    emulator = resource.stop(context.paths)
    context.say("Stopped the demo." if worker or emulator else "The demo was not running.")


def forget(context: Context) -> None:
    """Stop the demo and delete what it did."""
    stop(context)
    resource.forget(context.paths)
    shutil.rmtree(context.paths.profile_directory(DEMO_PROFILE))
    context.say("Forgot the demo's jobs and files.")
