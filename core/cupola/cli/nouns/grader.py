"""Graders: check their JSON, try one on stored answers, and hold one against human labels."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from ..context import Context, Session, session_of, store_of
from ..grader_commands.lab import add_lab
from ..grading_estimate import in_words, print_estimates
from ..output import emit, emit_one
from ..text import clean

if TYPE_CHECKING:
    from ...benchmarks.consistency import Regrading
    from ...benchmarks.definition import GraderUse
    from ...benchmarks.labels import GraderReport
    from ...errors import CupolaError
    from ...statistics.estimates import Interval
    from ...store.benchmarks import Run
    from ...store.database import Database
    from ...training.regrade_cost import RegradeEstimate


def add(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(metavar="VERB")
    check_ = verbs.add_parser("check", parents=[common], help="whether the service would take a grader")
    check_.add_argument("files", nargs="+", type=Path, metavar="JSON")
    check_.set_defaults(run=check)
    run_ = verbs.add_parser("run", parents=[common], help="grade one answer here; model graders are not asked")
    run_.add_argument("file", type=Path, metavar="JSON")
    run_.add_argument("--item", default="{}", help="the item's fields as JSON, or @FILE")
    run_.add_argument("--answer", required=True, help="the answer's text, or @FILE")
    run_.set_defaults(run=run)
    add_lab(verbs, common)
    calibrate_ = verbs.add_parser("calibrate", parents=[common], help="agreement with human labels, corrected rates")
    calibrate_.add_argument("benchmark")
    calibrate_.add_argument("--grader", help="the first one if left out")
    calibrate_.add_argument("--again", type=int, metavar="TIMES", help="first show answers to it again so often")
    calibrate_.add_argument("--count", type=int, default=30, help="how many answers are shown again")
    calibrate_.add_argument("--max-cost", type=float, metavar="USD", help="stop before more than this is spent")
    calibrate_.add_argument("--dry-run", action="store_true", help="print what --again would take, and ask nobody")
    calibrate_.add_argument("-y", "--yes", action="store_true", help="do not ask")
    calibrate_.set_defaults(run=calibrate)


def check(options: argparse.Namespace, context: Context) -> int:
    """Print each grader's name, type, hash, threshold and what it asks; a broken one is an error."""
    from ...benchmarks.files import read_grader

    rows = []
    for path in options.files:
        use = read_grader(path)
        scale = use.scale
        rows.append(
            {
                "file": str(path),
                "name": use.name,
                "type": use.grader.type,
                "threshold": use.threshold,
                "range": [scale.low, scale.high] if math.isfinite(scale.width) else None,
                "judges": list(use.judges) or None,
                "hash": use.hash,
            }
        )
    emit(options, context.out, "cupola.grader/1", rows, ("file", "name", "type", "threshold", "judges", "hash"), None)
    return 0


def run(options: argparse.Namespace, context: Context) -> int:
    """Grade one answer and print the result in the service's shape."""
    from ...benchmarks.files import read_grader
    from ...graders import run_grader, run_response, text_sample

    use = read_grader(options.file)
    try:
        item = json.loads(_given(options.item))
    except (ValueError, RecursionError) as error:
        raise UsageError("--item is not JSON.", str(error)[:200]) from error
    if not isinstance(item, dict):
        raise UsageError("--item must be a JSON object.")
    result = run_grader(use.grader, item, text_sample(_given(options.answer)))
    emit_one(options, context.out, "cupola.grade/1", run_response(use.grader, result), None, hidden=("as_of",))
    if result.errors:
        context.say(f"cupola: {result.details}")
        return 1
    return 0


