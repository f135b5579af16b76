"""The verbs that bring other evaluations into the store: any of the service by its id, or one from a file."""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import asdict

from ...errors import CupolaError
from ...store import evaluations, intents
from ..context import Context, session_of, store_of
from ..fresh import service_of, worker_runs
from ..output import emit, emit_one
from ..text import clean

_COLUMNS = ("step", "name", "status", "items", "total", "whole")


def import_(options: argparse.Namespace, context: Context) -> int:
    """Read an evaluation's downloaded JSON or JSON Lines and account for every entry of it."""
    from ...training.evaluation_files import import_evaluation

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        found = import_evaluation(database, options.file, time.time())
        emit_one(options, context.out, "cupola.imported-evaluation/1", asdict(found), None, hidden=("as_of",))
        context.say(f"cupola checkpoint evals {found.eval_id} shows it.")
    return 0


def open_(options: argparse.Namespace, context: Context) -> int:
    """Fetch an evaluation of the service, whoever made it, and print its runs."""
    from ...worker.evaluations import EVAL_OPEN

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        if worker_runs(session, context):
            intents.wish(database, EVAL_OPEN, options.evaluation, time.time())
            context.say("The worker fetches it.")
        elif not options.offline:

            async def fetched() -> None:
                from ...worker.evaluations import look_at_opened, open_evaluation
                from ...worker.sync import nothing

                async with service_of(session, database) as service:
                    problem = await open_evaluation(service, database, options.evaluation)
                    if problem is not None:
                        raise CupolaError(problem.what, problem.why, problem.remedy)
                    await look_at_opened(service, database, nothing)

            asyncio.run(fetched())
        rows = [
            {
                "step": stored.run.step,
                "name": clean(stored.run.name),
                "status": stored.run.status,
                "items": stored.items,
                "total": stored.run.total,
                "whole": stored.whole,
                "run": stored.run.id,
            }
            for stored in evaluations.runs_of(database, options.evaluation)
        ]
        emit(options, context.out, "cupola.evaluation-run/1", rows, _COLUMNS, None)
    return 0
