"""The map of items by arms, worst first, with a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from ...commands import Scope, bindings
from ...lines import Line, flowed, line
from ...views.bench import items as rows
from ...views.bench.items import ItemMap
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows, Table
from .boxes import Box

if TYPE_CHECKING:
    from textual.widgets import Input

Head = tuple[Callable[[int], Sequence[Line]], ...]
"""What stands over the legend, laid out for a width."""


class Items(Container):
    """Shows what it is given."""

    BINDINGS = bindings("items")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("items",)

    def __init__(self) -> None:
        super().__init__(id="items-part")
        self._map: ItemMap | None = None
        self._title = ""
        self._head: Head = ()
        self._only = self._order = 0
        self._words = self._shown = ""
        self._input: Input | None = None
        self.places: list[int] = []
        """The places of the items that are shown, in order."""
        self.table = Table((), id="items")
        self._legend = Lines(id="items-legend")
        self._box = Box(self._legend, self.table, id="items-box")

    def compose(self) -> ComposeResult:
        yield self._box

    def open(self, items: ItemMap, title: str, head: Head = ()) -> None:
        """Begin with another map; `head` stands over the legend."""
        self._only = self._order = 0
        self._words = ""
        self.show(items, title, head)
        self.table.move_to(0)

    def show(self, items: ItemMap, title: str, head: Head = ()) -> None:
        """Show a newer state of the map."""
        # Two maps of the same arms may yet have other columns: one of a comparison says what changed.
        fresh = self._map is None or rows.columns(self._map) != rows.columns(items)
        self._map, self._title, self._head = items, title, head
        if fresh:
            self.table.set_columns(rows.columns(items))
        self._list()

    def action_only(self) -> None:
        """The next selection of items that has any."""
        choices = self._choices()
        for _ in choices:
            self._only = (self._only + 1) % len(choices)
            self._list()
            if self.places:
                return

    def action_sort(self) -> None:
        """The next order."""
        self._order = (self._order + 1) % len(rows.ORDERS)
        self._list()

    def action_filter(self) -> None:
        """Open the filter."""
        from textual.widgets import Input

        if self._input is None:
            self._input = Input(id="items-words", placeholder="words to look for, !word to leave out", compact=True)
            self._input.cursor_blink = False
            self.mount(self._input)
        self._input.display = True
        self._input.focus()

    def back(self) -> bool:
        """Clear the filter or the selection; False when there is none."""
        if self._input is not None and (self._input.has_focus or self._words):
            self._input.value = ""
            self._close_filter(self._input)
        elif self._only:
            self._only = 0
            self._list()
        else:
            return False
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._words = event.value
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and go back to the list."""
        event.stop()
        self._close_filter(event.input)

    def _close_filter(self, words: Input) -> None:
        words.display = bool(words.value)
        self._words = words.value
        self._list()
        self.table.focus()

    def _choices(self) -> tuple[str, ...]:
        return rows.ONLY_COMPARED if self._map is not None and self._map.compared else rows.ONLY

    def _list(self) -> None:
        items = self._map
        if items is None:
            return
        only, order = self._choices()[self._only % len(self._choices())], rows.ORDERS[self._order]
        self.places = rows.selected(items, only, order, self._words)
        places = self.places
        self.table.show(KeyedRows(places, lambda index: rows.cells(items, places[index])))
        count = f"{len(places):,} of {items.items:,}" if len(places) < items.items else f"{items.items:,}"
        self._shown = f"{count} · {only} · {order}"
        self._box.entitle(self._title, self._shown)
        self._legend.show(self._legend_lines)

    def _legend_lines(self, width: int) -> list[Line]:
        head = [spans for part in self._head for spans in part(width)]
        if self._map is None:
            return head
        # Where the box has no lower edge its words stand here.
        shown = [line((self._shown, "accent"))] if self.screen.has_class("-short", "-narrow") else []
        return [*head, *flowed([*shown, *rows.legend(self._map)], line("  "), width)]
