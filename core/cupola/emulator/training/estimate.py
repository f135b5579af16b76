"""Guess when a job will end, as the service does and no better."""

from __future__ import annotations

from ..resource import Resource

_STAGES = ("enqueued", "preprocessing", "importing", "waiting_for_gpus", "finishing")
_TYPICAL_STEPS = {"supervised": 150, "dpo": 150, "reinforcement": 25}


def steps_seconds(resource: Resource, method: str, steps: int) -> float:
    """The real seconds that so many steps take at their declared pace."""
    return resource.clock.real(steps * resource.catalogue.pace[f"{method}_step"])


def first_estimate(resource: Resource, method: str, now: float) -> float:
    """The unix time at which a typical job created now would end; its data has not been looked at yet."""
    stages = sum(resource.catalogue.pace[stage] for stage in _STAGES)
    return now + resource.clock.real(stages) + steps_seconds(resource, method, _TYPICAL_STEPS[method])
