"""The lower half of the pane: two steps item by item, the map of all steps, or the watches."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from ...widgets.table import Table
from .changes import Changes
from .heatmap import Heat
from .watches import Watches


class Lower(Container):
    """One of three parts at a time."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-lower")
        self.changes, self.heat, self.watches = Changes(), Heat(), Watches()
        self._at = 0

    def compose(self) -> ComposeResult:
        yield from self._parts
        self._place()

    @property
    def _parts(self) -> tuple[Container, ...]:
        return self.changes, self.heat, self.watches

    @property
    def table(self) -> Table | None:
        """The list of items that is shown; None while the watches are."""
        return (self.changes.table, self.heat.table, None)[self._at]

    @property
    def shows_map(self) -> bool:
        """The map is on the screen."""
        return self._at == 1

    @property
    def target(self) -> Widget:
        """Where the focus goes."""
        return self.table or self.watches.lines

    @property
    def key(self) -> int | None:
        """The item under the cursor."""
        key = self.table.key if self.table is not None else None
        return key if isinstance(key, int) else None

    @property
    def shown(self) -> list[int]:
        """The items in the list, in order."""
        return [change.column for change in self.changes.shown] if self._at == 0 else self.heat.shown

    def turn(self, by: int) -> None:
        """Another part."""
        self._at = (self._at + by) % len(self._parts)
        self._place()

    def next_only(self) -> None:
        """The next selection of items."""
        if self._at == 0:
            self.changes.next_only()
        elif self._at == 1:
            self.heat.next_only()

    def show_all(self) -> bool:
        """All items again; False if they are shown already."""
        return (self.changes.show_all, self.heat.show_all, lambda: False)[self._at]()

    def to_flip(self, by: int) -> bool:
        """The next item that flipped; False if there is none."""
        return self.heat.to_flip(by) if self._at == 1 else self.changes.to_flip(by)

    def filter(self, within: frozenset[int] | None) -> None:
        """Show only these items, in both lists; None shows all."""
        self.changes.filter(within)
        self.heat.filter(within)

    def _place(self) -> None:
        for place, part in enumerate(self._parts):
            part.display = place == self._at
