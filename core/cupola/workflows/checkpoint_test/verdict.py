"""The stage that judges: every step held against the base on the same items, in the statistics' own words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...benchmarks.leaderboard import Leaderboard, Row, leaderboard_of
from ...errors import CupolaError
from ...statistics.estimates import Estimate
from ...statistics.verdicts import Verdict, Word
from ...store import benchmarks
from ...store.workflows import Stage, StageState
from ..distil.runs import run_ids
from ..kinds import Scene, World
from .definition import CheckpointTest

SCHEMA = "cupola.checkpoint-test/1"


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The run, and what does not matter."""
    definition: CheckpointTest = scene.definition
    margin, seen = definition.test.margin, scene.stages["benchmark"].inputs["runs"]
    return {"runs": seen, "margin": margin, "base": definition.base}


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Judge, and store the leaderboard.

    Raises:
        CupolaError: results are gone, or nothing was graded.
    """
    definition: CheckpointTest = scene.definition
    run = benchmarks.get_run(world.database, run_ids(scene.stages["benchmark"])[0])
    board = None if run is None else leaderboard_of(world.database, run)
    if board is None:
        raise CupolaError("The results of the test are gone.", remedy="Start it anew.")
    if board.reference is None:
        raise CupolaError(
            "Nothing that the steps could be held against was graded.",
            remedy=f"Look at its answers: cupola bench items {definition.whole.name!r}",
        )
    outputs = told(definition, board)
    return replace(stage, state=StageState.DONE, outputs=outputs, done=1.0, total=1.0)


def told(definition: CheckpointTest, board: Leaderboard) -> dict[str, Any]:
    """The leaderboard as JSON, with what it says in sentences."""
    highest = _highest(definition, board)
    return {
        "schema": SCHEMA,
        "headline": headline(definition, board),
        "sentences": sentences(definition, board),
        "run": board.run.id,
        "benchmark": board.benchmark.name,
        "view": board.view.name,
        "items": board.items,
        "prompts": board.prompts,
        "margin": board.margin,
        "reference": board.benchmark.arms[_reference(board)].name,
        "settled": settled(definition, board),
        "best": None if highest is None else _step(definition, highest),
        "tied": [] if highest is None else [_step(definition, row) for row in _tied(definition, board, highest)],
        "rows": [_row(definition, row) for row in board.rows],
    }


def settled(definition: CheckpointTest, board: Leaderboard) -> bool:
    """Whether a step is shown to be better than the base, or without a base than every other step."""
    if definition.base:
        words = [row.verdict.word for row in _steps(definition, board) if row.verdict is not None]
        return Word.BETTER in words
    highest = _highest(definition, board)
    return highest is not None and not _tied(definition, board, highest)


def headline(definition: CheckpointTest, board: Leaderboard) -> str:
    """What has come of it, in one sentence."""
    highest = _highest(definition, board)
    if highest is None:
        return "No step has a result."
    if not definition.base:
        ties = _tied(definition, board, highest)
        if len(definition.checkpoints) == 1:
            return f"{highest.arm.name} is at {_estimate_words(highest.score)}; there is nothing to hold it against."
        if not ties:
            return f"{highest.arm.name} is better than every other step."
        names = _and([row.arm.name for row in (highest, *ties)])
        return f"{highest.arm.name} is the highest; {names} cannot be told apart."
    better = [row for row in _steps(definition, board) if row.verdict is not None and row.verdict.word is Word.BETTER]
    if not better:
        return f"No step is shown to be better than {definition.base}."
    return f"Better than {definition.base}: {_and([row.arm.name for row in better])}."


def sentences(definition: CheckpointTest, board: Leaderboard) -> list[str]:
    """The headline, and every step against the reference with its interval."""
    reference = board.benchmark.arms[_reference(board)].name
    found = [headline(definition, board)]
    found += [
        f"{row.arm.name} against {reference}: {_verdict_words(row.verdict)}."
        for row in _steps(definition, board)
        if row.verdict is not None
    ]
    highest = _highest(definition, board)
    ties = [] if highest is None else _tied(definition, board, highest)
    if highest is not None and ties and definition.base:
        found.append(f"{_and([row.arm.name for row in (highest, *ties)])} cannot be told apart.")
    if len(definition.checkpoints) > 1:
        found.append("A step that is chosen for being the highest here looks a little better than it is.")
    if board.few_prompts:
        found.append(f"All this rests on {board.prompts} different prompts only.")
    return found


def _reference(board: Leaderboard) -> int:
    assert board.reference is not None  # told before anything is made of it
    return board.reference


def _steps(definition: CheckpointTest, board: Leaderboard) -> list[Row]:
    """Rows of checkpoints, the highest first."""
    return [row for row in board.rows if row.arm.name != definition.base]


def _highest(definition: CheckpointTest, board: Leaderboard) -> Row | None:
    return next((row for row in _steps(definition, board) if row.score is not None), None)


def _tied(definition: CheckpointTest, board: Leaderboard, highest: Row) -> list[Row]:
    """The other steps that are not shown to be worse than the highest."""
    return [
        row
        for row in _steps(definition, board)
        if row.index != highest.index
        and row.score is not None
        and ((verdict := board.verdict_of(row.index, highest.index)) is None or verdict.word is not Word.WORSE)
    ]


def _step(definition: CheckpointTest, row: Row) -> int | None:
    return next((one.step for one in definition.checkpoints if one.arm == row.arm.name), None)


def _row(definition: CheckpointTest, row: Row) -> dict[str, Any]:
    verdict = row.verdict
    difference = verdict.difference if verdict is not None else None
    counts = row.outcomes
    return {
        "arm": row.arm.name,
        "step": _step(definition, row),
        "model": row.arm.model,
        **_estimate(row.score, "score", "low", "high"),
        **_estimate(row.passes, "pass_rate", "pass_low", "pass_high"),
        "judged": counts.judged,
        "error": counts.error,
        "missing": counts.missing,
        "tokens": None if row.tokens is None else row.tokens.completion,
        "usd_per_thousand": None if row.cost is None else row.cost.per_thousand,
        "verdict": None if verdict is None else verdict.word.value,
        **_estimate(difference, "difference", "difference_low", "difference_high"),
        "p": None if verdict is None else verdict.p,
        "items_needed": None if verdict is None else verdict.items_needed,
    }


def _estimate(found: Estimate | None, *names: str) -> dict[str, float | None]:
    """An estimate's value and ends; what does not exist or has no bound is None."""
    if found is None:
        return dict.fromkeys(names)
    values = found.value, found.interval.low, found.interval.high
    return {name: value if math.isfinite(value) else None for name, value in zip(names, values, strict=True)}


def _estimate_words(found: Estimate | None) -> str:
    if found is None:
        return "nothing"
    return f"{found.value:.3g} ({found.interval.low:.3g} to {found.interval.high:.3g})"


def _verdict_words(verdict: Verdict) -> str:
    difference = verdict.difference
    if difference is None:
        return verdict.word.value
    interval = difference.interval
    words = f"{verdict.word.value}, {difference.value:+.3g} ({interval.low:+.3g} to {interval.high:+.3g})"
    words += "" if verdict.p is None else f", p = {verdict.p:.2g} of {verdict.family} comparisons together"
    needed = verdict.items_needed
    return words if needed is None else f"{words}; about {needed:,} items would settle it"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
