"""The panes that hold nothing yet: each says what it is for."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult

from ..lines import Line, line, wrapped
from ..widgets.painted import Lines
from .pane import Pane

PURPOSES: Mapping[str, str] = {
    "activity": "Workflows under way, what was spent, and the decisions taken with the numbers they rested on.",
}


class EmptyPane(Pane):
    """One paragraph."""

    def __init__(self, name: str) -> None:
        super().__init__(id=f"pane-{name}", classes="empty")
        self._title, self._purpose = name.capitalize(), PURPOSES[name]

    def compose(self) -> ComposeResult:
        yield Lines(classes="purpose")

    def on_mount(self) -> None:
        """Say what it is for."""
        self.query_one(Lines).show(self._lines)

    def _lines(self, width: int) -> list[Line]:
        return [
            line((self._title, "accent bold")),
            line(""),
            *wrapped(self._purpose, width),
            line(""),
            line(("Not in this version.", "muted")),
        ]
