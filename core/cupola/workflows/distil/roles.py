"""Who teaches, who learns, who controls: as given, as decided, or as the leaderboard proposes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...benchmarks.leaderboard import Leaderboard, leaderboard_of
from ...benchmarks.roles import Role, assess, propose, settling
from ...errors import CupolaError
from ...statistics.verdicts import Word
from ...store import benchmarks, decisions
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..kinds import Scene, World
from .definition import Distillation

ROLES = tuple(role.value for role in Role)


def inputs(world: World, scene: Scene) -> Mapping[str, Any]:
    """The benchmark's answers and whatever names a role."""
    definition: Distillation = scene.definition
    return {
        "runs": scene.stages["benchmark"].inputs["runs"],
        "given": given(definition),
        "decided": decided(world.database, definition),
        "by": definition.view.name,
    }


def given(definition: Distillation) -> dict[str, str]:
    """The roles that the definition names."""
    return {role: name for role in ROLES if (name := getattr(definition, role))}


def decided(database: Database, definition: Distillation) -> dict[str, str]:
    """The roles that the ledger of decisions holds for this benchmark and its arms."""
    arms = {arm.name for arm in definition.test.arms}
    standing = decisions.standing(database, definition.test.name)
    return {role: one.arm for role, one in standing.items() if role in ROLES and one.arm in arms}


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Settle the three roles.

    Raises:
        CupolaError: somebody is missing, or the teacher has nothing to teach the student.
    """
    definition: Distillation = scene.definition
    run = benchmarks.get_run(world.database, int(scene.outputs("benchmark")["runs"][0]))
    board = leaderboard_of(world.database, run, definition.view.name) if run is not None else None
    if board is None:
        raise CupolaError("The benchmark's results are gone.", remedy="Run the benchmark again.")
    outputs = _settled(board, definition, decided(world.database, definition), world.clock())
    return replace(stage, state=StageState.DONE, outputs=outputs, done=1.0, total=1.0)


def _settled(
    board: Leaderboard, definition: Distillation, decided_before: Mapping[str, str], now: float
) -> dict[str, Any]:
    named = {**decided_before, **given(definition)}
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    proposals = {one.role.value: one for one in propose(board, today)}
    roles: dict[str, str] = {}
    reasons: list[str] = []
    warnings: list[str] = []
    for role in ROLES:
        if role in named:
            found = assess(board, Role(role), board.benchmark.arm_index(named[role]), today)
            how = "given" if role in given(definition) else "decided earlier"
            reasons.append(f"{found.name} is the {role}, as {how}. {' '.join(found.reasons)}")
        else:
            found = proposals[role]
            reasons += found.reasons
        if found.index is not None and found.name not in roles.values():
            roles[role] = found.name
            warnings += found.warnings
    _refuse_unfit(board, roles, reasons)
    warnings += _gap_warnings(board, roles)
    return {"roles": roles, "reasons": reasons, "warnings": list(dict.fromkeys(warnings))}


def _refuse_unfit(board: Leaderboard, roles: Mapping[str, str], reasons: list[str]) -> None:
    for role in ("teacher", "student"):
        if role not in roles:
            raise CupolaError(
                f"Nobody fits as the {role}.",
                " ".join(reasons[-2:]),
                f"Name one: cupola distill run ... --{role} ARM",
            )
    teacher, student = (_score(board, roles[role]) for role in ("teacher", "student"))
    if teacher is None or student is None:
        raise CupolaError(
            "Teacher or student has no graded answer.",
            "No grader could judge them.",
            "Mend the grader, then run the benchmark again.",
        )
    if teacher <= student:
        raise CupolaError(
            f"{roles['teacher']} has nothing to teach {roles['student']}.",
            f"It scores {teacher:.3f}, and {roles['student']} scores {student:.3f} before any training.",
            "Choose another teacher or student, or a grader that tells them apart.",
        )


def _gap_warnings(board: Leaderboard, roles: Mapping[str, str]) -> list[str]:
    """What the numbers do not carry about the gap."""
    indices = [board.benchmark.arm_index(roles[role]) for role in ("teacher", "student")]
    verdict = board.verdict_of(*indices)
    if verdict is None or verdict.word is Word.BETTER:
        return []
    detail = settling(verdict) if verdict.word is Word.INCONCLUSIVE else f"the verdict is {verdict.word.value}."
    return [f"That {roles['teacher']} is better than {roles['student']} is not shown: {detail}"]


def _score(board: Leaderboard, name: str) -> float | None:
    row = board.row_of(board.benchmark.arm_index(name))
    return None if row.score is None else row.score.value
