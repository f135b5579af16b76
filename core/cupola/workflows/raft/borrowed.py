"""Stages that are those of a distillation: training, watching, deploying and cleaning up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...store.workflows import Stage
from ..distil.steps import DISTIL
from ..kinds import Scene, Step, Takes, World
from .definition import Raft


def borrowed(name: str, again_from: str | None = None) -> Step:
    """A step of a distillation that looks at this kind of workflow as at one of its own."""
    step = DISTIL.step(name)

    def inputs(world: World, scene: Scene) -> Mapping[str, Any]:
        return step.inputs(world, seen_as_distillation(scene))

    def takes(world: World, scene: Scene) -> Takes:
        assert step.takes is not None
        return step.takes(world, seen_as_distillation(scene))

    def question(scene: Scene) -> str:
        assert step.question is not None
        return step.question(seen_as_distillation(scene))

    async def go(world: World, scene: Scene, stage: Stage) -> Stage:
        return await step.go(world, seen_as_distillation(scene), stage)

    def rest(world: World, scene: Scene, stage: Stage) -> None:
        step.rest(world, seen_as_distillation(scene), stage)

    def abandon(world: World, scene: Scene, stage: Stage) -> None:
        step.abandon(world, seen_as_distillation(scene), stage)

    return replace(
        step,
        inputs=inputs,
        go=go,
        takes=takes if step.takes is not None else None,
        question=question if step.question is not None else None,
        rest=rest,
        abandon=abandon,
        again_from=step.again_from if again_from is None else again_from,
    )


def seen_as_distillation(scene: Scene) -> Scene:
    """The scene with a distillation's definition, and the one role that is filled here."""
    definition: Raft = scene.definition
    roles = Stage(scene.workflow.id, "roles", -1, outputs={"roles": {"student": definition.arm.name}})
    return replace(scene, definition=definition.as_distillation(), stages={**scene.stages, "roles": roles})
