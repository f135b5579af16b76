"""The curves of a reinforcement job as lines to draw, over steps or over the clock, with bands where they are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ..models import Event, Job
from ..statistics.estimates import Estimate
from ..statistics.inputs import Integers
from ..store import events, points
from ..store.database import Database
from .auto_evals import AutoEvals, Floats, StepSummary
from .forecast import step_times
from .regrading import SecondSeries


class Axis(StrEnum):
    """What a curve is drawn over."""

    STEP = "step"
    CLOCK = "clock"
    """Hours since the first step that an event tells of."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line; all arrays are (points,)."""

    label: str
    split: str
    """train, valid, base (the base model's level, two points) or second (another grader)."""
    steps: Integers
    values: Floats
    low: Floats | None = None
    """The lower end of the 95% interval; NaN where it is unbounded."""
    high: Floats | None = None

    @property
    def sparse(self) -> bool:
        """Measured at validation passes only: worth a mark at each."""
        return self.split != "train"


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Lines that share an axis of values."""

    title: str
    key: str
    """reward, pass_rate, graders, reasoning_tokens, completion_tokens or errors."""
    lines: tuple[Line, ...]


def curves(
    database: Database,
    job: Job,
    evals: AutoEvals | None,
    summarised: Sequence[StepSummary] = (),
    seconds: Sequence[SecondSeries] = (),
) -> tuple[Curves, ...]:
    """Every chart of a job that has points, the most telling first.

    `summarised` and `seconds` belong to `evals`; without them only what the job itself tells is drawn.
    """
    told = {name: points.series(database, job.id, name) for name in points.metrics(database, job.id)}
    found = (
        Curves("reward", "reward", _reward(told, summarised)),
        Curves("pass rate", "pass_rate", _with_base("passing", [(one.step, one.passed) for one in summarised])),
        Curves("reward by grader", "graders", (*_graders(told), *_seconds(evals, seconds))),
        Curves("reasoning tokens an answer", "reasoning_tokens", _tokens(told, summarised, "reasoning")),
        Curves("completion tokens an answer", "completion_tokens", _tokens(told, summarised, "completion")),
        Curves("answers that could not be graded, share", "errors", _errors(told)),
    )
    return tuple(chart for chart in found if chart.lines)


def over_the_clock(line: Line, job_events: Sequence[Event]) -> Floats | None:
    """Hours since the first step of each point, between known steps by interpolation; None while no step has a time.

    Steps before the first and after the last known one have the time of those.
    """
    marks = step_times(job_events)
    if len(marks) < 2:
        return None
    steps, times = np.array(marks, dtype=np.float64).T
    hours: Floats = (np.interp(line.steps, steps, times) - times[0]) / 3600
    return hours


def clock_of(database: Database, job: Job, line: Line) -> Floats | None:
    """`over_the_clock` with the job's stored events."""
    return over_the_clock(line, events.of_job(database, job.id))


def _reward(told: Mapping[str, tuple[Integers, Floats]], summarised: Sequence[StepSummary]) -> tuple[Line, ...]:
    lines = []
    if "train_mean_reward" in told:
        lines.append(Line("train", "train", *told["train_mean_reward"]))
    passes = _with_base("validation", [(one.step, one.mean) for one in summarised])
    if not passes and "full_valid_mean_reward" in told:
        passes = (Line("validation", "valid", *told["full_valid_mean_reward"]),)
    return (*lines, *passes)


def _with_base(label: str, estimates: Sequence[tuple[int, Estimate | None]]) -> tuple[Line, ...]:
    """Estimates with their bands, and the base model's level where there is a step 0."""
    known = [(step, one) for step, one in estimates if one is not None]
    if not known:
        return ()
    line = _banded(label, "valid", known)
    if known[0][0] != 0 or len(known) < 2:
        return (line,)
    level = known[0][1].value
    ends = np.array([0, known[-1][0]], np.int64)
    return (Line("base model", "base", ends, np.array([level, level])), line)


def _banded(label: str, split: str, known: Sequence[tuple[int, Estimate]]) -> Line:
    ends = [(one.interval.low, one.interval.high) for _, one in known]
    low, high = np.array([[end if math.isfinite(end) else math.nan for end in pair] for pair in ends]).T
    steps = np.array([step for step, _ in known], np.int64)
    return Line(label, split, steps, np.array([one.value for _, one in known]), low, high)


def _graders(told: Mapping[str, tuple[Integers, Floats]]) -> list[Line]:
    """Each sub-grader; a grader that stands alone is the reward itself and not drawn twice."""
    names = dict.fromkeys(name.split("/")[1] for name in told if name.startswith("graders/"))
    if len(names) < 2:
        return []
    return [
        Line(f"{name}, {split}", split, *told[metric])
        for name in names
        for split, metric in (
            ("train", f"graders/{name}/train_reward_mean"),
            ("valid", f"graders/{name}/valid_reward_mean"),
        )
        if metric in told
    ]


def _seconds(evals: AutoEvals | None, seconds: Sequence[SecondSeries]) -> list[Line]:
    if evals is None:
        return []
    return [
        _banded(
            one.grader.name,
            "second",
            [(step, mean) for step, mean in zip(evals.steps, one.means, strict=True) if mean is not None],
        )
        for one in seconds
        if any(mean is not None for mean in one.means)
    ]


def _tokens(
    told: Mapping[str, tuple[Integers, Floats]], summarised: Sequence[StepSummary], kind: str
) -> tuple[Line, ...]:
    lines = []
    if f"{kind}_tokens_mean" in told:
        lines.append(Line("train", "train", *told[f"{kind}_tokens_mean"]))
    own = [(one.step, one.reasoning if kind == "reasoning" else one.tokens) for one in summarised]
    known = [(step, value) for step, value in own if math.isfinite(value)]
    if known:
        steps, values = zip(*known, strict=True)
        lines.append(Line("validation", "valid", np.array(steps, np.int64), np.array(values)))
    elif f"valid_{kind}_tokens_mean" in told:
        lines.append(Line("validation", "valid", *told[f"valid_{kind}_tokens_mean"]))
    return tuple(lines)


def _errors(told: Mapping[str, tuple[Integers, Floats]]) -> tuple[Line, ...]:
    """Each family of each grader that ever failed, and answers without a reward."""
    lines = []
    for metric, (steps, values) in told.items():
        parts = metric.split("/")
        if parts[0] == "errors" and len(parts) == 3 and metric.endswith("_mean") and values.any():
            split, _, family = parts[2].removesuffix("_mean").partition("_")
            lines.append(Line(f"{family.replace('_', ' ')}, {split}", split, steps, values))
    missing = told.get("mean_unresponsive_rewards")
    if missing is not None and missing[1].any():
        lines.append(Line("no reward", "train", *missing))
    return tuple(lines)
