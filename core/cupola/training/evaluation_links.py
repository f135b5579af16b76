"""Which evaluation holds a reinforcement job's validation passes: by the job's own word, by name, or by time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..models import Evaluation, Job

_NAME = re.compile(r"reinforcement fine[ -]?tuning validation runs for ([0-9a-f-]{32,36})", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{32}")

_CLOCKS_APART = 60
"""Seconds by which an evaluation may seem older than its job."""


def link(job: Job, jobs: Sequence[Job], evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """Find the evaluation of a job among all of the resource, marked with how it was found.

    By the job's `eval_id`; else by the job's hex in the name that the service gives; else, among those of that name
    that no job can be named for, by time: the last reinforcement job that was created before it, if it had not ended.
    """
    for evaluation in evaluations:
        if evaluation.id == job.eval_id:
            return _linked(evaluation, job, "field")
    named = [(evaluation, found) for evaluation in evaluations if (found := named_hex(evaluation.name)) is not None]
    for evaluation, found in named:
        if found == _hex_of(job):
            return _linked(evaluation, job, "name")
    claimed = {known for other in jobs for known in (_hex_of(other), other.eval_id) if known}
    free = [evaluation for evaluation, found in named if found not in claimed and evaluation.id not in claimed]
    mine = [evaluation for evaluation in free if _begun_last_before(evaluation, jobs) == job.id]
    return _linked(mine[0], job, "time") if len(mine) == 1 else None


def named_hex(name: str) -> str | None:
    """The hex in the name of a reinforcement job's evaluation, without dashes; None for any other name."""
    match = _NAME.search(name)
    return match[1].replace("-", "").lower() if match else None


def _hex_of(job: Job) -> str | None:
    match = _HEX.search(job.id.lower())
    return match[0] if match else None


def _begun_last_before(evaluation: Evaluation, jobs: Sequence[Job]) -> str | None:
    begun = [job for job in jobs if job.method == "reinforcement" and _covers(job, evaluation)]
    return max(begun, key=lambda job: job.created_at).id if begun else None


def _covers(job: Job, evaluation: Evaluation) -> bool:
    if evaluation.created_at < job.created_at - _CLOCKS_APART:
        return False
    return job.finished_at is None or evaluation.created_at <= job.finished_at


def _linked(evaluation: Evaluation, job: Job, how: str) -> Evaluation:
    return replace(evaluation, job_id=job.id, link=how)
