"""Name and keep what a job makes: the tuned model and its checkpoints."""

from __future__ import annotations

from dataclasses import asdict

from ..dialect import new_id
from ..engines import ModelReference, WeightsReference
from ..resource import Resource
from ..serving import resolve_model
from ..state import models, progress
from ..state.jobs import Job
from ..state.models import TunedModel
from ..state.progress import Checkpoint

MOST_CHECKPOINTS = 3
"""How many an SFT or DPO job keeps: the last one and two before."""


def tuned_model_name(job: Job) -> str:
    """The service's name for what a job makes: `<base>.ft-<hex>[-<suffix>]`."""
    root = job.model.split(".ft-", 1)[0]
    suffix = job.request.get("suffix")
    return f"{root}.ft-{job.uuid}" + (f"-{suffix}" if suffix else "")


def tuned_engine(resource: Resource, job: Job, step: int) -> ModelReference:
    """The weights of a checkpoint, in the place of those it was trained from.

    A talker that was trained on number puzzles answers them itself; any other leaves them to the reasoner.
    """
    parent = resolve_model(resource, job.model)
    assert parent is not None
    path = str(resource.folders.weights(job.uuid, step))
    talker, reasoner = parent.engine.talker, parent.engine.reasoner
    if job.engine == "reasoner" and reasoner is not None:
        return ModelReference(talker, WeightsReference("reasoner", reasoner.base, path))
    return ModelReference(
        WeightsReference("talker", talker.base, path), None if job.engine == "talker+puzzles" else reasoner
    )


def _keep_model(resource: Resource, job: Job, name: str, step: int, *, listed: bool) -> None:
    parent = resolve_model(resource, job.model)
    assert parent is not None
    engine = asdict(tuned_engine(resource, job, step))
    now = resource.clock.now()
    models.add_tuned(resource.database, TunedModel(name, now, parent.base.id, job.model, job.id, step, listed, engine))


def keep_checkpoint(resource: Resource, job: Job, step: int, metrics: dict[str, float]) -> None:
    """Make a checkpoint deployable, and let go of the oldest where only the last few are kept."""
    name = f"{tuned_model_name(job)}:ckpt-step-{step}"
    prefix = "ftchkpt" if resource.dialect == "azure" else "ftckpt"
    checkpoint = Checkpoint(new_id(prefix, resource.dialect), job.id, resource.clock.now(), step, name, metrics)
    if not progress.add_checkpoint(resource.database, checkpoint):
        return
    _keep_model(resource, job, name, step, listed=False)
    if job.method == "reinforcement":
        return
    for old in progress.checkpoints(resource.database, job.id)[MOST_CHECKPOINTS:]:
        progress.remove_checkpoint(resource.database, old.id)
        models.remove_tuned(resource.database, old.model)
        resource.folders.weights(job.uuid, old.step).unlink(missing_ok=True)


def forget_made_models(resource: Resource, job: Job) -> None:
    """Make nothing of a job deployable any more."""
    for checkpoint in progress.checkpoints(resource.database, job.id):
        progress.remove_checkpoint(resource.database, checkpoint.id)
        models.remove_tuned(resource.database, checkpoint.model)


def keep_tuned_model(resource: Resource, job: Job) -> str:
    """Make the finished model known and return its name."""
    name = tuned_model_name(job)
    _keep_model(resource, job, name, progress.last_step(resource.database, job.id), listed=True)
    return name
