"""One thing that was looked at, and how it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..models import Problem


class State(StrEnum):
    """How it is."""

    GOOD = "good"
    NOTE = "note"
    """Worth knowing; nothing is broken."""
    BAD = "bad"
    UNKNOWN = "unknown"
    """It could not be found out."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was found, why it is so where that matters, and what to do."""

    topic: str
    """Such as `token` or `clock`; several facts may share one."""
    state: State
    what: str
    why: str = ""
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The same in fields, for programs."""


def good(topic: str, what: str, **details: Any) -> Fact:
    """Nothing to do."""
    return Fact(topic, State.GOOD, what, details=details)


def of_problem(topic: str, problem: Problem, state: State = State.BAD) -> Fact:
    """An error as a fact."""
    return Fact(topic, state, problem.what, problem.why, problem.remedy)
