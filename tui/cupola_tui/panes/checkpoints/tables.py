"""The tables of the pane: `n` and `N` go from flip to flip in each of them."""

from __future__ import annotations

from textual.message import Message

from ...commands import bindings
from ...widgets.table import Table


class FlipTable(Table):
    """A table that hands the wish for the next flip up."""

    BINDINGS = bindings("flips")
    SCOPES = ("flips", "table")  # type: ignore[assignment]  # A table's own scopes are a pair of one.

    class FlipWanted(Message):
        """The next flip is wanted, or the one before."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def action_flip(self, by: int) -> None:
        """Ask for another flip."""
        self.post_message(self.FlipWanted(by))
