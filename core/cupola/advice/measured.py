"""Facts that the store has already: a benchmark's results, labels of its grader, files that were checked."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..benchmarks.definition import from_json
from ..benchmarks.labels import grader_report
from ..benchmarks.leaderboard import Leaderboard, Row, leaderboard, load_table
from ..benchmarks.outcomes import views_of
from ..benchmarks.prices import base_of
from ..benchmarks.roles import Role, propose
from ..benchmarks.table import Table
from ..errors import UsageError
from ..models import LocalFile
from ..store import benchmarks, datasets, decisions
from ..store.benchmarks import Run
from ..store.database import Database
from .facts import Known, Origin

_BYTES_A_TOKEN = (2.5, 8.0)
"""From dense scripts to English with much JSON around it: this project's own judgement, for a first range only."""
_ROWS_OF = {"chat": "rows", "vision": "image_rows", "preference": "pairs", "reinforcement": "prompts"}


@dataclass(frozen=True, slots=True)
class Arms:
    """The benchmark that facts were read from, and the names of its arms; empty is none."""

    benchmark: str = ""
    student: str = ""
    """The arm that is to get better."""
    teacher: str = ""


def measured(database: Database, benchmark: str | None, today: dt.date, region: str = "") -> tuple[list[Known], Arms]:
    """Every fact that can be read from the store, and where the results among them come from.

    Args:
        database: The store.
        benchmark: The benchmark to read; the one that was run last if left out.
        today: For the roles that are proposed.
        region: Of the resource; empty is not known.

    Raises:
        UsageError: there is no such benchmark, or it has no results.
    """
    found = [*_of_files(datasets.local_files(database))]
    run = _run(database, benchmark)
    table = load_table(database, run) if run is not None else None
    if run is None or table is None:
        return found, Arms(benchmark or "")
    definition = from_json(run.definition)
    board = leaderboard(run, definition, table, views_of(definition)[0])
    base, teacher = _arms(database, run, board, today, region)
    found += _of_run(board, base, teacher)
    found += _agreement(database, run, table, _where(run))
    return found, Arms(run.benchmark, base.arm.name if base else "", teacher.arm.name if teacher else "")


def _arms(
    database: Database, run: Run, board: Leaderboard, today: dt.date, region: str
) -> tuple[Row | None, Row | None]:
    """The arm that is to get better and the one that could teach it: as decided, else as proposed, else none.

    With a single arm that is the one to get better. Two arms or more without a role leave it open.
    """
    decided = decisions.standing(database, run.benchmark)
    proposed = {one.role: one.index for one in propose(board, today, region)}

    def row(role: Role) -> Row | None:
        if role in decided:
            return next((one for one in board.rows if one.arm.name == decided[role].arm), None)
        index = proposed.get(role)
        return None if index is None else board.row_of(index)

    if len(board.rows) == 1:
        return board.rows[0], None
    base, teacher = row(Role.STUDENT), row(Role.TEACHER)
    return base, teacher if base is None or teacher is None or teacher.index != base.index else None


def _run(database: Database, benchmark: str | None) -> Run | None:
    if benchmark is not None and benchmarks.get_benchmark(database, benchmark) is None:
        raise UsageError(f"No benchmark is known as {benchmark!r}.", remedy="`cupola bench list` tells all.")
    for run in benchmarks.runs(database, benchmark):
        if benchmarks.columns(database, run.id):
            return run
    if benchmark is not None:
        raise UsageError(f"{benchmark} has no results yet.", remedy=f"Run it: `cupola bench run {benchmark}`.")
    return None


def _where(run: Run) -> str:
    return f"benchmark {run.benchmark}, run {run.id}"


def _of_run(board: Leaderboard, base: Row | None, teacher: Row | None) -> Iterator[Known]:
    where = _where(board.run)
    if base is not None:
        yield Known("model", _model_name(base), Origin.MEASURED, where)
        yield from _of_arm(base, where)
    if teacher is not None and teacher.passes is not None:
        name = f"{teacher.arm.name}, {where}"
        ends = teacher.passes.interval
        yield Known("teacher_pass_rate", teacher.passes.value, Origin.MEASURED, name, ends.low, ends.high)
    if base is not None and teacher is not None:
        yield from _lead(board, teacher, base, where)


def _of_arm(row: Row, where: str) -> Iterator[Known]:
    name = f"{row.arm.name}, {where}"
    if row.passes is not None:
        ends = row.passes.interval
        yield Known("base_pass_rate", row.passes.value, Origin.MEASURED, name, ends.low, ends.high)
    if row.cost is not None:
        yield Known("base_cost", row.cost.per_thousand, Origin.MEASURED, f"{name}; {row.cost.source}")
    if row.latency is not None:
        p95 = row.latency.p95
        yield Known("base_p95", p95.value, Origin.MEASURED, name, p95.interval.low, p95.interval.high)


def _lead(board: Leaderboard, teacher: Row, base: Row, where: str) -> Iterator[Known]:
    """The teacher's lead as paired scores give it, as a share of the scale; else pass rates are left to speak."""
    pair = board.pair_of(teacher.index, base.index)
    width = board.view.scale.width
    if pair is None or pair.comparison is None or not math.isfinite(width) or width <= 0:
        return
    change = pair.comparison.difference
    ends = change.interval
    name = f"{teacher.arm.name} over {base.arm.name}, paired, {where}"
    low, high = max(-1.0, ends.low / width), min(1.0, ends.high / width)
    yield Known("teacher_lead", change.value / width, Origin.MEASURED, name, low, high)


def _agreement(database: Database, run: Run, table: Table, where: str) -> Iterator[Known]:
    """Of the grader that agrees least: a model would find its mistakes."""
    reports = [grader_report(database, run, table, index) for index in range(len(from_json(run.definition).graders))]
    known = [report for report in reports if report.agreement is not None]
    if not known or len(known) < len(reports):
        return
    worst = min(known, key=lambda report: report.agreement.agreed if report.agreement else 1.0)
    if worst.agreement is not None:
        ends = worst.agreement.agreed_interval
        name = f"{worst.grader}, {worst.labelled} labels, {where}"
        yield Known("grader_agreement", worst.agreement.agreed, Origin.MEASURED, name, ends.low, ends.high)


def _of_files(found: list[LocalFile]) -> Iterator[Known]:
    """The largest whole file of each kind; files with errors count for nothing."""
    for kind, fact in _ROWS_OF.items():
        whole = [file for file in found if file.format == kind and file.rows and not file.errors]
        best = max(whole, key=lambda file: file.rows or 0, default=None)
        if best is not None and best.rows is not None:
            yield Known(fact, float(best.rows), Origin.MEASURED, best.path)
            if kind == "chat":
                yield _length(best.path, best.size / best.rows)


def _length(path: str, size: float) -> Known:
    """The tokens of a row, as far as its size in bytes tells them."""
    most, least = _BYTES_A_TOKEN
    low, high = max(1.0, size / least), max(1.0, size / most)
    source = f"by the size of {path}, {most:g} to {least:g} bytes of JSON a token"
    return Known("tokens_per_row", (low + high) / 2, Origin.DERIVED, source, low, high)


def _model_name(row: Row) -> str:
    base = base_of(row.arm.model)
    return base.name if base else row.arm.model
