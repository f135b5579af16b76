"""Write down what a training process tells; hearing a thing twice changes nothing."""

from __future__ import annotations

from typing import Any

from ..dialect import new_eval_id, new_id
from ..evals.validation import add_validation_run, open_validation_eval
from ..jobs.hyperparameters import WITHOUT_EFFECT
from ..jobs.view import given_hyperparameters
from ..resource import Resource
from ..state import files, jobs, progress
from ..state.database import transaction
from ..state.files import StoredFile
from ..state.jobs import Job
from .estimate import steps_seconds
from .reinforcement import metrics_event, step_columns
from .spending import step_cost
from .tuned import keep_checkpoint

EVENT_EVERY = 10
"""SFT and DPO jobs report the loss in events at their first step and then every so many."""


def note(resource: Resource, job: Job, message: str, *, level: str = "info", data: Any = None) -> None:
    """Add an event to a job."""
    event_id = new_id("ftevent", resource.dialect)
    progress.add_event(resource.database, event_id, job.id, resource.clock.now(), message, level=level, data=data)


def hear(resource: Resource, job: Job, message: dict[str, Any]) -> None:
    """Write down one message of a training process."""
    with transaction(resource.database):
        match message["type"]:
            case "ready":
                _hear_ready(resource, job, message)
            case "step":
                _hear_step(resource, job, message)
            case "checkpoint":
                keep_checkpoint(resource, job, message["step"], message["metrics"])


def _hear_ready(resource: Resource, job: Job, message: dict[str, Any]) -> None:
    if job.result_file is not None:
        return
    now = resource.clock.now()
    results = StoredFile(new_id("file", resource.dialect), now, "results.csv", "fine-tune-results", 0, job_id=job.id)
    files.add(resource.database, results)
    engine = "talker+puzzles" if message["engine"] == "talker" and message["puzzles"] else message["engine"]
    resolved = {name: value for name, value in message["hyperparameters"].items() if value is not None}
    left = steps_seconds(resource, job.method, message["total_steps"])
    left += resource.clock.real(resource.catalogue.pace["finishing"])
    eval_id = None
    if job.method == "reinforcement":
        eval_id = new_eval_id(job.created_at)
        open_validation_eval(resource, job, eval_id)
    jobs.update(
        resource.database,
        job.id,
        engine=engine,
        hyperparameters=resolved,
        total_steps=message["total_steps"],
        result_file=results.id,
        eval_id=eval_id,
        estimated_finish=now + left,
    )
    note(resource, job, "Training started.")
    for sentence in _without_effect(job, message["engine"]):
        note(resource, job, sentence, level="warning")
    note(resource, job, f"Created results file: {results.id}")


def _without_effect(job: Job, engine: str) -> list[str]:
    """What the job asks for and the tiny models pass over, each in a sentence."""
    ignored = [name for name in given_hyperparameters(job) if name in WITHOUT_EFFECT]
    sentences = [f"{name} is accepted without effect: the emulator's models do not use it." for name in ignored]
    settings = (job.request.get("method") or {}).get(job.method) or {}
    if engine == "talker" and settings.get("response_format"):
        sentences.append("response_format is kept for number puzzles only; these answers are sampled freely.")
    untrained = "accepted without effect, as the emulator's models are not trained to call tools."
    sentences += [f"{name}: {untrained}" for name in ("tools", "max_episode_steps") if settings.get(name)]
    return sentences


def _hear_step(resource: Resource, job: Job, message: dict[str, Any]) -> None:
    step = message["step"]
    metrics = step_columns(job, message) if job.method == "reinforcement" else message["metrics"]
    cost = step_cost(resource, job, message).total if job.method == "reinforcement" else 0.0
    if not progress.add_step(resource.database, job.id, step, metrics, message["tokens"], cost):
        return
    for sentence in message["notes"]:
        note(resource, job, sentence, level="warning")
    if job.method == "reinforcement":
        now = resource.clock.now()
        progress.add_validation_samples(resource.database, job.id, step, now, message["validation"])
        add_validation_run(resource, job, step, message["validation"])
        if step:
            text, data = metrics_event(resource, job, message)
            note(resource, job, text, data=data)
    elif step == 1 or step % EVENT_EVERY == 0:
        note(resource, job, f"Step {step}: training loss={metrics['train_loss']:.4f}")
