"""The stage that says what the second grader made of the answers, beside the job's own grader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import CupolaError
from ...statistics.estimates import Estimate
from ...store import regrades
from ...store.workflows import Stage, StageState
from ...training.auto_evals import AutoEvals, summaries
from ...training.grader_agreement import VerdictAgreement, VerdictPair, agree, agreement_words
from ...training.regrading import SecondSeries, second_series
from ...training.reward_watches import Alarm, disagreement
from ..kinds import Scene, World
from .definition import Regrading

SCHEMA = "cupola.regrading/1"


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """What was shown."""
    return {"owner": scene.definition.owner, **scene.stages["regrade"].inputs}


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Hold the two graders against each other.

    Raises:
        CupolaError: nothing was judged.
    """
    definition: Regrading = scene.definition
    evals = definition.evals(world.database)
    every = second_series(world.database, definition.owner, evals)
    series = next((one for one in every if one.grader.hash == definition.use.hash), None)
    if series is None or not np.isfinite(series.rewards).any():
        raise CupolaError(
            f"{definition.use.name} gave no answer a reward.",
            _complaint(world, definition, evals),
            "Mend the grader in the grader lab, then start this anew.",
        )
    found = agree("the job's grader", pairs(world, definition, evals))
    outputs = told(definition, evals, series, found)
    return replace(stage, state=StageState.DONE, outputs=outputs, done=1.0, total=1.0)


def pairs(world: World, definition: Regrading, evals: AutoEvals) -> list[VerdictPair]:
    """Pass and fail by the job's own grader and by the second one, of every answer that has both."""
    found = []
    for row, run in enumerate(evals.runs):
        verdicts = {one.item_id: one.passed for one in regrades.of_run(world.database, run.id, definition.use.hash)}
        ids, places = evals.items[row].ids, evals.places[row]
        for column in np.flatnonzero(np.isfinite(evals.passes[row]) & (places >= 0)).tolist():
            second = verdicts.get(ids[places[column]])
            if second is not None:
                own = bool(evals.passes[row, column])
                found.append(VerdictPair(int(evals.clusters.codes[column]), own, second))
    return found


def told(
    definition: Regrading, evals: AutoEvals, series: SecondSeries, found: VerdictAgreement | None
) -> dict[str, Any]:
    """As JSON, with what it says in sentences."""
    alarm = disagreement(evals, series.rewards, definition.use.name)
    own = [None if summary.mean is None else _finite(summary.mean.value) for summary in summaries(evals)]
    judged = int(np.isfinite(series.rewards).sum())
    return {
        "schema": SCHEMA,
        "headline": headline(definition, found, alarm, judged),
        "sentences": sentences(definition, evals, series, found, alarm),
        "grader": definition.use.name,
        "judged": judged,
        "agreed": None if found is None else found.agreed,
        "disagreed": None if found is None else found.disagreed,
        "rows": [
            {
                "step": evals.steps[row],
                **_estimate(mean, "mean", "low", "high"),
                "graded": round(series.shares[row] * len(evals.keys)),
                "own_mean": own[row],
            }
            for row, mean in enumerate(series.means)
            if mean is not None
        ],
    }


def headline(definition: Regrading, found: VerdictAgreement | None, alarm: Alarm | None, judged: int) -> str:
    """What has come of it, in one sentence."""
    name = definition.use.name
    if alarm is not None:
        return f"{name} disagrees more than before: the reward may be won without the task."
    if found is None:
        return f"{name} has judged {judged:,} answers."
    return f"{name} agrees with the job's grader on {agreement_words(found)}."


def sentences(
    definition: Regrading,
    evals: AutoEvals,
    series: SecondSeries,
    found: VerdictAgreement | None,
    alarm: Alarm | None,
) -> list[str]:
    """The headline, the agreement, and how both graders' means went from the first step to the last."""
    name, out = definition.use.name, [headline(definition, found, alarm, int(np.isfinite(series.rewards).sum()))]
    if alarm is not None:
        out += [f"{alarm.sentence}.", alarm.remedy]
        out += [f"Over all steps it agrees with the job's grader on {agreement_words(found)}."] if found else []
    known = [(evals.steps[row], mean) for row, mean in enumerate(series.means) if mean is not None]
    if len(known) > 1:
        (first, before), (last, after) = known[0], known[-1]
        out.append(f"{name} gives {_words(before)} at step {first} and {_words(after)} at step {last}.")
    left = int((evals.places >= 0).sum() - np.isfinite(series.rewards).sum())
    if left:
        out.append(f"{left:,} stored answers have no reward of it: not shown, not answered, or not graded.")
    return out


def _complaint(world: World, definition: Regrading, evals: AutoEvals) -> str:
    """The first word of why something could not be graded."""
    for run in evals.runs:
        for one in regrades.of_run(world.database, run.id, definition.use.hash):
            if one.reward is None and (one.details or one.errors):
                return (one.details or ", ".join(one.errors))[:400]
    return ""


def _words(found: Estimate) -> str:
    low, high = found.interval.low, found.interval.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{found.value:.3g}"
    return f"{found.value:.3g} ({low:.3g} to {high:.3g})"


def _estimate(found: Estimate, *names: str) -> dict[str, float | None]:
    values = found.value, found.interval.low, found.interval.high
    return {name: _finite(value) for name, value in zip(names, values, strict=True)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
