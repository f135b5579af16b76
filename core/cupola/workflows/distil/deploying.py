"""The stages that deploy the student with a fuse, and offer to remove it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...deployments import capacity
from ...errors import CupolaError
from ...store import deployments
from ...store.deployments import Deployment, State, Wanted
from ...store.workflows import Stage, StageState
from ..kinds import FREE, Scene, Takes, World
from ..naming import names_of
from . import prices
from .definition import Distillation, deployment_name

_LONGEST_HOURS = 24.0


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The model and how it is deployed."""
    definition: Distillation = scene.definition
    model = str(scene.outputs("watch")["model"])
    return {
        "name": deployment_name(definition, model),
        "model": model,
        "sku": definition.sku,
        "capacity": definition.capacity,
    }


def takes(_: World, scene: Scene) -> Takes:
    """What hosting will cost at most: until the fuse has burnt down."""
    return hosting(scene.definition, str(scene.outputs("watch")["model"]))


def hosting(definition: Distillation, model: str) -> Takes:
    """What hosting a tuned model will cost at most."""
    hourly = prices.hosting_per_hour(model, definition.sku)
    if hourly is None:
        return Takes(0.0, None, f"The price of hosting on {definition.sku} is not known.")
    if hourly == 0:
        return FREE
    if definition.fuse_seconds is None:
        return Takes(0.0, None, f"It costs ${hourly:.2f} an hour, and no fuse removes it.")
    hours = definition.fuse_seconds / 3_600
    return Takes(0.0, hourly * hours, f"${hourly:.2f} an hour until the fuse removes it after {hours:g} hours.")


async def deploy(world: World, scene: Scene, stage: Stage) -> Stage:
    """Wish for the deployment and wait until it answers.

    Raises:
        CupolaError: the service refused it, or it never became ready.
    """
    definition: Distillation = scene.definition
    name, model = str(stage.inputs["name"]), str(stage.inputs["model"])
    found = deployments.get(world.database, name)
    cost = takes(world, scene)
    if found is None or found.state is State.GONE or _is_new_try(found, stage):
        wanted = Wanted(
            name,
            model,
            definition.sku,
            definition.capacity or capacity_for(scene),
            definition.fuse_seconds,
            None,
            _purpose(scene),
        )
        deployments.want(world.database, wanted, world.clock())
        return replace(stage, notes={**stage.notes, "wanted": world.clock()}, reserved=cost.high or 0.0)
    if found.state is State.READY and found.model.casefold() == model.casefold():
        outputs = {"deployment": name, "model": model, "sku": found.sku, "capacity": found.capacity}
        # Hosting is booked up to the fuse, at its dearest; without a charge by the hour it is nothing.
        spend = stage.spend + (cost.high or 0.0)
        return replace(stage, state=StageState.DONE, outputs=outputs, spend=spend, reserved=0.0, done=1.0, total=1.0)
    if found.state is State.FAILED:
        raise _refused(found)
    words = found.problem if found.problem is not None else None
    return replace(stage, done=_progress(found), total=1.0, unit="", problem=words)


def stands(world: World, stage: Stage) -> bool:
    """Whether the deployment of an earlier stage is still there."""
    found = deployments.get(world.database, str(stage.outputs["deployment"]))
    return found is not None and found.state is State.READY


def abandon(world: World, scene: Scene, stage: Stage) -> None:
    """Remove the deployment of a workflow that was called off, if it was made for this one."""
    name = stage.inputs.get("name")
    found = deployments.get(world.database, str(name)) if name else None
    if found is not None and found.purpose == _purpose(scene):
        deployments.want_gone(world.database, str(name), world.clock(), "Its workflow was called off.")


def question(scene: Scene) -> str:
    """Offer to remove the deployment."""
    definition: Distillation = scene.definition
    name = scene.outputs("deploy")["deployment"]
    hours = "" if definition.fuse_seconds is None else f" Its fuse removes it {definition.fuse_seconds / 3_600:g} h"
    after = f"{hours} after it was wanted." if hours else ""
    return f"Remove the deployment {name}?{after} The tuned model stays, and can be deployed again."


async def clean_up(world: World, scene: Scene, stage: Stage) -> Stage:
    """Wish the deployment away and wait until it is gone."""
    name = str(scene.outputs("deploy")["deployment"])
    found = deployments.get(world.database, name)
    if found is None or found.state is State.GONE:
        return replace(stage, state=StageState.DONE, outputs={"removed": [name]}, done=1.0, total=1.0)
    if found.state is not State.REMOVING:
        deployments.want_gone(world.database, name, world.clock(), f"The workflow {_spoken(scene)} has ended.")
    return replace(stage, total=1.0, problem=found.problem)


def clean_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The deployment, for this workflow alone: what was removed once is not thereby removed again."""
    return {"deployment": scene.outputs("deploy")["deployment"], "workflow": scene.workflow.id}


def capacity_for(scene: Scene) -> int:
    """Thousands of tokens a minute that carry the benchmark in a few minutes."""
    definition: Distillation = scene.definition
    items = max(scene.stages["generate"].total / max(definition.samples, 1), 1.0)
    tested = float(scene.stages["benchmark"].total) / max(len(definition.test.arms), 1) or items
    arm = definition.arm(scene.outputs("roles")["roles"]["student"])
    return capacity.capacity_for(tested, arm.sampling)


def _purpose(scene: Scene) -> str:
    return f"{_spoken(scene)}: {scene.workflow.name}"


def _spoken(scene: Scene) -> str:
    return f"{names_of(scene.workflow.kind).spoken} {scene.workflow.id}"


def _is_new_try(found: Deployment, stage: Stage) -> bool:
    """Whether a deployment that failed earlier is to be tried once more: nobody has wanted it in this go."""
    return found.state is State.FAILED and "wanted" not in stage.notes


def _progress(found: Deployment) -> float:
    return {State.WANTED: 0.0, State.CREATING: 0.3, State.PROBING: 0.7}.get(found.state, 0.0)


def _refused(found: Deployment) -> CupolaError:
    problem = found.problem
    return CupolaError(
        f"The deployment {found.name} has failed. {problem.what if problem else ''}".rstrip(),
        problem.why if problem else "",
        (problem.remedy if problem else "") or "Choose another tier or less capacity, then go on with the workflow.",
        problem.raw if problem else "",
    )
