"""The lower part: what the watches saw, each with its numbers and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from cupola.training.reward_watches import Alarm

from ...commands import Scope, bindings
from ...lines import Line
from ...views.checkpoints import alarms as words
from ...widgets.painted import Painted
from ..benchmarks.boxes import Box


class AlarmLines(Painted, can_focus=True):
    """All of them, scrolled."""

    BINDINGS = bindings("watches")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("watches",)

    def __init__(self) -> None:
        super().__init__(id="ckpt-alarms")
        self._alarms: Sequence[Alarm] = ()
        self._top = 0

    def show(self, alarms: Sequence[Alarm]) -> None:
        """Show what was seen."""
        self._alarms = alarms
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        every = words.full_lines(self._alarms, width)
        self._top = max(0, min(self._top, len(every) - height))
        return every[self._top :]

    def action_scroll(self, by: int) -> None:
        """Move the view by some lines."""
        self._top = max(0, self._top + by)
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines on."""
        event.stop()
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines back."""
        event.stop()
        self.action_scroll(-3)


class Watches(Container):
    """Shows what it is given."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-watches-part")
        self.lines = AlarmLines()
        self._box = Box(self.lines, id="ckpt-watches-box", title="watches")

    def compose(self) -> ComposeResult:
        yield self._box

    def show(self, alarms: Sequence[Alarm]) -> None:
        """Show what the watches saw."""
        self.lines.show(alarms)
        self._box.entitle("watches", f"{len(alarms) or 'nothing'} to look at · ] two steps")
