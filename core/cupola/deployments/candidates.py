"""What may be deployed, as far as the store knows: base models, tuned models, checkpoints that are still held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..models import Job
from ..store import checkpoints, files, jobs
from ..store.database import Database
from ..store.deployments import is_tuned


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that a deployment can be made of."""

    model: str
    kind: str
    """tuned, checkpoint or base."""
    about: str
    """Which job made it and when in its course; of a base model what the service says of its life."""
    suggested_name: str


def candidates(database: Database) -> list[Candidate]:
    """Tuned models first, the newest job's before others', each with its checkpoints; then base models by name."""
    known = {model.id: model for model in files.models(database)}
    out: dict[str, Candidate] = {}
    for job in jobs.newest(database):
        for found in _of_job(database, job):
            out.setdefault(found.model, found)
    for name in known:
        if is_tuned(name):
            out.setdefault(name, Candidate(name, "tuned", "a tuned model of the resource", deployment_name(name)))
    for name, model in known.items():
        if not is_tuned(name) and not is_tuned(model.base_model or ""):
            about = model.lifecycle or "a base model"
            out.setdefault(name, Candidate(name, "base", about, deployment_name(name)))
    return list(out.values())


def deployment_name(words: str) -> str:
    """A name that the service takes, made of what a person calls the model: at most 64 letters, digits, `-`, `.`."""
    kept = "".join(
        c if (c.isascii() and c.isalnum()) or c in "-." else "-" for c in words.rpartition(".ft-")[2] or words
    )
    return kept.strip("-.")[:64] or "deployment"


def _of_job(database: Database, job: Job) -> Iterator[Candidate]:
    if job.fine_tuned_model:
        name = deployment_name(job.name)
        yield Candidate(job.fine_tuned_model, "tuned", f"{job.name}, {job.method} of {job.model}", name)
    for checkpoint, deployable in reversed(checkpoints.of_job(database, job.id)):
        if deployable and checkpoint.model and checkpoint.model != job.fine_tuned_model:
            name = deployment_name(f"{job.name}-step{checkpoint.step}")
            yield Candidate(checkpoint.model, "checkpoint", f"{job.name}, step {checkpoint.step}", name)
