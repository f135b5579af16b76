"""From the facts to what the detail shows of one job or of several laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cupola.models import Checkpoint, Event, Intent, Job, Problem
from cupola.store import convergence_orders

from ...facts import Facts

if TYPE_CHECKING:
    from cupola.store.convergence_orders import Order
    from cupola.store.points import Series as Points
    from cupola.training.curves import ChartSpec, Progress
    from cupola.training.forecast import Remaining
    from cupola.training.timeline import Stage
    from cupola.training.watches import Verdict

    from ...widgets.chart import Plot


@dataclass(frozen=True, slots=True, eq=False)
class JobView:
    """A job with everything the detail shows of it, as known at one moment."""

    job: Job
    now: float
    events: Sequence[Event]
    checkpoints: Sequence[tuple[Checkpoint, bool]] = ()
    stages: Sequence[Stage] = ()
    wishes: Sequence[Intent] = ()
    order: Order | None = None
    """Given for its convergence."""
    problem: Problem | None = None
    left: Remaining | None = None
    verdict: Verdict | None = None
    plots: Sequence[Plot] | None = None
    """None until the curves are read."""
    keep: int | None = None
    """The step of the checkpoint to keep, once a supervised or preference job has ended."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a job is and how long it takes yet."""

    progress: Progress | None = None
    left: Remaining | None = None


def read_texts(facts: Facts, job: Job, now: float) -> JobView:
    """All but the curves; cheap, and without numpy."""
    from cupola.training.timeline import stages

    events = facts.events(job.id)
    return JobView(
        job,
        now,
        events,
        facts.checkpoints(job.id),
        stages(job, events, now),
        facts.open_wishes(job.id),
        order_of(facts, job),
        _explained(job, events),
    )


def order_of(facts: Facts, job: Job) -> Order | None:
    """What was said of pausing it by itself."""
    return convergence_orders.get(facts.database, job.id) if job.method == "reinforcement" else None


def read_pace(facts: Facts, job: Job, now: float) -> Pace:
    """Progress and time left."""
    from cupola.training.curves import progress
    from cupola.training.forecast import remaining

    events, last_step = facts.events(job.id), facts.last_step(job.id)
    found = progress(job, events, last_step, [checkpoint for checkpoint, _ in facts.checkpoints(job.id)])
    return Pace(found, remaining(job, events, last_step, found.total if found else None, now))


def read_curves(facts: Facts, job: Job, now: float) -> JobView:
    """All of a job."""
    from dataclasses import replace

    from cupola.training.curves import charts
    from cupola.training.judgement import verdict

    from ...widgets.chart import Plot, Series

    pace = read_pace(facts, job, now)
    metrics = facts.metrics(job.id)
    series = {metric: facts.series(job.id, metric) for metric in metrics}
    total = pace.progress.total if pace.progress and not job.phase.ended else None
    plots = [
        Plot(
            spec.title,
            tuple(Series(one.label, *series[one.metric], one.sparse, one.line) for one in spec.series),
            total,
        )
        for spec in charts(job.method, metrics)
    ]
    judged = verdict(job, series, facts.checkpoints(job.id)) if metrics else None
    keep = _kept(job, facts.checkpoints(job.id), series)
    return replace(read_texts(facts, job, now), left=pace.left, verdict=judged, plots=plots, keep=keep)


def _kept(job: Job, checkpoints: Sequence[tuple[Checkpoint, bool]], series: Mapping[str, Points]) -> int | None:
    from cupola.training.epoch_choice import choose_epoch

    if job.method == "reinforcement" or not job.phase.ended:
        return None
    choice = choose_epoch(checkpoints, series)
    if choice is None:
        return None
    return choice.best if choice.held else choice.fallback


def read_overlay(facts: Facts, jobs: Sequence[Job]) -> list[Plot]:
    """The curves of several jobs over each other: a plot for each metric that more than one of them has."""
    from cupola.training.curves import charts

    from ...widgets.chart import Plot, Series

    found: dict[str, tuple[str, list[Series]]] = {}
    for job in jobs:
        for spec, metric, label, sparse in _overlaid(charts(job.method, facts.metrics(job.id))):
            _, lines = found.setdefault(metric, (f"{spec.title}, {label}", []))
            lines.append(Series(job.name, *facts.series(job.id, metric), sparse=sparse))
    shared = [Plot(title, tuple(lines)) for title, lines in found.values() if len(lines) > 1]
    return shared or [Plot(title, tuple(lines)) for title, lines in found.values()]


def _overlaid(specs: Sequence[ChartSpec]) -> list[tuple[ChartSpec, str, str, bool]]:
    return [(spec, one.metric, one.label, one.sparse) for spec in specs for one in spec.series]


def _explained(job: Job, events: Sequence[Event]) -> Problem | None:
    from cupola.training.failures import explain

    return explain(job, events)
