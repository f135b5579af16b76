"""The steps of a job: their table, what is said of the best, and the list of jobs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cupola.models import Job
from cupola.statistics.comparison import Comparison
from cupola.statistics.estimates import Estimate
from cupola.statistics.outcomes import OutcomeCounts
from cupola.store.convergence_orders import Order
from cupola.training.auto_evals import AutoEvals, StepSummary
from cupola.training.checkpoint_choice import Choice, Keeping, sentences
from cupola.training.reward_watches import Alarm

from ...lines import Line, Span, flowed, line, wrapped
from ...widgets.table import Column
from ..converging import order_lines
from ..jobs import SIGNS, model
from .alarms import short_lines
from .gradings import SecondGrading, grading_lines

COLUMNS = (
    Column("step", 7, right=True),
    Column("valid", 5, right=True),
    Column("95%", 11),
    Column("pass", 4, right=True),
    Column("tokens", 6, right=True, drop=2),
    Column("judged", 7, right=True, drop=3),
    Column("deploy", 10, drop=1),
)

JOB_COLUMNS = (
    Column("", 1),
    Column("job", 14, flexible=True),
    Column("model", 12, drop=1),
    Column("steps", 6, right=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class StepsView:
    """A job's validation passes with all that is made of them."""

    job: Job
    evals: AutoEvals
    summaries: tuple[StepSummary, ...]
    choice: Choice | None
    kept: Keeping
    gain: Comparison | None = None
    """Of the best step over step 0; None until it is worked out."""
    alarms: tuple[Alarm, ...] = ()
    """What the watches saw."""
    gradings: tuple[SecondGrading, ...] = ()
    """Second graders at work on the stored answers."""
    order: Order | None = None
    """Given for the job's convergence."""
    now: float = 0.0


def title(view: StepsView) -> str:
    """What stands on the edge: job, model, and what was evaluated."""
    prompts, items = view.evals.clusters.count, len(view.evals.keys)
    if not model(view.job):
        return f"{view.job.name} · evaluation of {items} items, {len(view.evals.runs)} runs"
    what = f"{items} validation items" + (f" of {prompts} prompts" if prompts != items else "")
    return f"{view.job.name} · {model(view.job)} · auto-eval of {what}"


def cells(view: StepsView, row: int) -> tuple[Line, ...]:
    """The cells of a step's row."""
    summary = view.summaries[row]
    choice = view.choice
    best = choice is not None and summary.step == choice.best
    tied = choice is not None and summary.step in choice.tied
    sign = Span("★ ", "accent bold") if best else Span("≈ ", "accent") if tied else Span("  ")
    tokens = "–" if math.isnan(summary.tokens) else f"{summary.tokens:,.0f}"
    return (
        (sign, Span(str(summary.step), "bold" if best else "")),
        line(("–", "faint")) if summary.mean is None else line((number(summary.mean.value), "bold" if best else "")),
        interval_cell(summary.mean),
        line(("–", "faint")) if summary.passed is None else line(f"{summary.passed.value:.0%}"),
        line((tokens, "muted")),
        judged_cell(summary.counts),
        deploy_cell(view.kept, summary.step),
    )


def interval_cell(estimate: Estimate | None) -> Line:
    """The ends of an interval; open ones are said."""
    if estimate is None:
        return line(("–", "faint"))
    low, high = estimate.interval.low, estimate.interval.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return line(("no bounds", "muted"))
    return line((f"{number(low)}–{number(high)}", "muted"))


def judged_cell(counts: OutcomeCounts) -> Line:
    """How many items are judged, of how many."""
    whole = counts.judged == counts.total
    return line((str(counts.judged) if whole else f"{counts.judged}/{counts.total}", "muted" if whole else "warn"))


def deploy_cell(kept: Keeping, step: int) -> Line:
    """Whether a step's checkpoint can be deployed."""
    if step == kept.next_to_go:
        return line(("! next out", "warn"))
    if step in kept.deployable:
        return line(("✓", "good"))
    return line(("✗ gone", "bad")) if step in kept.lost else line(("–", "faint"))


def job_cells(job: Job, steps: int | None) -> tuple[Line, ...]:
    """The cells of a job's row."""
    return (
        line(SIGNS[job.phase]),
        line(job.name),
        line((model(job), "muted")),
        line(("–", "faint")) if steps is None else line((str(steps), "muted")),
    )


def sentence_lines(view: StepsView, width: int) -> list[Line]:
    """What is said of the best step; the first sentence stands out."""
    if not model(view.job):
        return _run_lines(view, width)
    if view.choice is None:
        return wrapped("No checkpoint was validated yet: the first row is the base model.", width, "muted")
    said = sentences(view.choice, view.summaries, view.kept, view.gain)
    missing = sum(summary.counts.open for summary in view.summaries)
    if missing:
        said.append(f"{missing} errored or missing items are left out of means and rates")
    out = wrapped(said[0], width, "accent")
    for words in said[1:]:
        urgent = "goes when" in words or "no longer" in words
        out += wrapped(words, width, "warn" if urgent else "muted")
    own = order_lines(view.job, view.order, view.now, width)
    return [*out[:1], *grading_lines(view.gradings, width), *own, *short_lines(view.alarms, width), *out[1:]]


def _run_lines(view: StepsView, width: int) -> list[Line]:
    """Of an evaluation that is no job's: which number is which run."""
    parts = [line((f"{run.step or 0} ", "accent"), run.name or run.id) for run in view.evals.runs]
    missing = sum(summary.counts.open for summary in view.summaries)
    told = wrapped(f"{missing} errored or missing items are left out of means and rates", width, "muted")
    runs = flowed(parts, line("   "), width)
    return [*grading_lines(view.gradings, width), *runs, *(told if missing else []), *short_lines(view.alarms, width)]


def nothing_yet(jobs: Sequence[Job], width: int) -> list[Line]:
    """What the pane is for, and what it waits for."""
    waiting = [job for job in jobs if not job.phase.ended]
    if waiting:
        now = f"{waiting[0].name} has no validation pass yet; the first, of the base model, comes before step 1."
    elif jobs:
        now = "No evaluation was found for the reinforcement jobs that are known."
    else:
        now = "No reinforcement job is known yet. cupola job submit FILE --method reinforcement starts one."
    return [
        line(("No auto-evals yet", "accent bold")),
        line(""),
        *wrapped(
            "The validation passes of reinforcement jobs stand here: reward by step with its uncertainty, what changed "
            "item by item, and which checkpoint to keep.",
            width,
        ),
        line(""),
        *wrapped(now, width, "muted"),
    ]


def number(value: float) -> str:
    """A reward with at most four digits that count."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    return f"{value:.2f}" if size < 10 else f"{value:.1f}" if size < 1_000 else f"{value:,.0f}"


def short(value: float) -> str:
    """A reward without zeros that tell nothing: 5, 4.5, 0.25."""
    text = number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
