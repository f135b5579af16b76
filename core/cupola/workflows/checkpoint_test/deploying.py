"""The stages that deploy every checkpoint with a fuse, and remove them again: those of a distillation, many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...errors import CupolaError
from ...store import deployments
from ...store.deployments import State
from ...store.workflows import Stage, StageState
from ..distil import deploying
from ..kinds import Scene, Takes, World
from .definition import CheckpointTest, Chosen

_UNIT = "deployments"


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """Every checkpoint's model and how it is deployed."""
    definition: CheckpointTest = scene.definition
    return {"deployments": [_one_inputs(definition, one) for one in definition.checkpoints]}


def takes(_: World, scene: Scene) -> Takes:
    """What hosting them all will cost at most: until the fuses have burnt down."""
    return hosting(scene.definition)


def hosting(definition: CheckpointTest) -> Takes:
    """What hosting every checkpoint will cost at most."""
    hosted = definition.as_distillation()
    each = [deploying.hosting(hosted, one.model) for one in definition.checkpoints]
    highs = [one.high for one in each if one.high is not None]
    words = " ".join(dict.fromkeys(one.words for one in each if one.words))
    return Takes(
        sum(one.low for one in each),
        sum(highs) if len(highs) == len(each) else None,
        f"{len(each)} deployments, each: {words}" if words else "",
    )


async def deploy(world: World, scene: Scene, stage: Stage) -> Stage:
    """Wish for the deployments and wait until all of them answer.

    Raises:
        CupolaError: the service refused one, or it never became ready; the others have settled by then.
    """
    definition: CheckpointTest = scene.definition
    refused: CupolaError | None = None
    found: list[Stage] = []
    for checkpoint in definition.checkpoints:
        before = _alone(stage, definition, checkpoint)
        try:
            found.append(await deploying.deploy(world, _seen(scene, checkpoint), before))
        except CupolaError as error:
            refused = refused or error
            found.append(replace(before, state=StageState.FAILED))
    after = _together(stage, definition, found)
    moving = [one for one in found if one.state not in (StageState.DONE, StageState.FAILED)]
    if refused is not None and not moving and after == stage:
        # What the others cost is booked before it is told.
        raise refused
    return after


def stand(world: World, stage: Stage) -> bool:
    """Whether every deployment of an earlier stage is still there."""
    return all(deploying.stands(world, replace(stage, outputs=one)) for one in stage.outputs["deployments"])


def abandon(world: World, scene: Scene, stage: Stage) -> None:
    """Remove the deployments of a test that was called off, as far as they were made for this one."""
    for one in stage.inputs.get("deployments", ()):
        deploying.abandon(world, scene, replace(stage, inputs=one))


def question(scene: Scene) -> str:
    """Offer to remove the deployments, unless that was agreed at the start."""
    definition: CheckpointTest = scene.definition
    if definition.remove_at_once:
        return ""
    names = ", ".join(_names(scene))
    fuse = definition.fuse_seconds
    burns = "" if fuse is None else f" Their fuses remove them {fuse / 3_600:g} h after they were wanted."
    return f"Remove the deployments {names}?{burns} The checkpoints stay for as long as the service keeps them."


def clean_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The deployments, for this workflow alone: what was removed once is not thereby removed again."""
    return {"deployments": _names(scene), "workflow": scene.workflow.id}


async def clean_up(world: World, scene: Scene, stage: Stage) -> Stage:
    """Wish the deployments away and wait until they are gone."""
    each = []
    for name in stage.inputs["deployments"]:
        outputs = {"deployment": name}
        one = replace(scene, stages={**scene.stages, "deploy": replace(scene.stages["deploy"], outputs=outputs)})
        each.append(await deploying.clean_up(world, one, stage))
    gone = sum(one.state is StageState.DONE for one in each)
    problem = next((one.problem for one in each if one.problem is not None), None)
    after = replace(stage, done=float(gone), total=float(len(each)), unit=_UNIT, problem=problem)
    if gone < len(each):
        return after
    return replace(after, state=StageState.DONE, outputs={"removed": list(stage.inputs["deployments"])})


def gone(world: World, scene: Scene) -> str:
    """The first deployment that stands no longer; "" if all do."""
    for name in _names(scene):
        found = deployments.get(world.database, name)
        if found is None or found.state in (State.GONE, State.REMOVING, State.FAILED):
            return name
    return ""


def _alone(stage: Stage, definition: CheckpointTest, checkpoint: Chosen) -> Stage:
    """The stage as it were for one checkpoint only."""
    each: Mapping[str, Any] = stage.notes.get("each", {})
    return replace(
        stage,
        inputs=_one_inputs(definition, checkpoint),
        outputs={},
        notes=each.get(str(checkpoint.step), {}).get("notes", {}),
        spend=0.0,
        reserved=0.0,
        problem=None,
    )


def _together(stage: Stage, definition: CheckpointTest, found: list[Stage]) -> Stage:
    """The stage as its parts make it; what a deployment will cost at most is booked once, when it is ready."""
    each = dict(stage.notes.get("each", {}))
    spend, outputs = stage.spend, []
    for checkpoint, one in zip(definition.checkpoints, found, strict=True):
        before = each.get(str(checkpoint.step), {})
        ready = one.state is StageState.DONE
        if ready and not before.get("booked"):
            spend += one.spend
        reserved = 0.0 if ready else max(one.reserved, before.get("reserved", 0.0))
        failed = one.state is StageState.FAILED
        kept = {"notes": dict(one.notes), "reserved": 0.0 if failed else reserved}
        each[str(checkpoint.step)] = {**kept, "booked": ready or bool(before.get("booked"))}
        outputs.append({"step": checkpoint.step, **one.outputs})
    after = replace(
        stage,
        notes={**stage.notes, "each": each},
        spend=spend,
        reserved=sum(one["reserved"] for one in each.values()),
        done=float(sum(one.state is StageState.DONE for one in found)),
        total=float(len(found)),
        unit=_UNIT,
        problem=next((one.problem for one in found if one.problem is not None), None),
    )
    if all(one.state is StageState.DONE for one in found):
        return replace(after, state=StageState.DONE, outputs={"deployments": outputs}, reserved=0.0)
    return after


def _one_inputs(definition: CheckpointTest, checkpoint: Chosen) -> dict[str, Any]:
    return {
        "name": definition.deployment(checkpoint),
        "model": checkpoint.model,
        "sku": definition.sku,
        "capacity": definition.capacity,
    }


def _names(scene: Scene) -> list[str]:
    return [str(one["deployment"]) for one in scene.outputs("deploy")["deployments"]]


def _seen(scene: Scene, checkpoint: Chosen) -> Scene:
    """The scene with a distillation's definition, whose student is that checkpoint."""
    definition: CheckpointTest = scene.definition
    watched = Stage(scene.workflow.id, "watch", -1, outputs={"model": checkpoint.model})
    return replace(scene, definition=definition.as_distillation(), stages={**scene.stages, "watch": watched})
