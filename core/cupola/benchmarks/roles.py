"""Who teaches, who learns, who controls: proposals with their reasons and warnings, by what the leaderboard carries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..statistics.picking import Claim
from ..statistics.verdicts import Verdict, Word
from .leaderboard import Leaderboard, Row
from .prices import base_of

RETIRES_SOON_DAYS = 90
_ROOM_MARGINS = 1.0
"""A student must lie more than so many margins below the teacher, or there is nothing to teach."""


class Role(StrEnum):
    """What an arm is for in a distillation."""

    TEACHER = "teacher"
    STUDENT = "student"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An arm for a role. Texts are whole sentences for a person."""

    role: Role
    index: int | None
    """The arm; None if nothing fits, and the reasons say why."""
    name: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def propose(board: Leaderboard, today: dt.date, region: str = "") -> tuple[Proposal, ...]:
    """Teacher, student and control, in this order.

    The teacher is the best, or the cheapest that is not inferior to the best; the student the cheapest arm with room
    to grow that can be tuned; the control lies between them.

    Args:
        board: With results for every arm.
        today: For how long models are still there.
        region: Where tuning would take place; empty is not known.
    """
    teacher = _teacher(board, today)
    student = _student(board, teacher.index, today, region)
    return teacher, student, _control(board, teacher.index, student.index, today)


def assess(board: Leaderboard, role: Role, index: int, today: dt.date, region: str = "") -> Proposal:
    """What speaks for and against an arm that a person chose for a role."""
    row = board.row_of(index)
    warnings = [*_lifetime(row, today), *_judge_is(board, row, role)]
    if role is Role.STUDENT:
        warnings += _cannot_be_tuned(row, region)
    if role is Role.TEACHER:
        warnings += _not_separable(board, row)
    return Proposal(role, index, row.arm.name, (_standing(board, row),), tuple(warnings))


def _teacher(board: Leaderboard, today: dt.date) -> Proposal:
    pick = board.pick
    if pick is None:
        return _nobody(Role.TEACHER, "Not every arm has results yet.")
    row, highest = board.row_of(pick.picked), board.row_of(pick.highest)
    name = row.arm.name
    if pick.claim is Claim.BEST:
        reasons = [f"{name} scores better than every other arm."]
    elif pick.claim is Claim.NOT_INFERIOR and row is not highest:
        reasons = [f"{name} is the cheapest arm that is not inferior to any other by more than {board.margin:.3g}."]
        reasons += _cheaper(row, highest)
    elif pick.claim is Claim.NOT_INFERIOR:
        reasons = [f"{name} scores highest, and no cheaper arm is shown to be as good within {board.margin:.3g}."]
    else:
        reasons = [f"{name} scores highest, but is not separable from every other arm."]
    warnings = [*_lifetime(row, today), *_judge_is(board, row, Role.TEACHER), *_not_separable(board, row)]
    return Proposal(Role.TEACHER, row.index, name, (*reasons, _standing(board, row)), tuple(warnings))


def _student(board: Leaderboard, teacher: int | None, today: dt.date, region: str) -> Proposal:
    if teacher is None:
        return _nobody(Role.STUDENT, "There is no teacher yet.")
    best = board.row_of(teacher)
    tunable = [row for row in board.rows if row.index != teacher and "supervised" in row.methods and row.score]
    fit = [row for row in tunable if _room(best, row) > _ROOM_MARGINS * board.margin and row.cost is not None]
    if not fit:
        why = "has room to grow" if tunable else "can be tuned, as far as is known"
        return _nobody(Role.STUDENT, f"No other arm {why}.")
    row = min(fit, key=lambda one: one.cost.per_answer if one.cost else 0.0)
    reasons = [
        f"{row.arm.name} is the cheapest arm that can be tuned and lies more than {board.margin:.3g} below"
        f" {best.arm.name}: room to grow {_room(best, row):+.2f}.",
        *_cheaper(row, best),
    ]
    warnings = [*_lifetime(row, today), *_judge_is(board, row, Role.STUDENT), *_cannot_be_tuned(row, region)]
    verdict = board.verdict_of(row.index, teacher)
    if verdict is not None and verdict.word is not Word.WORSE:
        warnings.append(f"That it lies below {best.arm.name} is not shown: {settling(verdict)}")
    return Proposal(Role.STUDENT, row.index, row.arm.name, tuple(reasons), tuple(warnings))


