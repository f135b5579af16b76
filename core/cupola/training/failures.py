"""Why a job failed and what to do, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from ..explanations import explain as explain_message
from ..models import Event, Job, Phase, Problem


def explain(job: Job, events: Sequence[Event]) -> Problem | None:
    """What went wrong with a failed job; None for a job that did not fail.

    The service's own words come first; cause and remedy follow where they are known. Where the job carries no
    message, its last event of level error speaks for it.
    """
    if job.phase is not Phase.FAILED:
        return None
    last_error = next((event.message for event in reversed(events) if event.level == "error"), "")
    words = job.error_message or last_error
    known = explain_message(f"{job.error_code or ''} {words}")
    if known:
        return Problem(words or "The job failed.", known.why, known.remedy, job.raw)
    return Problem(
        words or "The job failed, and the service did not say why.",
        "",
        "Read the job's events; if they say no more, ask Azure support with the job's id.",
        job.raw,
    )
