"""Work on the store that takes longer than a key may wait: in a thread, over a connection of its own."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from cupola.benchmarks.definition import GraderUse
from cupola.store.database import open_store
from cupola.training.auto_evals import AutoEvals


def import_file(store: Path, path: Path, now: float) -> str:
    """Import an evaluation's file; return what to say. Raises CupolaError where it cannot be read."""
    from cupola.training.evaluation_files import import_evaluation

    with closing(open_store(store)) as database:
        found = import_evaluation(database, path, now)
    told = [f"{found.items:,} items in {found.runs:,} runs"]
    told += [f"{found.errored:,} errored"] if found.errored else []
    told += [f"{found.missing:,} missing"] if found.missing else []
    told += [f"{found.duplicated:,} told twice"] if found.duplicated else []
    told += [f"{found.unreadable:,} entries are no items"] if found.unreadable else []
    return f"Imported {found.name}: {', '.join(told)}. It stands in the list of jobs (< and >)."


def regrade_stored(store: Path, owner: str, evals: AutoEvals, use: GraderUse) -> str:
    """Show all stored answers to a grader that asks no model; return what to say. Raises CupolaError if it stopped."""
    from cupola.benchmarks.start import grading_room
    from cupola.graders import PythonSandbox
    from cupola.training.regrading import no_model, regrade, to_regrade

    with closing(open_store(store)) as database, PythonSandbox(workers=1) as sandbox:
        todo = to_regrade(database, evals, use)
        if not todo:
            return f"{use.name} has judged these answers already."
        room = grading_room(database, no_model, sandbox, 0.0)
        stopped = asyncio.run(regrade(room, database, owner, use, todo))
    if stopped is not None:
        raise stopped
    return f"{use.name} has judged {len(todo):,} answers: m shows its curve, enter its verdict on an item."
