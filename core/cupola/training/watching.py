"""From the store to the alarms of a reinforcement job: every watch, on what is known now."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np

from ..models import Job
from ..statistics.estimates import DEFAULT_SEED
from ..store import checkpoints, points
from ..store.database import Database
from . import reward_watches as watch
from .answer_shapes import AnswerShape, entropy, shape_of
from .auto_evals import AutoEvals, StepSummary, summaries
from .checkpoint_choice import choose, keeping
from .convergence import converged
from .learning_rate import learning_rate
from .regrading import SecondSeries, second_series
from .reward_watches import Alarm, Series
from .stored_evals import answer_of
from .watches import Level

_ANSWERS_LOOKED_AT = 200
"""Of each of the two passes whose answers are held against each other."""


def alarms(
    database: Database,
    job: Job,
    evals: AutoEvals | None,
    summarised: Sequence[StepSummary] | None = None,
    seconds: Sequence[SecondSeries] | None = None,
) -> tuple[Alarm, ...]:
    """What the watches see of a reinforcement job, the worst first.

    `summarised` and `seconds` are what `summaries` and `second_series` give, where they are at hand already.
    """
    series = _series(database, job)
    found = watch.grader_errors(series)
    if evals is not None:
        summarised = summaries(evals) if summarised is None else summarised
        seconds = second_series(database, job.id, evals) if seconds is None else seconds
        found += _of_passes(database, job, evals, summarised, series)
        apart = (watch.disagreement(evals, one.rewards, one.grader.name) for one in seconds)
        found += [alarm for alarm in apart if alarm is not None]
    return tuple(sorted(found, key=lambda alarm: alarm.level is not Level.BAD))


def _of_passes(
    database: Database, job: Job, evals: AutoEvals, summarised: Sequence[StepSummary], series: dict[str, Series]
) -> list[Alarm]:
    steps = list(evals.steps)
    means = [summary.mean.value if summary.mean else math.nan for summary in summarised]
    last = len(steps) - 1
    shapes = {row: _shapes(database, evals, row) for row in {0, last}}
    lengths = np.full(len(evals.keys), np.nan)
    lengths[list(shapes[last])] = [shape.length for shape in shapes[last].values()]
    train = series.get("train_mean_reward")
    choice = choose(evals, summarised)
    width = evals.scale.width if math.isfinite(evals.scale.width) else _seen_width(evals)
    multiplier = job.hyperparameters.get("learning_rate_multiplier")
    seen = (
        learning_rate(evals, float(multiplier) if isinstance(multiplier, int | float) and multiplier > 0 else None),
        watch.paid_by_length(steps[last], evals.scores[last], lengths),
        watch.no_signal(steps[0], evals.scores[0], evals.passes[0]),
        watch.parting(train, (np.array(steps, np.int64), np.array(means)), width) if train else None,
        _stood_still(evals) if job.phase.moving else None,
        watch.leaving(choice, keeping(job, checkpoints.of_job(database, job.id))) if choice else None,
        *_of_tokens(steps, means, summarised, series),
        watch.format_collapse(
            [steps[row] for row in sorted(shapes)],
            [entropy(shape.form for shape in shapes[row].values()) for row in sorted(shapes)],
        ),
    )
    return [alarm for alarm in seen if alarm is not None]


def _of_tokens(
    steps: list[int], means: list[float], summarised: Sequence[StepSummary], series: dict[str, Series]
) -> list[Alarm | None]:
    reasoning = [summary.reasoning for summary in summarised]
    told = series.get("valid_reasoning_tokens_mean")
    if told is not None and not any(map(math.isfinite, reasoning)):
        # Items tell no reasoning tokens; the job's own measurements do.
        known = dict(zip(told[0].tolist(), told[1].tolist(), strict=True))
        reasoning = [known.get(step, math.nan) for step in steps]
    jump = watch.tokens_jump(steps, reasoning, means, "reasoning")
    return [jump or watch.tokens_jump(steps, [summary.tokens for summary in summarised], means, "completion")]


def _stood_still(evals: AutoEvals) -> Alarm | None:
    """The reward has stopped gaining while the job is still paid for."""
    found = converged(evals)
    if found is None:
        return None
    remedy = "Pause it to save the rest, or have it paused by itself the next time (x): no pause without your yes."
    return Alarm("converged", Level.WATCH, found.seen, remedy, found.last)


def _shapes(database: Database, evals: AutoEvals, row: int) -> dict[int, AnswerShape]:
    """The shapes of some of a pass's answers by column; the same columns at every pass."""
    columns = range(len(evals.keys))
    drawn = random.Random(DEFAULT_SEED).sample(columns, min(_ANSWERS_LOOKED_AT, len(columns)))
    items = {column: evals.items[row][column] for column in drawn}
    told = {column: answer_of(database, item) for column, item in items.items() if item is not None}
    return {column: shape_of(answer) for column, answer in told.items() if not answer.problem}


def _series(database: Database, job: Job) -> dict[str, Series]:
    wanted = ("train_mean_reward", "mean_unresponsive_rewards", "valid_reasoning_tokens_mean")
    names = [
        name
        for name in points.metrics(database, job.id)
        if name in wanted or (name.startswith("errors/") and name.endswith("_mean"))
    ]
    return {name: points.series(database, job.id, name) for name in names}


def _seen_width(evals: AutoEvals) -> float:
    known = evals.scores[np.isfinite(evals.scores)]
    return float(np.ptp(known)) if known.size else math.nan
