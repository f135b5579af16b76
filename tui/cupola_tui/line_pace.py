"""How good the line to the terminal is, and when the next frame may leave: measured, not guessed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

Choice = Literal["auto", "slow", "fast"]
"""What a person says of the line; `auto` is by the measured round trip."""

CHOICES: tuple[Choice, ...] = ("auto", "slow", "fast")

QUERY = "\x1b[6n"
"""Asks for the cursor's position, which every terminal answers. Inside tmux, tmux answers: then this measures the way
to tmux alone, which is what frames wait for."""

SLOW_SECONDS = 0.15
"""From this round trip on frames are paced."""
_FAST_SECONDS = 0.08
_SAMPLES = 3
_ASK_SECONDS = 10.0
"""How often a good line is measured, and only when something is sent."""
_SILENT_SECONDS = 1.5
"""A terminal that has not answered in this time is taken for one that never does."""
_LOST_SECONDS = 8.0
"""An answer that has not come in this time is lost; the next frame goes without it."""
_FRAME_SECONDS = 0.1
_STEP_SECONDS = 0.01
_BACKLOG = 16_384
"""Bytes that may wait for the pseudo-terminal; more, and frames are dropped."""


class LinePace:
    """Keeps the measurements. Times are of the given monotonic clock, in seconds."""

    def __init__(
        self, clock: Callable[[], float], choice: Choice = "auto", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self.choice = choice
        self._began = clock()
        self._asked_at: float | None = None
        self._last_asked = float("-inf")
        self._sent_at = float("-inf")
        self._samples: deque[float] = deque(maxlen=_SAMPLES)
        self._is_slow = False
        self.backlog = 0
        """Bytes written that the pseudo-terminal has not taken yet."""

    def now(self) -> float:
        """The time by the pace's own clock."""
        return self._clock()

    @property
    def round_trip(self) -> float | None:
        """The last round trip in seconds; None before the first answer."""
        return self._samples[-1] if self._samples else None

    @property
    def waiting(self) -> bool:
        """A question is open."""
        return self._asked_at is not None

    @property
    def slow(self) -> bool:
        """Whether to send little and seldom."""
        if self.choice != "auto":
            return self.choice == "slow"
        stalled = self._asked_at is not None and bool(self._samples) and self._age() > SLOW_SECONDS * 4
        return self._is_slow or stalled

    @property
    def paced(self) -> bool:
        """Whether a frame waits until the one before it has arrived. Until the line is known, it is."""
        if self.choice == "fast":
            return self.backlog > _BACKLOG
        unknown = not self._samples and self._clock() - self._began < _SILENT_SECONDS
        return self.slow or unknown or self.backlog > _BACKLOG

    def wait(self) -> float:
        """Seconds until a frame may leave as far as time alone tells; 0 for now."""
        waits = [self._sent_at + _FRAME_SECONDS - self._clock()] if self.slow else [0.0]
        if self.backlog > 0 and self.paced:
            waits.append(_FRAME_SECONDS)
        if self._asked_at is not None and self._samples and self.slow:
            # An answer comes sooner than that and then counts at once.
            waits.append(_LOST_SECONDS - self._age())
        return max(0.0, *waits)

    def sent(self) -> str:
        """A frame leaves; return what to send after it."""
        self._sent_at = self._clock()
        if self._asked_at is not None and self._age() > _LOST_SECONDS:
            self._asked_at = None
        if self._asked_at is not None or not self._samples:
            return ""
        doubtful = self._samples[-1] >= SLOW_SECONDS
        return self.ask() if self.slow or doubtful or self._clock() - self._last_asked >= _ASK_SECONDS else ""

    def ask(self) -> str:
        """A question leaves; return it."""
        self._asked_at = self._last_asked = self._clock()
        return QUERY

    def answered(self) -> None:
        """The answer came. Called from the thread that reads the terminal."""
        asked = self._asked_at
        if asked is None:
            return
        self._asked_at = None
        self._samples.append(self._clock() - asked)
        if len(self._samples) == 1 or min(self._samples) >= SLOW_SECONDS:
            self._is_slow = min(self._samples) >= SLOW_SECONDS
        elif max(self._samples) < _FAST_SECONDS:
            self._is_slow = False

    def began(self) -> None:
        """The terminal is there from now on, and shows nothing."""
        self._began, self._asked_at, self.backlog = self._clock(), None, 0

    def settle(self, seconds: float) -> None:
        """Wait, at the end, for an answer that is on its way: later it would be typed into the shell.

        A terminal that has never answered, or not in time, is not waited for.
        """
        end = self._clock() + seconds
        while self._asked_at is not None and self._samples and self._age() < _LOST_SECONDS and self._clock() < end:
            self._sleep(_STEP_SECONDS)

    def _age(self) -> float:
        return self._clock() - self._asked_at if self._asked_at is not None else 0.0
