"""What is looked at and said before a reinforcement job is paid for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ServiceError, UsageError
from ..context import Context, Session, store_of
from ..fresh import service_of
from ..text import clean

if TYPE_CHECKING:
    from ...benchmarks.definition import GraderUse
    from ...models import Problem
    from ...store.database import Database
    from ...training.dry_run import DryRun
    from ...training.job_spec import JobSpec
    from ...training.reinforcement_cost import Effort

DRY_ROWS = 20
_ONLY_AT_THE_SERVICE = "python_grader_server_error"


def looked_over(
    spec: JobSpec, session: Session, context: Context, rows: int, yes: bool, deployment: str | None
) -> None:
    """Check data and grader, try the grader on base answers, and say what the job would take.

    Args:
        spec: The job.
        session: The profile.
        context: The command's world.
        rows: How many training rows the base model is asked about; 0 for none.
        yes: Do not ask before the base model is.
        deployment: Of the base model; its own name if None.

    Raises:
        UsageError: data or grader would be refused.
    """
    from ...training.job_budget import BUDGET_KEY

    use = _grader(spec)
    counts = _check_data(spec, context)
    _say_settings(spec, context, counts[0] if counts else None)
    with store_of(context, session.profile) as database:
        _validate(session, context, database, spec)
        sampled = _rows(spec.training) if isinstance(spec.training, Path) else []
        if sampled and rows:
            _say_dry_run(context, _tried(spec, session, context, database, use, sampled, rows, yes, deployment))
        paces = [] if session.profile.is_local else _own_paces(database, spec.model)
    if counts:
        _say_effort(context, _effort(spec, use, counts, sampled, paces))
    budget = spec.metadata.get(BUDGET_KEY)
    if budget:
        context.say(f"budget: Cupola pauses the job when its training has taken ${budget} by the clock")


def _grader(spec: JobSpec) -> GraderUse:
    from ...benchmarks.definition import GraderUse
    from ...graders import GraderDefinitionError

    use = GraderUse(dict(spec.grader or {}))
    try:
        _ = use.grader
    except GraderDefinitionError as error:
        raise UsageError("The service would refuse the grader.", str(error)) from error
    return use


def _check_data(spec: JobSpec, context: Context) -> tuple[int, int] | None:
    """The rows of both files, checked against the grader; None where a file is not on this machine."""
    from ...datasets.check import Options, check_files
    from ...datasets.formats import Format
    from ...training.grader_needs import variables_of

    paths = [file for file in (spec.training, spec.validation) if isinstance(file, Path)]
    if len(paths) < 2:
        context.say("data: at the service already, so it is not checked against the grader here")
        return None
    options = Options(
        model=spec.model, needs=variables_of(spec.grader or {}), format=Format.REINFORCEMENT, training=True
    )
    reports = check_files(paths, options)
    for report in reports:
        groups = [group for group in report.groups if group.rule.severity != "note"]
        found = "; ".join(f"{group.count} x {group.rule.title}" for group in groups)
        context.say(f"data: {report.path.name}, {len(report.rows):,} rows: {clean(found) or 'nothing found'}")
    blocked = [report for report in reports if report.blocked]
    if blocked:
        names = ", ".join(report.path.name for report in blocked)
        raise UsageError(f"{names} would be refused.", remedy=f"`cupola dataset check {names}` tells every line.")
    return len(reports[0].rows), len(reports[1].rows)


def _say_settings(spec: JobSpec, context: Context, rows: int | None) -> None:
    from ...training.hyperparameters import settings_of

    for setting in settings_of(spec.method, spec.hyperparameters, rows):
        context.say(f"setting: {setting.name} = {setting.value}  ({setting.meaning})")
        if setting.problem:
            context.say(f"  careful: {setting.problem}")
    form = (spec.response_format or {}).get("json_schema")
    named = form.get("name") if isinstance(form, Mapping) else None
    plain = "set" if spec.response_format else "plain text"
    context.say(f"response format: {clean(str(named)) if named else plain}")


def _validate(session: Session, context: Context, database: Database, spec: JobSpec) -> None:
    try:
        problem = asyncio.run(_validated(session, database, spec))
    except NotFoundError:
        context.say("grader: this resource validates no graders; it was checked here only")
        return
    if problem is not None:
        raise UsageError(f"The service refuses the grader: {problem.what}", problem.why, problem.remedy)
    context.say("grader: the service takes it")


async def _validated(session: Session, database: Database, spec: JobSpec) -> Problem | None:
    from ...azure.graders import validate

    async with service_of(session, database) as service:
        return await validate(service, spec.grader or {})


def _tried(
    spec: JobSpec,
    session: Session,
    context: Context,
    database: Database,
    use: GraderUse,
    sampled: Sequence[Mapping[str, Any]],
    rows: int,
    yes: bool,
    deployment: str | None,
) -> DryRun:
    from ...training.dry_run import sample_rows

    chosen, base = sample_rows(sampled, rows), deployment or spec.model
    asked = f", and {', '.join(map(clean, use.judges))} to grade them" if use.judges else ""
    context.confirm(f"Ask {clean(base)} for {len(chosen)} answers{asked}, to try the grader?", yes)
    return asyncio.run(_dry_run(spec, session, database, use, chosen, base))


async def _dry_run(
    spec: JobSpec,
    session: Session,
    database: Database,
    use: GraderUse,
    chosen: list[tuple[int, Mapping[str, Any]]],
    base: str,
) -> DryRun:
    from ...azure.chat import open_chat
    from ...azure.credentials import find_credential
    from ...benchmarks.start import grading_room, post_to_endpoint
    from ...graders import PythonSandbox
    from ...training.dry_run import dry_run

    effort = spec.hyperparameters.get("reasoning_effort")
    sampling: dict[str, Any] = {"response_format": dict(spec.response_format)} if spec.response_format else {}
    if effort in ("low", "medium", "high"):
        sampling["reasoning_effort"] = effort
    credential = find_credential(session.profile, session.environment)
    async with open_chat(session.profile, credential, transport=session.transport) as chat:
        with PythonSandbox(workers=2) as sandbox:
            room = grading_room(database, chat.ask, sandbox, None, post=post_to_endpoint)
            return await dry_run(room, base, chosen, use, sampling)


def _say_dry_run(context: Context, found: DryRun) -> None:
    for sentence in found.sentences():
        context.say(f"dry run: {sentence}")
    if found.stopped is not None and isinstance(found.stopped, ServiceError):
        context.say(f"  {found.stopped}")
    if found.errors and not found.graded:
        if set(found.errors) == {_ONLY_AT_THE_SERVICE}:
            context.say("  the grader may need what only the service has; it could not be tried here")
            return
        problem = next((one.problem for one in found.tried if one.problem), "")
        raise UsageError(
            "The grader could grade none of the base model's answers.", problem, "Mend it, or give --unchecked."
        )


def _own_paces(database: Database, model: str) -> list[float]:
    """Of the person's own jobs; a local service's pace says nothing of the real one's."""
    from ...store import events, jobs, points
    from ...training.job_budget import own_paces

    known = [job for job in jobs.newest(database) if job.method == "reinforcement"]
    told = [(job, events.of_job(database, job.id), points.last_step(database, job.id)) for job in known]
    return own_paces(told, model)


