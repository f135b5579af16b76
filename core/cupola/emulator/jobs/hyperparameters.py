"""The hyperparameters of each method, their ranges and their spellings of `auto`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..dialect import Dialect
from ..errors import invalid_payload


@dataclass(frozen=True, slots=True)
class Range:
    """What a setting may be: above or from `low` up to `high`."""

    low: float
    high: float = float("inf")
    whole: bool = False
    above_low: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies within."""
        return (self.low < value if self.above_low else self.low <= value) and value <= self.high


_COMMON = {
    "n_epochs": Range(1, 50, whole=True),
    "batch_size": Range(1, 256, whole=True),
    "learning_rate_multiplier": Range(0, above_low=True),
}

RANGES: dict[str, dict[str, Range]] = {
    "supervised": {**_COMMON, "prompt_loss_weight": Range(0)},
    "dpo": {**_COMMON, "beta": Range(0, 2, above_low=True), "l2_multiplier": Range(0)},
    "reinforcement": {
        **_COMMON,
        "compute_multiplier": Range(1e-5, 10, above_low=True),
        "eval_interval": Range(1, whole=True),
        "eval_samples": Range(1, whole=True),
    },
}

WITHOUT_EFFECT = ("prompt_loss_weight", "l2_multiplier")
"""Settings that the service takes and the tiny models have no use for."""

EFFORTS = ("default", "low", "medium", "high")

SHOWN = {
    "supervised": tuple(_COMMON),
    "dpo": (*_COMMON, "beta"),
    "reinforcement": (*_COMMON, "compute_multiplier", "eval_interval", "eval_samples", "reasoning_effort"),
}
"""The settings that a job shows, whether they were given or not."""


def _checked(name: str, value: Any, allowed: Range) -> float | None:
    if value is None or value == "auto" or (value == -1 and not isinstance(value, bool)):
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (allowed.whole and value != int(value)) or not allowed.holds(value):
        raise invalid_payload(f"Invalid value for hyperparameters.{name}.")
    return int(value) if allowed.whole else float(value)


def read_hyperparameters(method: str, given: Any) -> dict[str, Any]:
    """The settings that are not auto. Raises ApiError for an unknown one or a value out of range."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise invalid_payload("Invalid type for hyperparameters: expected an object.")
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if method == "reinforcement" and name == "reasoning_effort":
            if value is not None and value not in EFFORTS:
                raise invalid_payload("Invalid value for hyperparameters.reasoning_effort.")
            checked: Any = None if value == "default" else value
        elif name in RANGES[method]:
            checked = _checked(name, value, RANGES[method][name])
        else:
            raise invalid_payload(f"Hyperparameter '{name}' is not supported for method '{method}'.")
        if checked is not None:
            settings[name] = checked
    return settings


def render_hyperparameters(
    method: str, given: Mapping[str, Any], resolved: Mapping[str, Any] | None, dialect: Dialect
) -> dict[str, Any]:
    """The settings as a job shows them: resolved once training has started, else auto in the dialect's spelling."""
    auto = -1 if dialect == "azure" else "auto"
    values = resolved or given
    shown = {name: values.get(name, "default" if name == "reasoning_effort" else auto) for name in SHOWN[method]}
    return {**shown, **{name: value for name, value in given.items() if name not in shown}}
