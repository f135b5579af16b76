"""What a benchmark may be put together from: deployments that are known, and graders that come with Cupola."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files

from cupola.benchmarks import definition
from cupola.benchmarks.definition import Arm, GraderUse
from cupola.store import benchmarks, deployments
from cupola.store.database import Database
from cupola_data.models import catalogue

from .draft import ArmChoice, GraderChoice

_EXACT = {
    "type": "string_check",
    "name": "exact",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
_CONTAINS = {**_EXACT, "name": "contains", "operation": "ilike"}
_SIMILAR = {
    "type": "text_similarity",
    "name": "similar",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.8,
}
_PLAIN = ((_EXACT, "equals {{item.answer}}"), (_CONTAINS, "holds {{item.answer}}"), (_SIMILAR, "like {{item.answer}}"))

_CORA = ("helpful", "polite")


def arm_choices(database: Database) -> tuple[ArmChoice, ...]:
    """Deployments: those of the service first, then those that benchmarks asked, then models by their own names."""
    found: dict[str, ArmChoice] = {}
    for deployment in deployments.all_deployments(database):
        if not deployment.state.ended:
            arm = Arm(deployment.name, deployment.name, deployment.model)
            found.setdefault(deployment.name, ArmChoice(arm, known_from=f"deployed, {deployment.state.value}"))
    for stored in benchmarks.all_benchmarks(database):
        for arm in definition.from_json(stored.definition).arms:
            if arm.series == 0:
                plain = Arm(arm.deployment, arm.deployment, arm.model, arm.tier, arm.sampling)
                found.setdefault(arm.deployment, ArmChoice(plain, known_from=f"asked by {stored.name}"))
    for model in catalogue().models:
        if model.chat:
            known = ArmChoice(Arm(model.name, model.name, model.name), known_from="a model; if deployed by its name")
            found.setdefault(model.name, known)
    return tuple(found.values())


def grader_choices(database: Database) -> tuple[GraderChoice, ...]:
    """Graders: those of benchmarks that are known, then the built-in ones."""
    found: dict[str, GraderChoice] = {}
    for stored in benchmarks.all_benchmarks(database):
        for use in definition.from_json(stored.definition).graders:
            found.setdefault(use.hash, GraderChoice(use, known_from=f"of {stored.name}"))
    for grader, words in _PLAIN:
        use = GraderUse(grader)
        found.setdefault(use.hash, GraderChoice(use, known_from=f"built in: {words}"))
    for name in _CORA:
        use = GraderUse(json.loads(files("cupola_data.zava.cora").joinpath("graders", f"{name}.json").read_bytes()))
        found.setdefault(use.hash, GraderChoice(use, known_from="built in: Cora's"))
    return tuple(found.values())


def with_arms(chosen: Iterable[ArmChoice], others: Iterable[ArmChoice]) -> tuple[ArmChoice, ...]:
    """Those that are chosen, then others that ask something else."""
    first = tuple(chosen)
    taken = {choice.arm.deployment for choice in first}
    return (*first, *(choice for choice in others if choice.arm.deployment not in taken))


def with_graders(chosen: Iterable[GraderChoice], others: Iterable[GraderChoice]) -> tuple[GraderChoice, ...]:
    """Those that are chosen, then others of another name."""
    first = tuple(chosen)
    taken = {choice.use.name for choice in first}
    return (*first, *(choice for choice in others if choice.use.name not in taken))
