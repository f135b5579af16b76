"""The emulator's time: real unix seconds on every record, declared durations divided by the speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Tells the time and how long a declared duration really takes."""

    time: Callable[[], float]
    """Unix seconds."""
    speed: float
    """How many declared seconds pass in a real one."""

    def now(self) -> float:
        """Unix seconds, now."""
        return self.time()

    def real(self, declared: float) -> float:
        """The real seconds that `declared` seconds take."""
        return declared / self.speed

    def passed(self, since: float) -> float:
        """The declared seconds that have passed since a unix time."""
        return max(0.0, self.time() - since) * self.speed
