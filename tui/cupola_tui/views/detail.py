"""A job in full: where it stands, why it failed, its log, checkpoints and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from cupola.models import Checkpoint, Event, Intent, Job, Phase, Problem

from ..lines import Line, flowed, labelled, line, wrapped
from . import jobs
from .words import clock, duration, duration_range, moment

if TYPE_CHECKING:
    from cupola.training.forecast import Remaining
    from cupola.training.timeline import Stage
    from cupola.training.watches import Verdict

_VERDICT_INKS = {"healthy": "good", "watch": "warn", "bad": "bad", "early": "muted"}
_VERDICT_SIGNS = {"healthy": "✓", "watch": "!", "bad": "✗", "early": "…"}
_LEVEL_INKS = {"error": "bad", "warning": "warn", "warn": "warn"}
_WISHES = {"job.pause": "pause", "job.resume": "resume", "job.cancel": "cancel"}


def title(job: Job) -> str:
    """Name, method and model."""
    return f"{job.name} · {job.method} · {jobs.model(job)}"


def verdict_lines(verdict: Verdict, width: int) -> list[Line]:
    """The verdict, wrapped."""
    ink = _VERDICT_INKS.get(verdict.level.value, "")
    return wrapped(f"{_VERDICT_SIGNS.get(verdict.level.value, '')} {verdict.sentence}", width, ink, "  ")


def state_lines(
    job: Job, stages: Sequence[Stage], left: Remaining | None, wishes: Sequence[Intent], width: int
) -> list[Line]:
    """`queued 4m · validating 1m · training 31m · 4-9m left`, and what was asked for and not answered yet."""
    parts = [
        line((f"{stage.name} ", "muted"), (duration(stage.seconds), "" if stage.open else "muted")) for stage in stages
    ]
    if left is not None:
        parts.append(line((f"{duration_range(left.low, left.high)} left", "info")))
    sign, ink = jobs.SIGNS[job.phase]
    if job.phase.ended or job.phase in (Phase.UNKNOWN, Phase.PAUSING, Phase.RESUMING):
        parts.append(line((f"{sign} {job.status}", ink)))
    asked = [line((f"… {_WISHES.get(wish.kind, wish.kind)} asked for, no answer yet", "warn")) for wish in wishes]
    return [*flowed(parts, line((" · ", "faint")), width), *asked]


def problem_lines(problem: Problem, width: int) -> list[Line]:
    """What went wrong, why and what to do."""
    out = wrapped(f"✗ {problem.what}", width, "bad", "  ")
    if problem.why:
        out += labelled("  why", problem.why, width, "", 6)
    if problem.remedy:
        out += labelled("  do", problem.remedy, width, "accent", 6)
    return out


def event_cells(event: Event, now: float, zone: tzinfo | None = None) -> tuple[Line, ...]:
    """The cells of an event's row: time, level, message."""
    ink = _LEVEL_INKS.get(event.level, "")
    return (
        line((moment(event.created_at, now, zone), "muted")),
        line((event.level, ink or "muted")),
        line((event.message, ink)),
    )


def event_line(event: Event, zone: tzinfo | None = None) -> Line:
    """An event in one line."""
    return line((f"{clock(event.created_at, zone)} ", "muted"), (event.message, _LEVEL_INKS.get(event.level, "")))


def checkpoint_metrics(checkpoints: Sequence[tuple[Checkpoint, bool]]) -> list[str]:
    """The metrics that any checkpoint has, validation first, without the step itself."""
    names = {name for checkpoint, _ in checkpoints for name in checkpoint.metrics if name != "step"}
    return sorted(names, key=lambda name: ("valid" not in name, name.startswith("full_"), name))


def checkpoint_cells(
    checkpoint: Checkpoint,
    deployable: bool,
    metrics: Sequence[str],
    now: float,
    zone: tzinfo | None = None,
    keep: int | None = None,
) -> tuple[Line, ...]:
    """The cells of a checkpoint's row; the one of the step to keep has a star."""
    values: Mapping[str, float] = checkpoint.metrics
    return (
        line(str(checkpoint.step), (" ★" if checkpoint.step == keep else "", "accent bold")),
        line(("✓ deployable", "good") if deployable else ("– gone", "muted")),
        *(line(f"{values[name]:.4g}" if name in values else ("–", "faint")) for name in metrics),
        line((moment(checkpoint.created_at, now, zone), "muted")),
        line((checkpoint.model, "muted")),
    )


def config_rows(job: Job, now: float, zone: tzinfo | None = None) -> list[tuple[str, str]]:
    """Every field of a job with its value; a hyperparameter that the service chooses says so."""

    def time(at: float | None) -> str:
        return moment(at, now, zone) if at else ""

    rows = [
        ("id", job.id),
        ("name", job.suffix or ""),
        ("status", job.status),
        ("method", job.method),
        ("model", job.model),
        ("training type", job.training_type or ""),
        *(
            (f"  {name}", "auto" if value is None else str(value))
            for name, value in sorted(job.hyperparameters.items())
        ),
        ("seed", "" if job.seed is None else str(job.seed)),
        ("training file", job.training_file or ""),
        ("validation file", job.validation_file or "none"),
        ("result files", ", ".join(job.result_files)),
        ("fine-tuned model", job.fine_tuned_model or ""),
        ("trained tokens", "" if job.trained_tokens is None else f"{job.trained_tokens:,}"),
        ("evaluation", job.eval_id or ""),
        ("created", time(job.created_at)),
        ("finished", time(job.finished_at)),
        ("service's estimate of the end", time(job.estimated_finish)),
        ("error", " ".join(part for part in (job.error_code, job.error_message) if part)),
        ("as of", time(job.as_of)),
    ]
    return [(name, value) for name, value in rows if value]


def _setting(value: float | str | None) -> str:
    return "auto" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
