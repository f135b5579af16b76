"""Obeying the wish to show stored answers to a second grader that asks no model: cheap enough to do at once."""

from __future__ import annotations

from ..benchmarks.definition import GraderUse
from ..benchmarks.start import grading_room
from ..errors import CupolaError
from ..graders import GraderDefinitionError, PythonSandbox, SandboxUnavailableError
from ..models import Intent, Problem
from ..store import jobs
from ..store.database import Database
from ..training import regrading, stored_evals

EVAL_REGRADE = "evaluation.regrade"
"""Its target is a job's id or an opened evaluation's; arguments: `definition`, the grader in the service's JSON, and
`most`, how many items of each step (100 if left out)."""

_MOST_GRADINGS = 2_000
"""A wish is obeyed between two looks at the service, and must not put them off for long."""
_ITEMS_A_STEP = 100


async def obey(database: Database, intent: Intent, now: float) -> Problem | None:
    """Grade what has not been graded; what to tell if it cannot be done."""
    use = _grader(intent)
    if isinstance(use, Problem):
        return use
    job = jobs.get(database, intent.target)
    evals = stored_evals.read(database, job) if job else stored_evals.read_any(database, intent.target)
    if evals is None:
        return Problem(f"No evaluation of {intent.target} is stored yet.")
    wanted = intent.arguments.get("most", _ITEMS_A_STEP)
    most = wanted if isinstance(wanted, int) and wanted > 0 else _ITEMS_A_STEP
    todo = regrading.to_regrade(database, evals, use, most=min(most, _MOST_GRADINGS // len(evals.steps)))
    try:
        with PythonSandbox(workers=2) as sandbox:
            room = grading_room(database, regrading.no_model, sandbox, 0.0, clock=lambda: now)
            stopped = await regrading.regrade(room, database, intent.target, use, todo)
    except SandboxUnavailableError as error:
        return Problem(str(error))
    except CupolaError as error:
        return error.problem
    return stopped.problem if stopped else None


def _grader(intent: Intent) -> GraderUse | Problem:
    definition = intent.arguments.get("definition")
    use = GraderUse(definition if isinstance(definition, dict) else {})
    try:
        judges = use.judges
    except GraderDefinitionError as error:
        return Problem("The second grader would be refused.", str(error))
    if judges:
        remedy = "`cupola checkpoint regrade JOB --grader FILE` asks before it pays."
        return Problem(f"{use.name} asks {', '.join(judges)}, which is paid for.", remedy=remedy)
    return use
