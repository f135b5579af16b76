"""The lower part: the map of items by checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Container as Holder

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from ...views.checkpoints import heat
from ...views.checkpoints.heat import HeatMap
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows
from ..benchmarks.boxes import Box
from .tables import FlipTable


class Heat(Container):
    """Shows what it is given."""

    def __init__(self) -> None:
        super().__init__(id="ckpt-heat-part")
        self.table = FlipTable((), id="ckpt-heat", empty="No such item.")
        self._legend = Lines(id="ckpt-legend")
        self._box = Box(self._legend, self.table, id="ckpt-heat-box")
        self._map: HeatMap | None = None
        self._text: Callable[[int], str] = lambda column: ""
        self._cursor = self._only = 0
        self._within: Holder[int] | None = None
        self._laid_out: tuple[object, ...] = ()
        self.shown: list[int] = []
        """The items' columns of the table of evals, in order."""

    def compose(self) -> ComposeResult:
        yield self._box

    def show(self, found: HeatMap, cursor: int, text: Callable[[int], str]) -> None:
        """Show a table of steps and items; `cursor` is the row of the step that stands out."""
        fresh = self._map is not found
        self._map, self._cursor, self._text = found, cursor, text
        self._list(fresh=fresh)

    def filter(self, within: Holder[int] | None) -> None:
        """Show only these items; None shows all."""
        self._within = within
        self._list(fresh=True)

    def next_only(self) -> None:
        """The next selection that has any item."""
        for _ in heat.ONLY:
            self._only = (self._only + 1) % len(heat.ONLY)
            self._list(fresh=True)
            if self.shown:
                break
        self.table.move_to(0)

    def show_all(self) -> bool:
        """All items again; False if they are shown already."""
        if not self._only:
            return False
        self._only = 0
        self._list(fresh=True)
        return True

    def to_flip(self, by: int) -> bool:
        """Set the cursor on the next item that flipped; False if there is none."""
        found = self._map
        flips = [place for place, column in enumerate(self.shown) if found is not None and found.flips[column] > 0]
        if not flips:
            return False
        key = self.table.key
        at = self.shown.index(key) if isinstance(key, int) and key in self.shown else -1
        later = [place for place in flips if place > at] if by > 0 else [place for place in flips if place < at]
        self.table.move_to((later or flips)[0 if by > 0 else -1])
        return True

    def on_resize(self, event: events.Resize) -> None:
        """Other columns for another width."""
        self._list(fresh=False)

    def _list(self, *, fresh: bool) -> None:
        found, text = self._map, self._text
        # Nothing of a part that is not on the screen is laid out.
        if found is None or not self.size.width:
            return
        if fresh or not self.shown:
            self.shown = heat.selected(found, heat.ONLY[self._only], self._within)
        width = self.size.width - 4
        rows, cursor = heat.shown_steps(found, self._cursor, width), self._cursor
        each = heat.cell_width(len(rows), width)
        layout = (found, rows, each)
        if layout != self._laid_out:
            self._laid_out = layout
            self.table.set_columns(heat.columns(found, rows, each))
        shown = self.shown
        self.table.show(KeyedRows(shown, lambda at: heat.cells(found, shown[at], rows, each, cursor, text)))
        step = found.evals.steps[cursor]
        count = f"{len(shown):,} of {len(found.flips):,} · {heat.ONLY[self._only]} · ] watches"
        self._box.entitle("items: all steps", count)
        self._legend.show(lambda wide: heat.legend(found, step, wide))
