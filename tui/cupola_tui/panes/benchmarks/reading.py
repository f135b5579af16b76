"""From the facts to what the pane shows of one benchmark, its items and one item."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cupola.benchmarks import browse
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.frontier import Axis, frontier
from cupola.benchmarks.items import item_of
from cupola.benchmarks.leaderboard import Leaderboard
from cupola.benchmarks.outcomes import CODES
from cupola.benchmarks.table import Table
from cupola.errors import CupolaError
from cupola.statistics.outcomes import Outcome
from cupola.store.answers import AnswerState

from ...benchmark_facts import BenchmarkFacts, Known
from ...plotting.scatter import Dot
from ...views.bench.answers import AnswerView, GradeView, ItemView
from ...views.bench.items import ItemMap
from ...views.bench.records import BoardView
from ...widgets.scatter import Cloud
from .keeping import told_from_text
from .working import Worked

_FIELD_LENGTH = 2_000


def read_board(
    facts: BenchmarkFacts, one: Known, place: tuple[int, int], worked: Worked | None, *, working: bool
) -> BoardView:
    """A benchmark and its place among so many, with what was last worked out and whether more is under way."""
    standing = {role: decision.arm for role, decision in facts.standing(one.benchmark.name).items()}
    found = BoardView(
        one.shown,
        one.run,
        standing=standing,
        place=place[0],
        count=place[1],
        working=working,
        runs=len(one.runs),
        earlier=one.earlier,
        estimate=None if one.run is None else told_from_text(facts.estimate(one.run)),
    )
    if worked is None:
        return found
    return replace(
        found,
        board=worked.board,
        proposals=worked.proposals,
        notes=worked.notes,
        dominated=worked.dominated,
        problem=worked.problem,
    )


def read_cloud(view: BoardView, axis: Axis) -> Cloud:
    """The frontier chart: dominated arms are dim."""
    if view.board is None:
        return Cloud()
    points = frontier(view.board, axis)
    dots = tuple(
        Dot(
            point.x,
            point.score,
            point.name,
            "axis" if point.dominated_by else "accent bold",
            "muted" if point.dominated_by else "",
            "○" if point.dominated_by else "●",
            point.low,
            point.high,
        )
        # Dominated arms first, so that the others are drawn over them.
        for point in sorted(points, key=lambda point: point.dominated_by is None)
    )
    best = tuple((point.x, point.score) for point in points if not point.dominated_by)
    known = [point.x for point in points if point.x > 0]
    wide = bool(known) and max(known) / min(known) >= 8
    empty = "no arm has both a score and a price yet" if axis == "cost" else "nothing measured yet"
    return Cloud(dots, best, wide and len(known) == len(points), empty)


def read_items(
    facts: BenchmarkFacts, board: Leaderboard, table: Table, arms: Sequence[int], chosen: int, *, compared: bool = False
) -> ItemMap:
    """The map of items of some arms (their places in the definition, `chosen` among them)."""
    shape = (len(arms), len(table.prompts), table.repeats)
    judged = [board.judged[arm] for arm in arms]
    graders = range(len(board.benchmark.graders)) if board.view.grader is None else [board.view.grader]
    passed = np.stack([np.stack([table.arms[arm].passed[grader] for arm in arms]) for grader in graders])
    rows = facts.rows(board.benchmark.split)

    def text(place: int) -> str:
        return _asked(board.benchmark, place, rows[place]) if place < len(rows) else ""

    return ItemMap(
        arms=tuple(board.benchmark.arms[arm].name for arm in arms),
        signs=tuple(str(number + 1) for number in range(len(arms))),
        repeats=table.repeats,
        codes=np.stack([one.codes for one in judged]).reshape(shape),
        passes=np.stack([one.passes for one in judged]).reshape(shape),
        scores=np.stack([one.scores for one in judged]).reshape(shape),
        grader_passes=passed.reshape((len(graders), *shape)),
        score_width=board.view.scale.width,
        text=text,
        chosen=list(arms).index(chosen),
        compared=compared,
    )


def read_item(
    facts: BenchmarkFacts, board: Leaderboard, arms: Sequence[int], place: int, number: int, total: int
) -> ItemView | None:
    """One item with the answers of some arms, in their order; None if the run has no such item."""
    benchmark = board.benchmark
    found = facts.item(board.run, place)
    if found is None:
        return None
    order = {benchmark.arms[arm].name: position for position, arm in enumerate(arms)}
    answers = sorted((one for one in found.answers if one.arm in order), key=lambda one: (order[one.arm], one.repeat))
    asked = tuple((str(message.get("role", "")), _content(message.get("content"))) for message in found.messages)
    used = "\n".join(text for _, text in asked)
    fields = tuple(
        (name, text[:_FIELD_LENGTH])
        for name, text in ((name, _content(value)) for name, value in found.fields.items())
        if name != benchmark.messages_field and text and text not in used
    )
    views = tuple(_answer(board, place, one) for one in answers)
    return ItemView(place, number, total, asked, fields, views)


def _answer(board: Leaderboard, place: int, one: browse.AnswerView) -> AnswerView:
    benchmark = board.benchmark
    arm = benchmark.arm_index(one.arm)
    repeats = len(board.judged[arm].codes) // max(1, board.items)
    code = int(board.judged[arm].codes[place * repeats + one.repeat])
    answered = one.entry is not None and one.entry.answer.state is not AnswerState.SENT
    widths = {use.hash: use.scale.width for use in benchmark.graders}
    places = list(widths)
    reasons = sorted(one.reasons, key=lambda reason: places.index(reason.grade.grader))
    return AnswerView(
        arm=one.arm,
        repeat=one.repeat if benchmark.arms[arm].repeats > 1 else None,
        outcome=CODES[code] if code < len(CODES) else Outcome.MISSING,
        answer=one.entry.answer if one.entry is not None and answered else None,
        grades=tuple(_grade(reason, widths) for reason in reasons if reason.grade.again == 0),
    )


def _grade(reason: browse.Reason, widths: Mapping[str, float]) -> GradeView:
    grade = reason.grade
    return GradeView(
        reason.grader,
        grade.reward,
        grade.passed,
        widths.get(grade.grader, 1.0),
        grade.errors,
        grade.details,
        reason.steps,
        tuple(grade.parts.items()),
    )


def _asked(benchmark: Benchmark, place: int, row: str) -> str:
    """The last thing a user says in an item."""
    try:
        messages = item_of(benchmark, place, row).messages
    except CupolaError as error:
        return str(error)
    told = [message for message in messages if message.get("role") == "user"] or list(messages)
    return _content(told[-1].get("content")) if told else ""


def _content(value: object) -> str:
    """A message's or a field's text; parts of a message one after another, images by name only."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, dict) and "type" in part for part in value):
        return "\n".join(str(part.get("text", f"[{part['type']}]")) for part in value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)
