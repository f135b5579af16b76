"""The upper and lower edge of a box with a title in it: a new title repaints its own cells, not the whole box."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from ..lines import Line, Span, line
from ..paint import fitted
from .painted import Painted


class Edge(Painted):
    """`╭─ title ────╮`, or `╰──── title ─╯` below. Small screens have edges without corners."""

    def __init__(self, title: str = "", *, below: bool = False) -> None:
        super().__init__(classes="edge below" if below else "edge")
        self._title, self._below, self._lit = title, below, False

    def show(self, title: str) -> None:
        """Show another title."""
        self._title = title
        self.redraw()

    def light(self, lit: bool) -> None:
        """Show that the keys go into the box, or elsewhere."""
        self._lit = lit
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        ink = "accent" if self._lit else "edge"
        left, right = "──" if self.screen.has_class("-short", "-narrow") else "╰╯" if self._below else "╭╮"
        words = fitted(
            line((self._title, "muted" if self._below else f"{'accent ' if self._lit else ''}bold")), width - 6
        )
        room = width - 4 - sum(cell_len(span.text) for span in words) - (2 if words else 0)
        title = (Span(" "), *words, Span(" ")) if any(span.text for span in words) else ()
        room += 0 if title or not words else 2
        rule = Span("─" * max(0, room), ink)
        if self._below:
            return [(Span(left + "─", ink), rule, *title, Span("─" + right, ink))]
        return [(Span(left + "─", ink), *title, rule, Span("─" + right, ink))]
