"""The stage that draws the curve: each arm's score over the number of distractors, with intervals and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...benchmarks.definition import Benchmark, from_json
from ...benchmarks.leaderboard import load_table
from ...benchmarks.outcomes import judged, views_of
from ...errors import CupolaError
from ...statistics.comparison import Comparison, compare
from ...statistics.estimates import Estimate, Scale
from ...statistics.holm import holm
from ...statistics.means import estimate_mean
from ...statistics.verdicts import Verdict, Word, judge
from ...store import benchmarks
from ...store.database import Database
from ...store.workflows import Stage, StageState
from ..kinds import Scene, World
from .definition import Raft
from .measuring import BASE, TUNED

Floats = npt.NDArray[np.float64]
_AGAINST = "Tuned against base"
ARMS = ("base with retrieval", "tuned with retrieval", "tuned closed-book", "base closed-book")


@dataclass(frozen=True, slots=True)
class Scores:
    """Both arms' scores (items,) of one benchmark, in the order of the questions; NaN is no value."""

    base: Floats
    tuned: Floats


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The runs."""
    definition: Raft = scene.definition
    return {"runs": scene.stages["benchmark"].inputs["runs"], "margin": definition.margin}


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Estimate every point, and compare the arms on the same questions.

    Raises:
        CupolaError: a run's results are gone, or nothing was graded.
    """
    definition: Raft = scene.definition
    found = [_scores(world.database, int(run)) for run in scene.outputs("benchmark")["runs"]]
    scale = views_of(_definition(world.database, int(scene.outputs("benchmark")["runs"][0])))[0].scale
    closed, levels = found[0], dict(zip(definition.levels, found[1:], strict=True))
    verdicts = _verdicts(closed, levels, scale, definition.margin * scale.width)
    outputs = {
        "points": points(closed, levels, scale),
        "verdicts": [_told(*one) for one in verdicts],
        "items": len(closed.base),
        "headline": headline(verdicts),
        "sentences": sentences(definition, closed, levels, verdicts),
    }
    return replace(stage, state=StageState.DONE, outputs=outputs, done=len(found), total=len(found), unit="points")


def points(closed: Scores, levels: Mapping[int, Scores], scale: Scale) -> list[dict[str, Any]]:
    """One point for each arm and number of distractors; those without documents have the number None."""
    found = []
    for name, values in ((ARMS[2], closed.tuned), (ARMS[3], closed.base)):
        found.append(_point(name, None, values, scale))
    for level, scores in levels.items():
        for name, values in ((ARMS[0], scores.base), (ARMS[1], scores.tuned)):
            found.append(_point(name, level, values, scale))
    return found


def headline(verdicts: Sequence[tuple[str, int | None, Verdict]]) -> str:
    """What has come of it, in a sentence: at how many numbers of distractors the tuned model is shown to be better."""
    among = [one for what, level, one in verdicts if what == _AGAINST and level is not None]
    words = [one.word for one in among]
    better, worse = words.count(Word.BETTER), words.count(Word.WORSE)
    told = f"Among documents the tuned model is better than the base at {better} of {len(among)} numbers of distractors"
    told += f", worse at {worse}" if worse else ""
    closed = next((one.word for what, level, one in verdicts if what == _AGAINST and level is None), None)
    return f"{told}." if closed is None else f"{told}; without any: {closed.value}."


def sentences(
    definition: Raft,
    closed: Scores,
    levels: Mapping[int, Scores],
    verdicts: Sequence[tuple[str, int | None, Verdict]],
) -> list[str]:
    """What the curve says, in plain words."""
    told = []
    for what, level, verdict in verdicts:
        difference = verdict.difference
        if difference is not None:
            where = "without documents" if level is None else f"with {level} distractors"
            interval = difference.interval
            told.append(
                f"{what} {where}: {verdict.word.value}, {difference.value:+.2f}"
                f" ({interval.low:+.2f} to {interval.high:+.2f})."
            )
    first, last = min(levels), max(levels)
    if first != last:
        fall = [float(np.nanmean(levels[first].tuned) - np.nanmean(levels[last].tuned))]
        fall.append(float(np.nanmean(levels[first].base) - np.nanmean(levels[last].base)))
        told.append(f"From {first} to {last} distractors the tuned model loses {fall[0]:.2f}, the base {fall[1]:.2f}.")
    return told


def _verdicts(
    closed: Scores, levels: Mapping[int, Scores], scale: Scale, margin: float
) -> list[tuple[str, int | None, Verdict]]:
    """Tuned against base at every level and without documents, and closed-book against the base with retrieval.

    All are one family of Holm's. Items are questions, the same in all runs, so that every comparison is paired.
    """
    asked: list[tuple[str, int | None, Comparison]] = [
        (_AGAINST, None, compare(closed.tuned, closed.base, scale=scale))
    ]
    for level, scores in levels.items():
        asked.append((_AGAINST, level, compare(scores.tuned, scores.base, scale=scale)))
    for level, scores in levels.items():
        asked.append(("Tuned closed-book against base", level, compare(closed.tuned, scores.base, scale=scale)))
    corrected = holm([comparison.p for _, _, comparison in asked])
    return [
        (what, level, judge(replace(comparison, p_corrected=float(p), family=len(asked)), margin))
        for (what, level, comparison), p in zip(asked, corrected, strict=True)
    ]


def _scores(database: Database, run_id: int) -> Scores:
    run = benchmarks.get_run(database, run_id)
    table = None if run is None else load_table(database, run)
    if run is None or table is None:
        raise CupolaError("The results of the test are gone.", remedy="Start it anew.")
    benchmark = from_json(run.definition)
    view = views_of(benchmark)[0]
    by_arm = {
        arm.name: judged(columns, benchmark, view).scores
        for arm, columns in zip(benchmark.arms, table.arms, strict=True)
    }
    found = Scores(by_arm[BASE], by_arm[TUNED])
    if np.isnan(found.base).all() or np.isnan(found.tuned).all():
        raise CupolaError(
            f"Nothing of {benchmark.name} was graded.", remedy="Look at its answers: cupola bench items NAME."
        )
    return found


def _definition(database: Database, run_id: int) -> Benchmark:
    run = benchmarks.get_run(database, run_id)
    if run is None:
        raise CupolaError("The results of the test are gone.", remedy="Start it anew.")
    return from_json(run.definition)


def _point(arm: str, level: int | None, values: Floats, scale: Scale) -> dict[str, Any]:
    found: Estimate = estimate_mean(values, None, scale)
    return {
        "arm": arm,
        "distractors": level,
        "value": found.value,
        "low": found.interval.low,
        "high": found.interval.high,
        "items": found.items,
    }


def _told(what: str, level: int | None, verdict: Verdict) -> dict[str, Any]:
    difference = verdict.difference
    assert difference is not None  # items are shared, so that the arms are comparable
    return {
        "what": what,
        "distractors": level,
        "word": verdict.word.value,
        "difference": difference.value,
        "low": difference.interval.low,
        "high": difference.interval.high,
    }
