"""What the chart can show of a job: reward, pass rate, graders, tokens and errors, by step or by the time passed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cupola.statistics.estimates import Estimate
from cupola.training.auto_evals import StepSummary
from cupola.training.curves import charts

from ...checkpoint_facts import CheckpointFacts
from ...views.checkpoints.steps import StepsView
from ...widgets.chart import EMPTY, Plot, Series

Steps = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Builder = Callable[[CheckpointFacts, StepsView], "list[Series]"]

_STEP = re.compile(r"Step (\d{1,9})\b")
_SECONDS_UP_TO = 1_200
"""A run so short is drawn by seconds, a longer one by minutes."""


def metrics(facts: CheckpointFacts, view: StepsView) -> list[str]:
    """The names of what can be drawn of a job, the most telling first."""
    return [name for name, build in _builders(facts, view).items() if any(len(one.steps) for one in build(facts, view))]


def read_plot(facts: CheckpointFacts, view: StepsView, metric: str, *, by_time: bool = False) -> Plot:
    """A metric's chart; that of the reward for a name that is not known."""
    builders = _builders(facts, view)
    name = metric if metric in builders else next(iter(builders))
    series = builders[name](facts, view)
    last = max((int(one.steps[-1]) for one in series if len(one.steps)), default=0)
    # The base model's level reaches as far as the others do.
    plot = Plot(name, tuple(series), max(last, 1)) if series else EMPTY
    return _by_time(facts, view, plot) if by_time else plot


def _builders(facts: CheckpointFacts, view: StepsView) -> dict[str, Builder]:
    found: dict[str, Builder] = {
        "reward": _reward,
        "train reward": _train_reward,
        "pass rate": _pass_rate,
        "reward by grader": _graders,
        "second graders": _second_graders,
        "reasoning tokens": _reasoning,
        "completion tokens": _completion,
        "errors, share of answers": _errors,
    }
    return found


