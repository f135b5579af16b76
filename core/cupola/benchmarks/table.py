"""A run's results as arrays: derived from the journal and kept beside it, so that large screens open at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..statistics.clusters import Clusters, clusters_of
from ..store.answers import Answer, AnswerState, Entry
from ..store.grades import Grade
from .definition import Benchmark
from .items import Item

Floats: TypeAlias = "npt.NDArray[np.float64]"
Bytes: TypeAlias = "npt.NDArray[np.uint8]"
Integers: TypeAlias = "npt.NDArray[np.int64]"


class Kind(IntEnum):
    """What came back for one row, before any grader."""

    MISSING = 0
    ANSWERED = 1
    REFUSED = 2
    FILTERED = 3
    TRUNCATED = 4
    ERROR = 5
    UNWANTED = 6
    """The arm has fewer repeats than another: no row at all."""


class GradeKind(IntEnum):
    """How far one grader is with one row."""

    NONE = 0
    GRADED = 1
    ERROR = 2
    """The grader failed: never a score."""


_NUMBERS = ("seconds", "first", "usd", "prompt", "completion", "cached", "reasoning")
_PROMPTS = "prompts"
_DIGEST_BYTES = 16


@dataclass(slots=True)
class ArmColumns:
    """One arm's rows: item by item, within an item repeat by repeat. All arrays are (rows,)."""

    kind: Bytes
    """`Kind`."""
    seconds: Floats
    """Until the whole answer; NaN where none came."""
    first: Floats
    """Seconds until the first token."""
    usd: Floats
    """NaN where the price is not known."""
    prompt: Floats
    """Tokens, as the four below."""
    completion: Floats
    cached: Floats
    reasoning: Floats
    rewards: Floats
    """(graders, rows): on each grader's own scale; NaN where there is none."""
    passed: Floats
    """(graders, rows): 1, 0 or NaN."""
    graded: Bytes
    """(graders, rows): `GradeKind`."""


@dataclass(slots=True)
class Table:
    """All arms of a run over the same rows."""

    prompts: tuple[str, ...]
    """(items,): the hash of each item's prompt."""
    repeats: int
    """The most that any arm has."""
    arms: list[ArmColumns]
    _clusters: Clusters | None = None

    @property
    def rows(self) -> int:
        """Rows of each arm."""
        return len(self.prompts) * self.repeats

    def row(self, place: int, repeat: int) -> int:
        """Where a row stands."""
        return place * self.repeats + repeat

    def clusters(self) -> Clusters:
        """Which rows hold the same prompt."""
        if self._clusters is None:
            of_items = clusters_of(self.prompts)
            self._clusters = Clusters(np.repeat(of_items.codes, self.repeats), of_items.count)
        return self._clusters


def empty_table(benchmark: Benchmark, items: Sequence[Item]) -> Table:
    """A table without results."""
    return _empty(benchmark, tuple(item.key for item in items))


def _empty(benchmark: Benchmark, prompts: tuple[str, ...]) -> Table:
    repeats = max(arm.repeats for arm in benchmark.arms)
    rows, graders = len(prompts) * repeats, len(benchmark.graders)
    arms = []
    for arm in benchmark.arms:
        kind = np.zeros(rows, np.uint8)
        kind.reshape(-1, repeats)[:, arm.repeats :] = Kind.UNWANTED
        numbers = {name: np.full(rows, np.nan) for name in _NUMBERS}
        by_grader = {name: np.full((graders, rows), np.nan) for name in ("rewards", "passed")}
        arms.append(ArmColumns(kind=kind, **numbers, **by_grader, graded=np.zeros((graders, rows), np.uint8)))
    return Table(prompts, repeats, arms)


def kind_of(answer: Answer) -> Kind:
    """What an answer is, before any grader."""
    if answer.state is not AnswerState.ANSWERED:
        return Kind.ERROR if answer.state is AnswerState.FAILED else Kind.MISSING
    if answer.filtered:
        return Kind.FILTERED
    if answer.refusal:
        return Kind.REFUSED
    return Kind.TRUNCATED if answer.finish_reason == "length" else Kind.ANSWERED


def put_answer(arm: ArmColumns, row: int, answer: Answer) -> None:
    """Enter an answer."""
    arm.kind[row] = kind_of(answer)
    for column, value in (
        (arm.seconds, answer.seconds),
        (arm.first, answer.first_token_seconds),
        (arm.usd, answer.usd),
        (arm.prompt, answer.prompt_tokens),
        (arm.completion, answer.completion_tokens),
        (arm.cached, answer.cached_tokens),
        (arm.reasoning, answer.reasoning_tokens),
    ):
        column[row] = np.nan if value is None else value


def put_grade(arm: ArmColumns, grader: int, row: int, grade: Grade) -> None:
    """Enter a grade."""
    arm.graded[grader, row] = GradeKind.ERROR if grade.reward is None else GradeKind.GRADED
    arm.rewards[grader, row] = np.nan if grade.reward is None else grade.reward
    arm.passed[grader, row] = np.nan if grade.passed is None else grade.passed


def put_entry(arm: ArmColumns, row: int, entry: Entry) -> None:
    """Enter a stored call."""
    put_answer(arm, row, entry.answer)


def to_columns(table: Table) -> dict[tuple[int, str], bytes]:
    """The table as the store keeps it: little-endian arrays by arm and name."""
    columns = {(-1, _PROMPTS): bytes.fromhex("".join(table.prompts))}
    for index, arm in enumerate(table.arms):
        columns[index, "kind"] = arm.kind.tobytes()
        columns[index, "numbers"] = np.stack([getattr(arm, name) for name in _NUMBERS]).astype("<f4").tobytes()
        columns[index, "rewards"] = arm.rewards.astype("<f8").tobytes()
        columns[index, "passed"] = np.where(np.isnan(arm.passed), 2, arm.passed).astype(np.uint8).tobytes()
        columns[index, "graded"] = arm.graded.tobytes()
    return columns


def from_columns(benchmark: Benchmark, columns: Mapping[tuple[int, str], bytes]) -> Table | None:
    """Read what `to_columns` made; None if it was never stored."""
    packed = columns.get((-1, _PROMPTS))
    if packed is None:
        return None
    text = packed.hex()
    width = 2 * _DIGEST_BYTES
    table = _empty(benchmark, tuple(text[start : start + width] for start in range(0, len(text), width)))
    for index, arm in enumerate(table.arms):
        if (index, "kind") in columns:
            _fill(arm, {name: content for (of, name), content in columns.items() if of == index})
    return table


def _fill(arm: ArmColumns, columns: Mapping[str, bytes]) -> None:
    arm.kind = np.frombuffer(columns["kind"], np.uint8).copy()
    numbers = np.frombuffer(columns["numbers"], "<f4").reshape(len(_NUMBERS), -1)
    for name, values in zip(_NUMBERS, numbers, strict=True):
        setattr(arm, name, values.astype(np.float64))
    shape = arm.rewards.shape
    arm.rewards = np.frombuffer(columns["rewards"], "<f8").reshape(shape).copy()
    passed = np.frombuffer(columns["passed"], np.uint8).reshape(shape)
    arm.passed = np.where(passed == 2, np.nan, passed).astype(np.float64)
    arm.graded = np.frombuffer(columns["graded"], np.uint8).reshape(shape).copy()
