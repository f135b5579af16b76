"""How many calls one deployment takes at once: grows while latency holds, yields when the service asks for patience."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

_CUT = 0.7
_HOLDS = 1.5
"""Latency up to this many times the best window's is no sign of crowding."""
_CROWDED = 3.0
_FORGET = 1.02
"""The best window's latency is let rise so much with each window: services have slow hours."""
_SLACK_SECONDS = 0.05
_FIRST_HOLD = 1.0


@dataclass(slots=True)
class Gate:
    """Additive increase, multiplicative decrease (Chiu and Jain 1989), doubling until the first sign of crowding.

    Pure: the time is handed in. All times are seconds of one monotonic clock.
    """

    limit: float = 16.0
    most: int = 256
    in_flight: int = 0
    held_until: float = 0.0
    doubling: bool = True
    cut_at: float = -1.0
    best: float | None = None
    """The best window's median latency."""
    window: list[float] = field(default_factory=list)
    was_full: bool = False
    """Whether the limit held anybody back in this window."""
    holds: int = 0
    """Throttled answers in a row, for services that do not say how long to wait."""

    def admits(self, now: float) -> bool:
        """Whether one more call may leave."""
        if self.in_flight >= int(self.limit):
            self.was_full = True
            return False
        return now >= self.held_until

    def start(self) -> None:
        """A call leaves."""
        self.in_flight += 1

    def succeeded(self, seconds: float) -> None:
        """A call was answered after so long."""
        self.in_flight -= 1
        self.holds = 0
        self.window.append(seconds)
        if len(self.window) >= int(self.limit):
            self._close_window()

    def failed(self) -> None:
        """A call came to nothing, for reasons other than crowding."""
        self.in_flight -= 1

    def throttled(self, now: float, left_at: float, retry_after: float | None, chance: float) -> None:
        """The service asked for patience.

        Args:
            now: When.
            left_at: When the call left; those that left before the last cut say nothing new.
            retry_after: How long it asked to wait; nobody is sent before.
            chance: In 0..1; spreads the return by up to a quarter.
        """
        self.in_flight -= 1
        self.holds += 1
        wait = retry_after if retry_after is not None else min(_FIRST_HOLD * 2.0 ** min(self.holds - 1, 5), 30.0)
        self.held_until = max(self.held_until, now + wait * (1 + 0.25 * chance))
        if left_at > self.cut_at:
            self.limit = max(1.0, self.limit * _CUT)
            self.cut_at = now
            self.doubling = False
            self.window.clear()

    def _close_window(self) -> None:
        typical = statistics.median(self.window)
        self.window.clear()
        self.best = typical if self.best is None else min(typical, self.best * _FORGET)
        if typical > _CROWDED * self.best + _SLACK_SECONDS:
            self.limit, self.doubling = max(1.0, self.limit * _CUT), False
        elif typical > _HOLDS * self.best + _SLACK_SECONDS:
            self.doubling = False
        elif self.was_full:
            self.limit = min(float(self.most), self.limit * 2 if self.doubling else self.limit + 1)
        self.was_full = False
