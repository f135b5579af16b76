"""The Shape tab: lines that scroll where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from ...background.tasks import Measured
from ...commands import bindings
from ...lines import Line, line
from ...views.shape import shape_lines
from ...widgets.painted import Painted


class Shape(Painted, can_focus=True):
    """Shows what was measured."""

    BINDINGS = bindings("shape")
    SCOPES = ("shape",)

    def __init__(self) -> None:
        super().__init__(id="shape")
        self._measured: Measured | None = None
        self._top = 0

    def show(self, measured: Measured | None) -> None:
        """Show a shape, or that it is measured."""
        if measured is not self._measured:
            self._measured, self._top = measured, 0
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self._measured is None:
            return [line(("counting tokens …", "muted"))]
        content = shape_lines(self._measured, width, height)
        self._top = max(0, min(self._top, len(content) - height))
        shown = list(content[self._top : self._top + height])
        left = len(content) - self._top - height
        if left > 0 and shown:
            shown[-1] = line((f"… {left + 1:,} more lines", "muted"))
        return shown

    def action_scroll(self, by: int) -> None:
        """Up or down."""
        self._top = max(0, self._top + by)
        self.redraw()