def calibrate(options: argparse.Namespace, context: Context) -> int:
    """Print what the labels say of a grader, and how often it agrees with itself."""
    from ...benchmarks.definition import from_json
    from ...benchmarks.labels import grader_report
    from ...benchmarks.leaderboard import load_table
    from ...store import benchmarks

    session = session_of(context, options.profile)
    with store_of(context, session.profile) as database:
        found = benchmarks.runs(database, options.benchmark, 1)
        table = load_table(database, found[0]) if found else None
        if table is None:
            raise UsageError(f"{clean(options.benchmark)!r} has no results yet.", remedy="Run it first.")
        names = [use.name for use in from_json(found[0].definition).graders]
        if options.grader and options.grader not in names:
            raise UsageError(f"There is no grader {clean(options.grader)!r}.", remedy=f"Take one of {names}.")
        grader = names.index(options.grader) if options.grader else 0
        if options.again is not None:
            _show_again(options, context, session, database, found[0], grader)
            if options.dry_run:
                return 0
        report = grader_report(database, found[0], table, grader)
        emit_one(options, context.out, "cupola.calibration/1", _report(report), None, hidden=("as_of",))
        if report.agreement is None:
            context.say("There are no labels yet: open the benchmark on the screen and label some answers.")
    return 0


def _show_again(
    options: argparse.Namespace, context: Context, session: Session, database: Database, run: Run, grader: int
) -> None:
    """Let the grader see some answers again, once the person has agreed to pay for it."""
    import asyncio

    from ...benchmarks.consistency import regradings
    from ...benchmarks.definition import from_json

    todo = regradings(database, run, grader, options.count, options.again)
    if not todo:
        context.say("Those answers have been shown so often already.")
        return
    use = from_json(run.definition).graders[grader]
    takes = _takes(database, use, todo)
    if options.dry_run:
        print_estimates(options, context, [(use, takes)])
        return
    if options.offline:
        raise UsageError("A grader cannot be asked offline.")
    context.say(in_words(use, takes, options.max_cost))
    context.confirm(f"Show {len(todo):,} answers to {clean(use.name)} again?", options.yes)
    stopped = asyncio.run(_regraded(session, database, use, todo, options.max_cost))
    if stopped is not None:
        context.say(f"cupola: {stopped}")


def _takes(database: Database, use: GraderUse, todo: list[Regrading]) -> RegradeEstimate:
    """All showings together; what the journal answers already costs nothing."""
    from ...training.regrade_cost import estimate_answers

    return estimate_answers(database, use, [(one.item, one.answer, one.again) for one in todo])


async def _regraded(
    session: Session, database: Database, use: GraderUse, todo: list[Regrading], budget: float | None
) -> CupolaError | None:
    from ...azure.chat import open_chat
    from ...azure.credentials import find_credential
    from ...benchmarks.consistency import grade_again
    from ...benchmarks.start import grading_room, post_to_endpoint
    from ...graders import PythonSandbox

    credential = find_credential(session.profile, session.environment)
    async with open_chat(session.profile, credential, transport=session.transport) as chat:
        with PythonSandbox(workers=1) as sandbox:
            room = grading_room(database, chat.ask, sandbox, budget, post=post_to_endpoint)
            return await grade_again(room, use, todo)


def _report(report: GraderReport) -> dict[str, Any]:
    found = report.agreement
    row: dict[str, Any] = {"grader": report.grader, "labelled": report.labelled, "unsure": report.unsure}
    if found is not None:
        row |= {
            "agreed": found.agreed,
            "agreed_interval": _ends(found.agreed_interval),
            "kappa": None if math.isnan(found.kappa) else found.kappa,
            "kappa_interval": _ends(found.kappa_interval),
            "confusion": found.matrix.tolist(),
        }
    if report.consistency is not None:
        row["self_consistency"] = report.consistency.value
        row["self_consistency_interval"] = _ends(report.consistency.interval)
        row["shown_again"] = report.consistency.items
    row["corrected"] = {
        name: {
            "raw": rate.raw,
            "corrected": rate.value,
            "interval": _ends(rate.interval) if rate.interval else None,
            "usable": rate.usable,
        }
        for name, rate in report.corrected
    }
    return row


def _ends(interval: Interval) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in (interval.low, interval.high)]


def _given(text: str) -> str:
    """The text itself, or what the file after @ holds."""
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read.", str(error)[:200]) from error