def _control(board: Leaderboard, teacher: int | None, student: int | None, today: dt.date) -> Proposal:
    if teacher is None or student is None:
        return _nobody(Role.CONTROL, "Teacher and student come first.")
    high, low = _score(board.row_of(teacher)), _score(board.row_of(student))
    between = [
        row
        for row in board.rows
        if row.index not in (teacher, student) and row.score is not None and low < _score(row) < high
    ]
    if not between:
        return _nobody(Role.CONTROL, "No arm scores between teacher and student.")
    middle = (high + low) / 2
    row = min(between, key=lambda one: abs(_score(one) - middle))
    reason = f"{row.arm.name} lies between {board.row_of(student).arm.name} and {board.row_of(teacher).arm.name}."
    warnings = (*_lifetime(row, today), *_judge_is(board, row, Role.CONTROL))
    return Proposal(Role.CONTROL, row.index, row.arm.name, (reason, _standing(board, row)), warnings)


def settling(verdict: Verdict) -> str:
    """What it would take to settle an open comparison, as a sentence."""
    if verdict.items_needed is None or verdict.difference is None:
        return f"the verdict is {verdict.word.value}."
    further = verdict.items_needed - verdict.difference.items
    money = "" if verdict.cost is None else f", about ${verdict.cost:,.2f} in both arms without graders"
    return f"inconclusive at n={verdict.difference.items}; {further:,} more items would settle it{money}."


def judges_of(board: Leaderboard) -> tuple[str, ...]:
    """The deployments that the benchmark's graders ask."""
    return tuple(dict.fromkeys(judge for use in board.benchmark.graders for judge in use.judges))


def _not_separable(board: Leaderboard, row: Row) -> list[str]:
    rivals: list[tuple[float, str]] = []
    for other in board.rows:
        verdict = None if other.index == row.index else board.verdict_of(row.index, other.index)
        if verdict is not None and verdict.word is Word.INCONCLUSIVE:
            rivals.append((-_score(other), f"Not separable from {other.arm.name}: {settling(verdict)}"))
    return [text for _, text in sorted(rivals)]


def _judge_is(board: Leaderboard, row: Row, role: Role) -> list[str]:
    warnings = []
    for judge in judges_of(board):
        same_model = base_of(judge) is not None and base_of(judge) == base_of(row.arm.model)
        if judge == row.arm.deployment or same_model:
            warnings.append(
                f"The {role.value} {row.arm.name} is also the judge ({judge}): models tend to prefer their own answers"
                " (Panickssery et al. 2024). Grade with another model, or label some answers by hand."
            )
    return warnings


def _lifetime(row: Row, today: dt.date) -> list[str]:
    if row.retires is None:
        return []
    days = (row.retires - today).days
    if days < 0:
        return [f"{row.arm.name} is past its retirement date, {row.retires}."]
    return [f"{row.arm.name} retires in {days} days, on {row.retires}."] if days <= RETIRES_SOON_DAYS else []


def _cannot_be_tuned(row: Row, region: str) -> list[str]:
    base = base_of(row.arm.model)
    if base is None:
        return [f"Nothing is known of whether {row.arm.name} can be tuned."]
    if not base.methods:
        return [f"{row.arm.name} cannot be tuned."]
    everywhere = any(tier != "standard" for tier in base.tiers)
    if region and region not in base.regions:
        elsewhere = " The global tier trains it elsewhere." if everywhere else ""
        return [f"{row.arm.name} cannot be tuned on the Standard tier in {region}.{elsewhere}"]
    return []


def _cheaper(row: Row, other: Row) -> list[str]:
    if row.cost is None or other.cost is None or not row.cost.per_answer > 0:
        return []
    times = other.cost.per_answer / row.cost.per_answer
    if times >= 2:
        return [f"It is {times:.0f}x cheaper than {other.arm.name}."]
    saved = 1 - 1 / times
    return [f"It costs {saved:.0%} less than {other.arm.name}."] if saved > 0.005 else []


def _standing(board: Leaderboard, row: Row) -> str:
    if row.score is None:
        return f"{row.arm.name} has no results yet."
    interval = row.score.interval
    return (
        f"Score {row.score.value:.3f}, 95% interval {interval.low:.3f} to {interval.high:.3f},"
        f" n={row.score.items} of {row.outcomes.total}."
    )


def _room(best: Row, row: Row) -> float:
    return _score(best) - _score(row)


def _score(row: Row) -> float:
    return row.score.value if row.score else 0.0


def _nobody(role: Role, why: str) -> Proposal:
    return Proposal(role, None, "", (why,))


def warnings_of(proposals: Sequence[Proposal]) -> tuple[str, ...]:
    """Every warning once."""
    return tuple(dict.fromkeys(text for proposal in proposals for text in proposal.warnings))
