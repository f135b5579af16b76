"""Items and answers one by one: the map of passes, one item with all that was said about it, two texts compared."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..statistics.outcomes import Outcome
from ..store import answers, benchmarks, grades
from ..store.answers import Entry
from ..store.benchmarks import Run
from ..store.database import Database
from ..store.grades import Grade
from .definition import from_json
from .hashing import canonical
from .items import item_of
from .leaderboard import Leaderboard
from .outcomes import CODES
from .table import GradeKind, Table

Order = Literal["worst", "disputed", "place"]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item across all arms."""

    place: int
    outcomes: tuple[tuple[Outcome, ...], ...]
    """By arm index: one outcome for each repeat."""
    passed: float
    """The share of judged answers that pass; NaN if none is judged."""
    disputed: float
    """From 0, all arms alike, to 1, half of them pass."""
    graders_disagree: bool
    """Some answer is passed by one grader and failed by another."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one grader made of one answer, and why."""

    grader: str
    grade: Grade
    steps: tuple[str, ...]
    """What a grader model wrote before its verdict; hostile text until cleaned."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One arm's answer to an item."""

    arm: str
    repeat: int
    request: str
    number: int
    entry: Entry | None
    """None as long as it has not been asked."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item with everything said about it. All texts are hostile until cleaned."""

    place: int
    messages: tuple[Mapping[str, Any], ...]
    fields: Mapping[str, Any]
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of two texts laid side by side."""

    kind: Literal["same", "first", "second"]
    """In both, in the first only, in the second only."""
    text: str


def item_lines(
    board: Leaderboard,
    table: Table,
    order: Order = "worst",
    outcome: Outcome | None = None,
    only_disagreeing: bool = False,
) -> list[ItemLine]:
    """The items as lines.

    Args:
        board: Says under which view they are judged.
        table: The same run's results.
        order: Worst first, most disputed first, or as they stand in the data.
        outcome: Only items with such an outcome in some arm.
        only_disagreeing: Only items on which graders disagree about some answer.
    """
    repeats = table.repeats
    codes = np.stack([one.codes for one in board.judged]).reshape(len(board.judged), -1, repeats)
    passes = np.stack([one.passes for one in board.judged]).reshape(len(board.judged), -1, repeats)
    disagree = _disagreements(table)
    known = (~np.isnan(passes)).sum(axis=(0, 2))
    passed = np.divide(np.nansum(passes, axis=(0, 2)), known, out=np.full(len(known), np.nan), where=known > 0)
    disputed = np.nan_to_num(4 * passed * (1 - passed))
    chosen = np.ones(len(known), bool)
    if outcome is not None:
        chosen &= (codes == CODES.index(outcome)).any(axis=(0, 2))
    if only_disagreeing:
        chosen &= disagree
    keys = {"worst": np.nan_to_num(passed, nan=2.0), "disputed": -disputed, "place": np.arange(len(known))}
    places = [int(place) for place in np.lexsort((-disputed, keys[order])) if chosen[place]]
    return [
        ItemLine(
            place=place,
            outcomes=tuple(
                tuple(CODES[code] for code in codes[arm, place] if code < len(CODES)) for arm in range(len(codes))
            ),
            passed=float(passed[place]),
            disputed=float(disputed[place]),
            graders_disagree=bool(disagree[place]),
        )
        for place in places
    ]


def item_view(database: Database, run: Run, place: int) -> ItemView | None:
    """One item with all answers and grades; None if the run has no such item."""
    benchmark = from_json(run.definition)
    fields = benchmarks.item(database, run.split, place)
    if fields is None:
        return None
    item = item_of(benchmark, place, canonical(fields))
    asks = benchmarks.asks_at(database, run.id, place)
    entries = answers.find_many(database, [(ask.request, ask.number) for ask in asks])
    names = {use.hash: use.name for use in benchmark.graders}
    views = []
    for ask in asks:
        found = grades.of_answer(database, ask.request, ask.number, item.hash)
        reasons = tuple(
            Reason(names[grade.grader], grade, _steps(database, grade)) for grade in found if grade.grader in names
        )
        entry = entries.get((ask.request, ask.number))
        arm = benchmark.arms[ask.arm].name
        views.append(AnswerView(arm, ask.repeat, ask.request, ask.number, entry, reasons))
    return ItemView(place, item.messages, item.fields, tuple(views))


def differences(first: str, second: str) -> list[Change]:
    """Two texts word by word; joined, the stretches give both texts back."""
    left, right = _WORDS.findall(first), _WORDS.findall(second)
    changes: list[Change] = []
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=len(left) + len(right) > 4_000)
    for kind, from_left, to_left, from_right, to_right in matcher.get_opcodes():
        if kind == "equal":
            changes.append(Change("same", "".join(left[from_left:to_left])))
            continue
        if from_left < to_left:
            changes.append(Change("first", "".join(left[from_left:to_left])))
        if from_right < to_right:
            changes.append(Change("second", "".join(right[from_right:to_right])))
    return changes


def _disagreements(table: Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(items,): whether some answer is passed by one grader and failed by another."""
    found = np.zeros(table.rows, bool)
    for arm in table.arms:
        graded = arm.graded == GradeKind.GRADED
        found |= (graded & (arm.passed == 1)).any(axis=0) & (graded & (arm.passed == 0)).any(axis=0)
    return np.asarray(found.reshape(-1, table.repeats).any(axis=1))


def _steps(database: Database, grade: Grade) -> tuple[str, ...]:
    """The reasoning steps in the replies that a grade rests on; a reply that is no JSON is shown whole."""
    found: list[str] = []
    for request, number in grade.calls:
        entry = answers.find(database, request, number)
        if entry is not None and entry.answer.text:
            found += _steps_of(entry.answer.text)
    return tuple(found)


def _steps_of(text: str) -> Sequence[str]:
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    steps = reply.get("steps") if isinstance(reply, dict) else None
    if not isinstance(steps, list):
        return [text]
    return [
        " ".join(str(step.get(name)) for name in ("description", "conclusion") if step.get(name))
        for step in steps
        if isinstance(step, dict)
    ]
