"""The few functions of the host that a sandboxed grader may call: rapidfuzz's scorers, within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_monty import ExternalModule

_SCORERS = ("ratio", "partial_ratio", "token_sort_ratio", "token_set_ratio", "token_ratio", "WRatio", "QRatio")
_MAX_TEXT = 20_000


@dataclass(slots=True)
class HostFunctions:
    """The host functions of one run. A refusal is remembered, as the grader may swallow its exception."""

    seconds: float
    """How much of the host's time the run may take."""
    refusal: str | None = None
    """Why a call was refused, if one was."""
    _spent: float = 0.0

    def modules(self) -> Mapping[str, Callable[[], ExternalModule]]:
        """Return what makes the modules that hold them, by name; made when a grader first imports one."""
        return {"rapidfuzz": self._rapidfuzz}

    def _rapidfuzz(self) -> ExternalModule:
        from pydantic_monty import ExternalModule
        from rapidfuzz import fuzz

        scorers = {name: self._bounded(getattr(fuzz, name)) for name in _SCORERS}
        return ExternalModule({"fuzz": ExternalModule(scorers)})

    def _bounded(self, scorer: Callable[..., float]) -> Callable[..., float]:
        def bounded(first: Any, second: Any, *, score_cutoff: float | None = None, **others: Any) -> float:
            if others:
                raise self._refused(f"rapidfuzz's option {next(iter(others))} is not at hand here")
            if not isinstance(first, str) or not isinstance(second, str):
                raise TypeError("rapidfuzz compares two texts here")
            if max(len(first), len(second)) > _MAX_TEXT:
                raise self._refused(f"texts of more than {_MAX_TEXT:,} characters are not compared here")
            if self._spent > self.seconds:
                raise self._refused("comparing texts took too long")
            start = time.perf_counter()
            score = scorer(first, second, score_cutoff=score_cutoff)
            self._spent += time.perf_counter() - start
            return float(score)

        return bounded

    def _refused(self, reason: str) -> ValueError:
        self.refusal = reason
        return ValueError(reason)
