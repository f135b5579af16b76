"""The stage that judges: both benchmarks and the timed calls read from the store, the verdict as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ...benchmarks.leaderboard import margin_of
from ...errors import CupolaError
from ...store.workflows import Stage, StageState
from ..kinds import Scene, World
from . import prices
from .definition import Distillation
from .measuring import AFTER, BEFORE, CONTROL, TEACHER
from .results import ArmResult, arm_named, items_of_test, result_of
from .runs import run_ids
from .sentences import headline, sentences
from .speed import Timing, timing_of
from .verdict import DistillationVerdict, Measured, Paid, verdict_of

SCHEMA = "cupola.distillation/1"


def inputs(_: World, scene: Scene) -> Mapping[str, Any]:
    """Both benchmarks, the calls that were timed, and what the making has cost."""
    definition: Distillation = scene.definition
    paid = paid_for(scene)
    return {
        **({"latency": scene.stages["latency"].inputs} if _timings(scene) else {}),
        "before": scene.stages["benchmark"].inputs["runs"],
        "after": scene.stages["re-benchmark"].inputs["runs"],
        "roles": scene.outputs("roles")["roles"],
        "by": definition.view.name,
        "margin": definition.test.margin,
        "paid": [paid.low, paid.high, paid.hosting_per_hour],
    }


async def go(world: World, scene: Scene, stage: Stage) -> Stage:
    """Judge, and store the verdict.

    Raises:
        CupolaError: results are gone.
    """
    verdict = judge(world, scene)
    return replace(stage, state=StageState.DONE, outputs=to_json(verdict), done=1.0, total=1.0)


def judge(world: World, scene: Scene) -> DistillationVerdict:
    """The verdict on a workflow whose benchmarks are done."""
    definition: Distillation = scene.definition
    items = items_of_test(world.database, definition)
    measured = _measured(world, scene)
    return verdict_of(
        measured,
        items.clusters,
        definition.view.scale,
        margin_of(definition.test, definition.view.scale, measured.teacher.scores),
        paid_for(scene),
        view=definition.view.name,
        own_prompt=definition.student_prompt is not None,
    )


def paid_for(scene: Scene) -> Paid:
    """What teaching and training have cost, whoever paid for it, and what hosting costs."""
    definition: Distillation = scene.definition
    trained = scene.outputs("watch")
    teaching = float(scene.outputs("generate").get("usd", 0.0))
    high = trained.get("high")
    return Paid(
        low=teaching + float(trained.get("low") or 0.0),
        high=None if high is None else teaching + float(high),
        hosting_per_hour=prices.hosting_per_hour(str(trained["model"]), definition.sku),
        words=f"${teaching:,.4f} for the teacher's answers and their grading. Training: {trained.get('price', '')}",
    )


def to_json(verdict: DistillationVerdict) -> dict[str, Any]:
    """A verdict as JSON: numbers without bound are null."""
    told = _plain(asdict(verdict))
    return {"schema": SCHEMA, "headline": headline(verdict), "sentences": sentences(verdict), **told}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _measured(world: World, scene: Scene) -> Measured:
    definition: Distillation = scene.definition
    roles: Mapping[str, str] = scene.outputs("roles")["roles"]
    items = items_of_test(world.database, definition)
    first, second = run_ids(scene.stages["benchmark"]), run_ids(scene.stages["re-benchmark"])

    def earlier(role: str) -> ArmResult:
        return result_of(world.database, definition, items, first[0], definition.test.arm_index(roles[role]))

    def later(beginning: str) -> ArmResult:
        found = arm_named(world.database, second, f"{beginning} (")
        if found is None:
            raise CupolaError("A benchmark's results are gone.", remedy="Run the benchmark again.")
        return result_of(world.database, definition, items, *found)

    controlled = "control" in roles
    return Measured(
        teacher_before=earlier("teacher"),
        teacher=later(TEACHER),
        before=later(BEFORE),
        after=later(AFTER),
        control_before=earlier("control") if controlled else None,
        control=later(CONTROL) if controlled else None,
        timings=_timings(scene),
    )


def _timings(scene: Scene) -> dict[str, Timing]:
    """By role; none where no sample was wanted, or where the workflow is from before there could be one."""
    stage = scene.stages.get("latency")
    arms = {} if stage is None else stage.outputs.get("arms", {})
    return {role: timing_of(told) for role, told in arms.items()}