def _reward(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    steps, values = facts.common.series(view.job.id, "train_mean_reward")
    train = [Series("train", steps, values)] if len(steps) else []
    means = [(one.step, one.mean) for one in view.summaries]
    return [*train, *_estimated("valid", means, reach=_last(steps))]


def _train_reward(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    steps, values = facts.common.series(view.job.id, "train_mean_reward")
    if not len(steps):
        return []
    base = next((one.mean.value for one in view.summaries if one.step == 0 and one.mean is not None), None)
    return [Series("train", steps, values), *_level(base, _last(steps))]


def _pass_rate(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    return _estimated("passing", [(one.step, one.passed) for one in view.summaries])


def _graders(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    """Each grader's reward in training; a multi grader has one for each of its parts."""
    return _of_charts(facts, view, "reward by grader")


def _second_graders(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    """What other graders made of the stored answers of each step."""
    found: list[Series] = []
    for one in facts.opinions(view.job):
        named = _estimated(one.grader.name, zip(view.evals.steps, one.means, strict=True))
        # The base model's level is not told: each grader has a scale of its own.
        found += named[-1:]
    return found


def _reasoning(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    """The job's own measurements stand in for items that tell no reasoning tokens."""
    found = _tokens(facts, view, "reasoning_tokens_mean", lambda one: one.reasoning)
    steps, values = facts.common.series(view.job.id, "valid_reasoning_tokens_mean")
    if not len(steps) or any(one.sparse for one in found):
        return found
    base = float(values[0]) if steps[0] == 0 else None
    return [
        *found,
        *_level(base, max(1, _last(steps), *map(_reach, found))),
        Series("valid", steps, values, sparse=True),
    ]


def _completion(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    return _tokens(facts, view, "completion_tokens_mean", lambda one: one.tokens)


def _errors(facts: CheckpointFacts, view: StepsView) -> list[Series]:
    """Families that occurred; where none did, one line at nought for all."""
    found = [one for one in _of_charts(facts, view, "grader errors, share of answers") if (one.values > 0).any()]
    unresponsive = facts.common.series(view.job.id, "mean_unresponsive_rewards")
    if (unresponsive[1] > 0).any():
        found.append(Series("no reward", *unresponsive))
    kinds: Sequence[tuple[str, Callable[[StepSummary], int]]] = (
        ("valid: error", lambda one: one.counts.error),
        ("valid: truncated", lambda one: one.counts.truncated),
        ("valid: refused", lambda one: one.counts.refused),
        ("valid: filtered", lambda one: one.counts.filtered),
        ("valid: missing", lambda one: one.counts.missing),
    )
    steps = np.array([one.step for one in view.summaries], np.int64)
    for label, count in kinds:
        shares = np.array([count(one) / max(one.counts.total, 1) for one in view.summaries], np.float64)
        if shares.any():
            found.append(Series(label, steps, shares, sparse=True))
    return found or [Series("none of any family", steps, np.zeros(len(steps)), sparse=True)]


def _of_charts(facts: CheckpointFacts, view: StepsView, title: str) -> list[Series]:
    names = facts.common.metrics(view.job.id)
    specs = [spec for chart in charts("reinforcement", names) if chart.title == title for spec in chart.series]
    return [Series(spec.label, *facts.common.series(view.job.id, spec.metric), sparse=spec.sparse) for spec in specs]


def _tokens(facts: CheckpointFacts, view: StepsView, metric: str, mean: Callable[[StepSummary], float]) -> list[Series]:
    train_steps, train = facts.common.series(view.job.id, metric)
    known = [(one.step, mean(one)) for one in view.summaries if np.isfinite(mean(one))]
    steps, values = np.array([step for step, _ in known], np.int64), np.array([v for _, v in known], np.float64)
    base = [value for step, value in known if step == 0]
    found = [Series("train", train_steps, train)] if len(train_steps) else []
    if not known:
        return found
    level = _level(base[0] if base else None, max(_last(train_steps), _last(steps)))
    return [*found, *level, Series("valid", steps, values, sparse=True)]


def _estimated(label: str, found: Iterable[tuple[int, Estimate | None]], reach: int = 0) -> list[Series]:
    """Estimates by step with their band and the base model's level; last, so that they lie over the others."""
    known = [(step, estimate) for step, estimate in found if estimate is not None]
    if not known:
        return []
    steps = np.array([step for step, _ in known], np.int64)
    values = np.array([one.value for _, one in known], np.float64)
    low = np.array([one.interval.low for _, one in known], np.float64)
    high = np.array([one.interval.high for _, one in known], np.float64)
    band = (low, high) if np.isfinite(low).all() and np.isfinite(high).all() else None
    base = known[0][1].value if known[0][0] == 0 else None
    named = label if band is None else f"{label} ░ 95%"
    return [*_level(base, max(_last(steps), reach, 1)), Series(named, steps, values, sparse=True, band=band)]


def _level(value: float | None, last: int) -> list[Series]:
    if value is None:
        return []
    return [Series("base model", np.array([0, max(last, 1)], np.int64), np.array([value, value], np.float64))]


def _reach(series: Series) -> int:
    return _last(series.steps)


def _last(steps: Steps) -> int:
    return int(steps[-1]) if len(steps) else 0


def _by_time(facts: CheckpointFacts, view: StepsView, plot: Plot) -> Plot:
    """The same over the time since the job was made; as it is where no time is known."""
    times = step_times(facts, view)
    if len(times) < 2:
        return plot
    unit, words = (1, "second") if max(times.values()) <= _SECONDS_UP_TO else (60, "minute")
    series = tuple(replace(one, steps=on_clock(one.steps, times) // unit) for one in plot.series)
    last = max((int(one.steps[-1]) for one in series if len(one.steps)), default=1)
    return Plot(f"{plot.title} by {words}s", series, max(last, 1), axis=words)


def step_times(facts: CheckpointFacts, view: StepsView) -> dict[int, float]:
    """Seconds since the job was made at which steps were told of: by its log, checkpoints and validation passes."""
    found: dict[int, float] = {}
    for run in view.evals.runs:
        found[run.step or 0] = float(run.created_at)
    for checkpoint, _ in facts.common.checkpoints(view.job.id):
        found[checkpoint.step] = float(checkpoint.created_at)
    for event in facts.common.events(view.job.id):
        told = _STEP.match(event.message)
        if told:
            found[int(told[1])] = float(event.created_at)
    return {step: max(0.0, at - view.job.created_at) for step, at in sorted(found.items())}


def on_clock(steps: Steps, times: Mapping[int, float]) -> Steps:
    """The second at which each step came; between steps that are told of in proportion, and never backwards."""
    known = np.array(list(times), np.float64)
    seconds = np.maximum.accumulate(np.array(list(times.values()), np.float64))
    return np.interp(steps, known, seconds).round().astype(np.int64)


def time_of(step: int, facts: CheckpointFacts, view: StepsView) -> int:
    """Where a step stands on the axis of time."""
    times = step_times(facts, view)
    if len(times) < 2:
        return step
    unit = 1 if max(times.values()) <= _SECONDS_UP_TO else 60
    return int(on_clock(np.array([step], np.int64), times)[0]) // unit
