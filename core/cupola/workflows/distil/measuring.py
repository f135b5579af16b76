"""The stages that measure: the first benchmark, and the same items again for teacher, student and control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...benchmarks.definition import Arm, Benchmark
from ...errors import CupolaError
from ...store import deployments
from ...store.deployments import Deployment, State
from ...store.workflows import Stage
from ..kinds import Scene, Takes, World
from . import prices, runs, stored
from .candidates import generating
from .definition import Distillation

TEACHER, BEFORE, AFTER, CONTROL = "teacher again", "student before", "student after", "control again"
"""What the arms of the second benchmark are for; their names begin so."""


def before_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The test as it is defined."""
    definition: Distillation = scene.definition
    return {"runs": runs.digests([definition.test])}


def before_takes(world: World, scene: Scene) -> Takes:
    """What the first benchmark will cost."""
    definition: Distillation = scene.definition
    return runs.takes(world.database, [definition.test])


async def before(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have the candidates benchmarked; a stored run of the same digest is taken as it is."""
    definition: Distillation = scene.definition
    return await runs.carried(world, scene, stage, [definition.test])


def generate_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The teacher, how it is asked, and the prompts."""
    return {"runs": runs.digests([generating(scene.definition, scene.outputs("roles")["roles"])])}


def generate_takes(world: World, scene: Scene) -> Takes:
    """What the teacher's answers and their grading will cost."""
    return runs.takes(world.database, [generating(scene.definition, scene.outputs("roles")["roles"])])


async def generate(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have the teacher answer the training prompts, those left out that it has answered and the service has kept."""
    wanted = [generating(scene.definition, scene.outputs("roles")["roles"])]
    if scene.definition.from_stored and "stored" not in stage.notes:
        return replace(stage, notes={**stage.notes, "stored": await stored.fill(world, wanted[0])})
    return await runs.carried(world, scene, stage, wanted)


def after_inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """All arms of the second benchmark."""
    return {"runs": runs.digests(after_benchmarks(scene))}


def after_takes(world: World, scene: Scene) -> Takes:
    """What the second benchmark will cost; the student's first answers are there already."""
    return runs.takes(world.database, after_benchmarks(scene))


async def after(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have teacher, student and control answer the held-out items again.

    Raises:
        CupolaError: the student's deployment is gone; trying again deploys it first.
    """
    wanted = after_benchmarks(scene)
    if not runs.all_done(world.database, wanted):
        refuse_if_gone(world, scene)
    return await runs.carried(world, scene, stage, wanted)


def refuse_if_gone(world: World, scene: Scene) -> None:
    """Raise CupolaError if the student's deployment is gone; trying again deploys it first."""
    name = str(scene.outputs("deploy")["deployment"])
    if _is_gone(deployments.get(world.database, name)):
        raise CupolaError(
            f"The deployment {name} is gone.",
            "Its fuse has removed it, a person has, or the service has, as it does after a day on the developer tier.",
            f"Deploy the student again and go on: cupola distill resume {scene.workflow.id}",
        )


def _is_gone(found: Deployment | None) -> bool:
    return found is None or found.state in (State.GONE, State.REMOVING, State.FAILED)


def after_benchmarks(scene: Scene) -> list[Benchmark]:
    """Same items, same graders, same prompts; a student with a prompt of its own is asked in a run beside."""
    definition: Distillation = scene.definition
    roles: Mapping[str, str] = scene.outputs("roles")["roles"]
    deployed = scene.outputs("deploy")
    model = str(deployed["model"])
    tuned = replace(
        definition.arm(roles["student"]),
        name=f"{AFTER} ({roles['student']})",
        deployment=str(deployed["deployment"]),
        model=model,
        tier=prices.token_tier(str(deployed["sku"])),
        series=0,
    )
    again = [*_first_arms(definition, roles)]
    base = replace(definition.test, name=f"{definition.test.name[:40]} after {scene.workflow.name[:25]}", baseline=None)
    if definition.student_prompt is None:
        return [replace(base, arms=(*again, tuned))]
    short = replace(base, name=f"{base.name[:70]}, short", prompt=definition.learning.prompt, messages_field="")
    return [replace(base, arms=tuple(again)), replace(short, arms=(tuned,))]


def _first_arms(definition: Distillation, roles: Mapping[str, str]) -> list[Arm]:
    """Teacher and control in a new series, the student as it answered before."""
    teacher, student = definition.arm(roles["teacher"]), definition.arm(roles["student"])
    arms = [
        replace(teacher, name=f"{TEACHER} ({teacher.name})", series=definition.series),
        replace(student, name=f"{BEFORE} ({student.name})"),
    ]
    if "control" in roles:
        control = definition.arm(roles["control"])
        arms.append(replace(control, name=f"{CONTROL} ({control.name})", series=definition.series))
    return arms
