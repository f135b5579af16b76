"""What a reinforcement job would take, before it is submitted: steps, grader calls, hours, dollars; all as ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cupola_data.models import catalogue
from cupola_data.prices import price_list

from ..benchmarks.definition import GraderUse
from ..benchmarks.estimate import Range
from ..benchmarks.prices import price_of
from ..datasets.cost import auto_batch, auto_epochs

_ANSWERS_A_PROMPT = Range(4, 16)
"""Answers sampled for each training prompt at a compute_multiplier of 1. The service does not say; published
implementations of group-relative policy optimisation take 4 to 16."""
_SECONDS_A_STEP = Range(165, 3_600)
"""Core seconds a step: a recorded event of the service told 165, a recorded job of 50 rows took an hour a step."""
_JUDGEMENT_TOKENS = Range(20, 400)
"""What a grader model writes for one answer."""
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Effort:
    """What a job would take; every range is from as little to as much as is likely."""

    steps: int
    answers: Range
    """Sampled for training."""
    validations: int
    """Answers sampled for validation, the pass before training included."""
    grader_calls: Range
    """Calls to grader models; 0 for a grader that asks none."""
    hours: Range
    """Of core training time."""
    training_usd: Range | None
    """None where no price is published."""
    grading_usd: Range | None
    """None where a grader model's price is not known."""
    basis: str
    """Where hours and price come from."""
    pauses_at: float | None
    """Dollars at which the service pauses the job by itself."""

    @property
    def usd(self) -> Range | None:
        """Training and grading; None where either is not known."""
        if self.training_usd is None or self.grading_usd is None:
            return None
        return self.training_usd + self.grading_usd


def effort(
    model: str,
    settings: Mapping[str, float | str],
    use: GraderUse | None,
    rows: tuple[int, int],
    prompt_characters: float = 0.0,
    own_paces: Sequence[float] = (),
) -> Effort:
    """Estimate a job.

    Args:
        model: The base model.
        settings: The hyperparameters as asked for; what is left out is `auto`.
        use: The grader.
        rows: Of the training and of the validation file.
        prompt_characters: The mean length of a rendered grader prompt.
        own_paces: Seconds a step of earlier jobs on this model; they replace the recorded ones.
    """
    epochs = _number(settings, "n_epochs") or auto_epochs(rows[0])
    batch = _number(settings, "batch_size") or auto_batch(rows[0])
    steps = math.ceil(rows[0] / batch) * int(epochs)
    # What auto means for the interval is not said anywhere; recorded jobs validate every third step.
    interval = _number(settings, "eval_interval") or 3
    samples = _number(settings, "eval_samples") or 1
    validations = int((steps // interval + 1) * rows[1] * samples)
    answers = _ANSWERS_A_PROMPT.times(steps * batch * (_number(settings, "compute_multiplier") or 1))
    judges = len(use.judges) if use else 0
    calls = Range(answers.low + validations, answers.high + validations).times(judges)
    pace = Range(min(own_paces), max(own_paces)) if own_paces else _SECONDS_A_STEP
    hours = Range(pace.low * steps / 3600, pace.high * steps / 3600)
    price = price_list().find(_base_name(model), "training_hours", "globalStandard")
    cap = price_list().rules.get("reinforcement_cap")
    whose = f"{len(own_paces)} jobs of your own" if own_paces else "recorded jobs of others"
    return Effort(
        steps=steps,
        answers=answers,
        validations=validations,
        grader_calls=calls,
        hours=hours,
        training_usd=hours.times(price.usd) if price else None,
        grading_usd=_grading(use, calls, prompt_characters),
        basis=f"hours by the pace of {whose}; {f'{price.usd:g} {price.unit}, {price.source}' if price else 'no price'}",
        pauses_at=cap.value if cap else None,
    )


def _grading(use: GraderUse | None, calls: Range, characters: float) -> Range | None:
    if use is None or not use.judges:
        return Range(0, 0)
    prices = [price_of(judge) for judge in use.judges]
    prompt = int(characters / _CHARACTERS_A_TOKEN)
    low = high = 0.0
    for price in prices:
        if price is None:
            return None
        low += price.usd(prompt, int(_JUDGEMENT_TOKENS.low)) * calls.low / len(prices)
        high += price.usd(prompt, int(_JUDGEMENT_TOKENS.high)) * calls.high / len(prices)
    return Range(low, high)


def _base_name(model: str) -> str:
    known = catalogue().find(model.partition(".ft-")[0])
    return known.name if known else model


def _number(settings: Mapping[str, Any], name: str) -> float | None:
    value = settings.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