def _effort(
    spec: JobSpec,
    use: GraderUse,
    counts: tuple[int, int],
    rows: Sequence[Mapping[str, Any]],
    paces: Sequence[float],
) -> Effort:
    from ...training.reinforcement_cost import effort

    characters = len(json.dumps(dict(spec.grader or {})))
    if rows:
        characters += sum(len(json.dumps(row)) for row in rows[:50]) // min(len(rows), 50)
    return effort(spec.model, spec.hyperparameters, use, counts, characters, paces)


def _say_effort(context: Context, found: Effort) -> None:
    asked = found.grader_calls
    calls = f", {asked.low:,.0f} to {asked.high:,.0f} grader calls" if asked.high else ""
    context.say(
        f"it takes about {found.steps:,} steps, {found.answers.low:,.0f} to {found.answers.high:,.0f} training answers,"
        f" {found.validations:,} validation answers{calls}"
    )
    dollars = f"${found.usd.low:,.0f} to ${found.usd.high:,.0f}" if found.usd else "no price is published"
    context.say(f"hours: {found.hours.low:.2g} to {found.hours.high:.2g}; cost: {dollars}, grader calls included")
    context.say(f"  {found.basis}")
    if found.pauses_at:
        context.say(f"  the service pauses the job at ${found.pauses_at:,.0f}")


def _rows(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text("utf-8-sig").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
