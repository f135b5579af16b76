"""Every setting of a training method, what was asked for, and what `auto` means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..datasets.cost import auto_batch, auto_epochs

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    name: str
    """In the service's words."""
    value: float | str
    """As asked for; `auto` leaves it to the service."""
    meaning: str
    """What it does, and for `auto` what the service is likely to choose."""
    problem: str = ""
    """Why the value is likely to be wrong."""


_MEANINGS = {
    "n_epochs": "how often each row is trained on",
    "batch_size": "rows a step",
    "learning_rate_multiplier": "how far each step moves the model",
    "compute_multiplier": "answers sampled for each prompt, over the service's own number",
    "eval_interval": "steps between validation passes, each of which makes a checkpoint",
    "eval_samples": "answers to each validation row",
    "reasoning_effort": "how long the model thinks while it trains",
    "beta": "how strongly it is held to the base model",
    "l2_multiplier": "how strongly large changes are held back",
}
_BY_METHOD = {
    "supervised": ("n_epochs", "batch_size", "learning_rate_multiplier"),
    "dpo": ("n_epochs", "batch_size", "learning_rate_multiplier", "beta", "l2_multiplier"),
    "reinforcement": (
        *("n_epochs", "batch_size", "learning_rate_multiplier", "compute_multiplier", "eval_interval", "eval_samples"),
        "reasoning_effort",
    ),
}
_BOUNDS = {
    "n_epochs": (1, 50),
    "batch_size": (1, 256),
    "learning_rate_multiplier": (0.0, 5.0),
    "compute_multiplier": (0.00001, 10),
    "eval_interval": (1, 10_000),
    "eval_samples": (1, 100),
    "beta": (0.0, 2.0),
}
"""What the service's specification or portal allows."""


def settings_of(method: str, given: Mapping[str, float | str], rows: int | None) -> tuple[Setting, ...]:
    """The settings of a method, those that were given and the rest at `auto`.

    Args:
        method: supervised, dpo or reinforcement.
        given: What was asked for, in the service's names.
        rows: Of the training file; None if it is not known.
    """
    names = dict.fromkeys((*_BY_METHOD.get(method, ()), *given))
    return tuple(_setting(name, given.get(name, AUTO), rows) for name in names)


def _setting(name: str, value: float | str, rows: int | None) -> Setting:
    meaning = _MEANINGS.get(name, "not known to Cupola; passed on as it is")
    if value in (AUTO, -1):
        return Setting(name, AUTO, f"{meaning}; auto: {_auto(name, rows)}")
    bounds = _BOUNDS.get(name)
    off = bounds is not None and isinstance(value, int | float) and not bounds[0] <= value <= bounds[1]
    problem = f"the service allows or offers {bounds[0]:g} to {bounds[1]:g}" if off and bounds else ""
    return Setting(name, value, meaning, problem)


def _auto(name: str, rows: int | None) -> str:
    if name == "n_epochs":
        return f"likely {auto_epochs(rows)} for {rows:,} rows" if rows else "3 for most sets of rows"
    if name == "batch_size":
        return f"likely {auto_batch(rows)}, about 0.2% of the rows" if rows else "about 0.2% of the rows, 256 at most"
    known = {
        "compute_multiplier": "1",
        "reasoning_effort": "medium",
        "beta": "0.1",
        "l2_multiplier": "0.1",
        "learning_rate_multiplier": "chosen by the service by model and batch; documentation suggests 0.02 to 2",
    }
    return known.get(name, "chosen by the service; no rule is published")
