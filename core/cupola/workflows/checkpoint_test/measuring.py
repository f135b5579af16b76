"""The stage that tests: one run over the base and every checkpoint, on the same items with the same graders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import CupolaError
from ...store.workflows import Stage
from ..distil import runs
from ..kinds import Scene, Takes, World
from ..naming import resume_command
from . import deploying
from .definition import CheckpointTest


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """The run, by all that decides it."""
    definition: CheckpointTest = scene.definition
    return {"runs": runs.digests([definition.whole])}


def takes(world: World, scene: Scene) -> Takes:
    """What the run will cost; what the base has answered before costs nothing."""
    definition: CheckpointTest = scene.definition
    return runs.takes(world.database, [definition.whole])


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Have it carried out; a stored run of the same digest is taken as it is.

    Raises:
        CupolaError: a deployment is gone; trying again deploys it first.
    """
    definition: CheckpointTest = scene.definition
    wanted = [definition.whole]
    name = deploying.gone(world, scene)
    if name and not runs.all_done(world.database, wanted):
        raise CupolaError(
            f"The deployment {name} is gone.",
            "Its fuse has removed it, a person has, or the service has, as it does after a day on the developer tier.",
            f"Deploy it again and go on: {resume_command(scene.workflow.kind, scene.workflow.id)}",
        )
    return await runs.carried(world, scene, stage, wanted)
