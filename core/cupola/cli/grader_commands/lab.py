"""`cupola grader lab`: edit a grader, run it on stored answers, and see what changes."""

from __future__ import annotations

import argparse
import asyncio
import math
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, ServiceError, UsageError
from ..checkpoint_commands.subject import Subject, opened
from ..context import Context
from ..dataset_commands.arguments import positive
from ..fresh import service_of
from ..grading_estimate import in_words, print_estimates
from ..output import emit
from ..text import clean

if TYPE_CHECKING:
    from ...benchmarks.definition import GraderUse
    from ...models import Problem
    from ...training.auto_evals import AutoEvals
    from ...training.grader_lab import LabReport, Scored
    from ...training.regrade_cost import RegradeEstimate

_COLUMNS = ("step", "before", "after", "passed", "answer", "problem")


def add_lab(verbs: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the verb."""
    about = "run a grader on stored answers: scores before and after, labels, the service's own check"
    parser = verbs.add_parser("lab", parents=[common], help=about)
    parser.add_argument("file", type=Path, metavar="JSON")
    parser.add_argument("job", help="whose stored answers: a reinforcement job, or an evaluation's id")
    parser.add_argument("--sample", type=positive, default=40, metavar="ANSWERS", help="how many; default: 40")
    parser.add_argument("--step", type=int, help="of this step only")
    parser.add_argument("--against", type=Path, metavar="JSON", help="an earlier version, or another grader")
    parser.add_argument("--edit", action="store_true", help="open it in $VISUAL or $EDITOR first; then it is held "
                        "against what it was")  # fmt: skip
    parser.add_argument("--labels", type=Path, metavar="JSONL", help='lines of {"item": ID, "passed": true}')
    parser.add_argument("--validate", action="store_true", help="ask the service whether it takes the grader")
    parser.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    parser.add_argument("--dry-run", action="store_true", help="print what it would take, and ask nobody")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=lab)


def lab(options: argparse.Namespace, context: Context) -> int:
    """Print each sampled answer's score before and after, the largest changes first."""
    from ...benchmarks.files import read_grader
    from ...training.grader_lab import read_labels, sampled

    against = read_grader(options.against) if options.against else None
    if options.edit:
        against = against or read_grader(options.file)
        _edited(options.file, context)
    use = read_grader(options.file)
    labels = read_labels(options.labels) if options.labels else {}
    with opened(options, context) as subject:
        if options.validate and not options.dry_run:
            _validate(subject, context, use, options.offline)
        evals = subject.evals()
        places = sampled(evals, options.sample, options.step)
        uses = [use, *([against] if against is not None else [])]
        takes = [(one, _takes(subject, evals, one, places)) for one in uses]
        if options.dry_run:
            print_estimates(options, context, takes)
            return subject.code
        _agree(options, context, takes)
        report = asyncio.run(_tried(options, subject, evals, use, against, places, labels))
        rows = [_row(one) for one in report.scored]
        emit(options, context.out, "cupola.lab-score/1", rows, _COLUMNS, None)
        _say(context, report, against, labels)
        return 1 if report.stopped or report.failed else subject.code


def _edited(path: Path, context: Context) -> None:
    """Open the file in the person's editor; what they leave is what is tried."""
    said = context.environment.get("VISUAL") or context.environment.get("EDITOR") or ""
    command = shlex.split(said)
    if not command or shutil.which(command[0]) is None:
        raise UsageError("No editor is set.", remedy="Set VISUAL or EDITOR, such as EDITOR=nano.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        ended = subprocess.run([*command, str(copy)], check=False)
        if ended.returncode != 0:
            raise UsageError("The editor ended with an error; the grader stays as it was.")
        shutil.copyfile(copy, path.with_name(f".{path.name}.new")).replace(path)


def _validate(subject: Subject, context: Context, use: GraderUse, offline: bool) -> None:
    if offline:
        raise UsageError("The service cannot be asked offline.")

    async def asked() -> Problem | None:
        from ...azure.graders import validate

        async with service_of(subject.session, subject.database) as service:
            return await validate(service, use.definition)

    try:
        problem = asyncio.run(asked())
    except NotFoundError:
        context.say("This resource validates no graders; it was checked here only.")
        return
    if problem is not None:
        raise ServiceError(f"The service refuses {clean(use.name)}: {problem.what}", problem.why, problem.remedy)
    context.say(f"The service takes {clean(use.name)}.")


def _takes(subject: Subject, evals: AutoEvals, use: GraderUse, places: list[tuple[int, int]]) -> RegradeEstimate:
    from ...training.regrade_cost import estimate_regrading
    from ...training.regrading import ToRegrade

    todo = [
        ToRegrade(evals.runs[row].id, evals.items[row].ids[int(evals.places[row, column])]) for row, column in places
    ]
    return estimate_regrading(subject.database, use, todo)


def _agree(options: argparse.Namespace, context: Context, takes: list[tuple[GraderUse, RegradeEstimate]]) -> None:
    """Ask before a model is asked."""
    asked = [(use, one) for use, one in takes if one.judges and one.calls.high]
    if not asked:
        return
    if options.offline:
        raise UsageError("A grader that asks a model cannot be asked offline.")
    for use, one in asked:
        context.say(in_words(use, one, options.max_cost))
    context.confirm("Ask them?", options.yes)


async def _tried(
    options: argparse.Namespace,
    subject: Subject,
    evals: AutoEvals,
    use: GraderUse,
    against: GraderUse | None,
    places: list[tuple[int, int]],
    labels: dict[str, bool],
) -> LabReport:
    from ...azure.chat import open_chat
    from ...azure.credentials import find_credential
    from ...benchmarks.start import grading_room, post_to_endpoint
    from ...graders import PythonSandbox
    from ...training.grader_lab import lab
    from ...training.regrading import no_model

    session, database = subject.session, subject.database
    with PythonSandbox(workers=2) as sandbox:
        if not use.judges and not (against and against.judges):
            room = grading_room(database, no_model, sandbox, 0.0, post=post_to_endpoint)
            return await lab(room, database, evals, use, places, against, labels)
        credential = find_credential(session.profile, session.environment)
        async with open_chat(session.profile, credential, transport=session.transport) as chat:
            room = grading_room(database, chat.ask, sandbox, options.max_cost, post=post_to_endpoint)
            return await lab(room, database, evals, use, places, against, labels)


def _row(one: Scored) -> dict[str, Any]:
    return {
        "step": one.step,
        "before": one.before,
        "after": one.after,
        "change": None if math.isnan(one.change) else one.change,
        "passed": one.verdicts.grader,
        "passed_by_job": one.verdicts.own,
        "passed_by_people": one.verdicts.people,
        "passed_by_others": dict(one.verdicts.others) or None,
        "answer": " ".join(one.answer.split())[:120],
        "problem": one.problem,
        "item": one.item_id,
        "run": one.run_id,
    }


def _say(context: Context, report: LabReport, against: GraderUse | None, labels: dict[str, bool]) -> None:
    from ...training.grader_agreement import agreement_words

    held = f"against {clean(against.name)}" if against else "against the job's own scores"
    rank = "" if math.isnan(report.rank) else f"; rank correlation {report.rank:.2f}"
    context.say(
        f"{len(report.scored)} answers {held}: {report.changed} scores differ, {report.failed} not graded{rank}"
    )
    if report.comparison is not None:
        change = report.comparison.difference
        context.say(f"mean {change.value:+.3g} (95% {change.interval.low:+.3g} to {change.interval.high:+.3g})")
    for found in report.agreements:
        context.say(f"agrees with {clean(found.name)} on {agreement_words(found)}; {found.disagreed:,} differ")
    if report.calibration is None and labels:
        context.say("none of the labelled answers is among the sampled ones: take a larger --sample")
    if report.stopped is not None:
        context.say(f"cupola: {report.stopped}")
