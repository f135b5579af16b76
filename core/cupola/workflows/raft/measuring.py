"""The stage that tests: the base and the tuned model with documents at every level, and both without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...benchmarks.definition import Benchmark
from ...errors import CupolaError
from ...store import deployments
from ...store.deployments import State
from ...store.workflows import Stage
from ..distil import prices, runs
from ..kinds import Scene, Takes, World
from .borrowed import seen_as_distillation
from .definition import Raft

BASE, TUNED = "base", "tuned"


def with_documents(definition: Raft, split: str, level: int) -> Benchmark:
    """Questions among the oracle and so many distractors; the arms are the base alone as yet."""
    return _test(definition, split, f"{level} distractors", definition.role + "\n{{item.documents}}")


def closed_book(definition: Raft, split: str) -> Benchmark:
    """The same questions without any document."""
    return _test(definition, split, "closed book", definition.role)


def tests(scene: Scene) -> list[Benchmark]:
    """Every benchmark of the test with both arms: closed book first, then the levels in order."""
    definition: Raft = scene.definition
    filtered, deployed = scene.outputs("filter"), scene.outputs("deploy")
    tuned = replace(
        definition.arm,
        name=TUNED,
        deployment=str(deployed["deployment"]),
        model=str(deployed["model"]),
        tier=prices.token_tier(str(deployed["sku"])),
    )
    found = [closed_book(definition, filtered["closed"])]
    found += [with_documents(definition, filtered["tests"][str(level)], level) for level in definition.levels]
    return [replace(one, arms=(*one.arms, tuned)) for one in found]


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """Every benchmark by what decides it."""
    return {"runs": runs.digests(tests(scene))}


def takes(world: World, scene: Scene) -> Takes:
    """What the test will cost."""
    return runs.takes(world.database, tests(scene))


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have them carried out one after another.

    Raises:
        CupolaError: the tuned model's deployment is gone; trying again deploys it first.
    """
    wanted = tests(scene)
    name = str(scene.outputs("deploy")["deployment"])
    found = deployments.get(world.database, name)
    gone = found is None or found.state in (State.GONE, State.REMOVING, State.FAILED)
    if gone and not runs.all_done(world.database, wanted):
        raise CupolaError(
            f"The deployment {name} is gone.",
            "Its fuse has removed it, or a person has.",
            f"Deploy it again and go on: cupola raft resume {scene.workflow.id}",
        )
    return await runs.carried(world, seen_as_distillation(scene), stage, wanted)


def _test(definition: Raft, split: str, what: str, system: str) -> Benchmark:
    return Benchmark(
        name=f"{definition.name}: {what}",
        prompt=({"role": "system", "content": system}, {"role": "user", "content": "{{item.question}}"}),
        messages_field="",
        arms=(replace(definition.arm, name=BASE, series=0),),
        graders=definition.uses,
        split=split,
        dataset=f"{definition.name}, {what}",
        margin=definition.margin,
        baseline=BASE,
        seed=definition.seed,
    )
