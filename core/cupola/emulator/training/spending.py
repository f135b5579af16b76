"""What a reinforcement job costs: hours of core training, and the tokens of its grader's models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cupola_data.prices import price_list

from ..resource import Resource
from ..serving import resolve_model
from ..state import progress
from ..state.jobs import Job

_PRICED_TIER = "globalStandard"


@dataclass(frozen=True, slots=True)
class StepCost:
    """One step's share of the bill, in US dollars."""

    training: float
    grading: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.training + self.grading


def step_hours(resource: Resource, job: Job) -> float:
    """The hours of core training that one step is billed as, declared for the emulator: its own clock is faster."""
    compute = (job.hyperparameters or {}).get("compute_multiplier") or 1.0
    return resource.catalogue.pace["reinforcement_step_billed_hours"] * float(compute)


def _hour_price(resource: Resource, job: Job) -> float:
    """Dollars an hour; 0 where no price is known, and then there is no limit to reach either.

    Only the global tier's price is published; the regional tier is billed by it, the developer tier at its share.
    """
    serving = resolve_model(resource, job.model)
    price = price_list().find(serving.base.name, "training_hours", _PRICED_TIER) if serving else None
    if price is None:
        return 0.0
    share = price_list().rules["developer_training_factor"].value if job.training_type == "developerTier" else 1.0
    return price.usd * share


def _models(grader: Any) -> Iterator[str]:
    if isinstance(grader, Mapping):
        if isinstance(grader.get("model"), str):
            yield grader["model"]
        for part in (grader.get("graders") or {}).values():
            yield from _models(part)


def _token_price(resource: Resource, job: Job, meter: str) -> float:
    """Dollars a token of the dearest of the grader's models: its parts' tokens are counted together."""
    found = []
    for name in _models(job.request["method"]["reinforcement"]["grader"]):
        base = resource.catalogue.find(name)
        price = price_list().find(base.name, meter, _PRICED_TIER) if base else None
        found.append(price.usd / 1e6 if price else 0.0)
    return max(found, default=0.0)


def _tokens(message: Mapping[str, Any], kind: str) -> float:
    usage: Mapping[str, float] = (message["grading"] or {}).get("usage", {})
    names = [f"{split}_{kind}" for split in ("train", "valid")]
    return sum(usage.get(f"{name}_mean", 0.0) * usage.get(f"{name}_count", 0) for name in names)


def step_cost(resource: Resource, job: Job, message: Mapping[str, Any]) -> StepCost:
    """What a told step of a reinforcement job costs; the baseline before the first costs its grading alone."""
    hours = step_hours(resource, job) if message["step"] else 0.0
    grading = _tokens(message, "prompt_tokens") * _token_price(resource, job, "input")
    grading += _tokens(message, "completion_tokens") * _token_price(resource, job, "output")
    return StepCost(hours * _hour_price(resource, job), grading)


def limit_reached(resource: Resource, job: Job) -> bool:
    """Whether a job has spent what it may spend before somebody lets it go on."""
    if job.method != "reinforcement" or job.cap_lifted:
        return False
    return progress.cost(resource.database, job.id) >= resource.reinforcement_limit


def bill_sentence(resource: Resource, job: Job) -> str:
    """The bill of a reinforcement job in a sentence."""
    hours = progress.last_step(resource.database, job.id) * step_hours(resource, job)
    cost = progress.cost(resource.database, job.id)
    return f"Training hours billed: {hours:.2f}; ${cost:,.2f} with grading"
