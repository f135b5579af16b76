"""The terminal under the screen: control characters kept out, bytes counted, the error stream kept off it."""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.color import Color
from textual.driver import Driver
from textual.filter import LineFilter

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")


class ControlFilter(LineFilter):
    """Drops what could steer the terminal from every line of the app, whichever widget wrote it.

    These characters have no width, so the layout stays; a lone surrogate has one and becomes U+FFFD.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Clean one line."""
        if not any(_CONTROL.search(segment.text) for segment in segments):
            return segments
        return [Segment(_CONTROL.sub(_harmless, text), style, control) for text, style, control in segments]


class SentMeter:
    """How many bytes go to the terminal."""

    SECONDS = 5.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: deque[tuple[float, int]] = deque()

    def add(self, count: int) -> None:
        """Count bytes as sent now."""
        self._sent.append((self._clock(), count))

    def rate(self) -> float:
        """Bytes a second over the last five seconds."""
        now = self._clock()
        while self._sent and self._sent[0][0] < now - self.SECONDS:
            self._sent.popleft()
        return sum(count for _, count in self._sent) / self.SECONDS


class NarrowUpdate(ChopsUpdate):
    """Sends of a changed line only the columns that changed; Textual 8 begins at the widget's first column."""

    def render_segments(self, console: Console) -> str:
        """The update as it is written to the terminal."""
        written: list[str] = []
        for y, first, last in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(start, first), min(end, last)
                if strip is not None and left < right:
                    written.append(Control.move_to(left, y).segment.text)
                    written.append(strip.crop(left - start, right - start).render(console))
        return "".join(written)


def narrowed(update: RenderableType | None) -> RenderableType | None:
    """The same update, as narrow as can be where it covers parts of lines."""
    if isinstance(update, ChopsUpdate):
        return NarrowUpdate(update.chops, update.spans, update.chop_ends)
    return update


def metered(driver: type[Driver], meter: SentMeter) -> type[Driver]:
    """A driver that counts what it writes."""

    class MeteredDriver(driver):  # type: ignore[misc, valid-type]  # The base is only known when the app runs.
        def write(self, data: str) -> None:
            meter.add(len(data.encode("utf-8", "replace")))
            super().write(data)

    return MeteredDriver


@contextmanager
def protected_stderr(log: Path) -> Iterator[None]:
    """Send what libraries write to file descriptor 2 to a log while Textual, which draws there, keeps the terminal."""
    if sys.__stderr__ is None or not sys.__stderr__.isatty():
        yield
        return
    original, python_stderr = sys.__stderr__, sys.stderr
    screen = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    kept = os.dup(2)
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(target, 2)
        sys.__stderr__ = screen  # type: ignore[misc]  # Textual's driver looks it up by this name.
        sys.stderr = screen  # Where Textual says why it crashed.
        yield
    finally:
        sys.__stderr__ = original  # type: ignore[misc]
        sys.stderr = python_stderr
        os.dup2(kept, 2)
        os.close(kept)
        os.close(target)
        screen.close()


def _harmless(match: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""
