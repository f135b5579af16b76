"""A leaderboard as text and back: only its records, since its arrays follow from the results in no time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from cupola.benchmarks.estimate import Range, RunEstimate
from cupola.benchmarks.leaderboard import Leaderboard, Row
from cupola.benchmarks.outcomes import judged_table, views_of
from cupola.benchmarks.roles import Proposal
from cupola.models import Problem
from cupola.statistics.leaderboard import Pair
from cupola.statistics.picking import Pick

from ...views.bench.records import Told
from .working import Task, Worked

_FORM = 1
"""Another number for another form: what has an earlier one is not read."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What of a worked-out leaderboard is kept."""

    rows: tuple[Row, ...]
    reference: int | None
    pairs: tuple[Pair, ...]
    pick: Pick | None
    margin: float
    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...]
    dominated: tuple[int, ...]
    problem: Problem | None


def to_text(worked: Worked) -> str | None:
    """What to keep of a leaderboard; None where there is none."""
    board = worked.board
    if board is None:
        return None
    kept = _Kept(
        board.rows,
        board.reference,
        board.pairs,
        board.pick,
        board.margin,
        worked.proposals,
        worked.notes,
        tuple(sorted(worked.dominated)),
        worked.problem,
    )
    return json.dumps({"form": _FORM, "digest": worked.task.run.digest, "board": _plain(kept)})


def from_text(text: str, task: Task) -> Worked | None:
    """The leaderboard of a task as it was kept; None if it was kept of something else or cannot be read."""
    try:
        document = json.loads(text)
        if document["form"] != _FORM or document["digest"] != task.run.digest:
            return None
        kept: _Kept = _record(_Kept, document["board"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if {row.index for row in kept.rows} != set(range(len(task.benchmark.arms))):
        return None
    view = views_of(task.benchmark)[task.view]
    clusters = task.table.clusters()
    board = Leaderboard(
        run=task.run,
        benchmark=task.benchmark,
        view=view,
        views=views_of(task.benchmark),
        rows=kept.rows,
        reference=kept.reference,
        pairs=kept.pairs,
        pick=kept.pick,
        margin=kept.margin,
        items=len(task.table.prompts),
        prompts=clusters.count,
        judged=tuple(judged_table(task.table, task.benchmark, view)),
        clusters=clusters,
    )
    return Worked(task, board, kept.proposals, kept.notes, frozenset(kept.dominated), kept.problem)


def told_to_text(found: RunEstimate) -> str:
    """What is kept of an estimate."""
    ranges = (Range(found.calls, found.calls), found.tokens, found.usd, found.minutes)
    return json.dumps(_plain(Told(*((one.low, one.high) for one in ranges))))


def told_from_text(text: str | None) -> Told | None:
    """An estimate as it was kept; None if there is none that can be read."""
    if text is None:
        return None
    try:
        found: Told = _record(Told, json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if all(len(one) == 2 for one in (found.calls, found.tokens, found.usd, found.minutes)) else None


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _record(kind: Any, value: Any) -> Any:
    """The value as the type says. Raises KeyError, TypeError or ValueError if it is not of that type."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _optional(get_args(kind), value)
    if origin is tuple:
        inner = get_args(kind)[0]
        return tuple(_record(inner, one) for one in value)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _record(hint, value[name]) for name, hint in _hints(kind).items() if name in _names(kind)})
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float:
        return float(value)
    if kind in (int, str, bool) and not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _optional(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in kinds:
        return None
    (kind,) = (one for one in kinds if one is not NoneType)
    return _record(kind, value)


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))
