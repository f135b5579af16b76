"""A table of any length: only the rows on screen are fetched, only the lines that changed are painted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rich.cells import cell_len
from textual import events
from textual.message import Message

from ..commands import bindings
from ..lines import Line, Row, Span, line
from ..paint import fitted
from .painted import Painted


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    width: int
    """In cells; of a flexible column the least."""
    flexible: bool = False
    """Takes its share of the room that is left."""
    right: bool = False
    """Aligned to the right."""
    drop: int = 0
    """Columns with a number go first when room is short, the highest before the others."""


class Record(NamedTuple):
    """One row: what it is known by, and a line for each column."""

    key: Hashable
    cells: tuple[Line, ...]


class Rows(Protocol):
    """Where rows come from."""

    def __len__(self) -> int: ...

    def fetch(self, offset: int, count: int) -> Sequence[Record]:
        """Up to `count` rows from an offset."""
        ...

    def index_of(self, key: Hashable) -> int | None:
        """Where the row of a key stands now."""
        ...

    def keys(self, first: int, last: int) -> Sequence[Hashable]:
        """The keys of the rows from `first` to `last`, both included."""
        ...


class KeyedRows:
    """Rows made on demand from a sequence of keys."""

    def __init__(self, keys: Sequence[Hashable], make: Callable[[int], tuple[Line, ...]]) -> None:
        self._keys, self._make = keys, make
        self._positions: dict[Hashable, int] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def fetch(self, offset: int, count: int) -> Sequence[Record]:
        """Up to `count` rows from an offset."""
        end = min(len(self._keys), offset + count)
        return [Record(self._keys[index], self._make(index)) for index in range(offset, end)]

    def index_of(self, key: Hashable) -> int | None:
        """Where the row of a key stands."""
        if self._positions is None:
            self._positions = {key: index for index, key in enumerate(self._keys)}
        return self._positions.get(key)

    def keys(self, first: int, last: int) -> Sequence[Hashable]:
        """The keys of the rows from `first` to `last`, both included."""
        return self._keys[first : last + 1]


NO_ROWS = KeyedRows((), lambda index: ())


class Table(Painted, can_focus=True):
    """Rows with a cursor and marks."""

    BINDINGS = bindings("table")
    SCOPES = ("table",)

    class Moved(Message):
        """The cursor stands on another row, or on none."""

        def __init__(self, table: Table, key: Hashable | None) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> Table:
            """The table that sent it."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Only the last of several moves counts."""
            return isinstance(message, Table.Moved) and message.table is self.table

    class Opened(Message):
        """A row was opened."""

        def __init__(self, table: Table, key: Hashable) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> Table:
            """The table that sent it."""
            return self.table

    class TitleClicked(Message):
        """A column's title was clicked."""

        def __init__(self, table: Table, column: int) -> None:
            super().__init__()
            self.table, self.column = table, column

        @property
        def control(self) -> Table:
            """The table that sent it."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,
        markable: bool = False,
        follow: bool = False,
        empty: str = "",
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._rows: Rows = NO_ROWS
        self._top = self._cursor = 0
        self._page: tuple[object, list[tuple[Hashable, list[Span]]]] = (None, [])
        """The rows on the screen as they were last laid out, and for what."""
        self._key: Hashable | None = None
        self._anchor: int | None = None
        self._markable, self._follow, self._empty = markable, follow, empty
        self.marks: set[Hashable] = set()
        """Keys of the marked rows."""
        self.sorted_by: tuple[int, bool] | None = None
        """Column and whether it falls, for the sign in its title."""

    @property
    def key(self) -> Hashable | None:
        """The key of the row under the cursor."""
        return self._key

    def show(self, rows: Rows) -> None:
        """Show these rows; the cursor stays on its key where that is still there.

        A table that follows keeps a cursor on the first row there, whatever new rows come before it.
        """
        self._rows, self._page = rows, (None, [])
        if self._follow and (self._cursor == 0 or self._key is None or rows.index_of(self._key) is None):
            self._cursor = self._top = 0
        elif self._key is not None and (found := rows.index_of(self._key)) is not None:
            shift = found - self._cursor
            self._cursor, self._top = found, max(0, self._top + shift)
        self.marks = {key for key in self.marks if rows.index_of(key) is not None}
        self._settle()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; the rows that follow must have as many cells."""
        self._columns = tuple(columns)
        self._rows = NO_ROWS

    def move_to(self, index: int) -> None:
        """Set the cursor on a row, the nearest there is."""
        self._cursor = index
        self._settle()

    def move_to_key(self, key: Hashable) -> None:
        """Set the cursor on the row of a key, if it is there."""
        found = self._rows.index_of(key)
        if found is not None:
            self.move_to(found)

    def redraw(self) -> None:
        """Fetch the rows again and send what differs."""
        self._page = (None, [])
        super().redraw()

    def lines(self, width: int, height: int) -> Sequence[Line | Row]:
        self._scroll(height)
        layout = fit_columns(self._columns, width - 2)
        shown = self._laid_out(layout, max(0, height - 1))
        if not shown:
            # Titles over nothing would promise rows.
            return [self._titles(layout), line(" ", (self._empty, "muted"))] if self._empty else []
        out: list[Line | Row] = [self._titles(layout)]
        ground = "row" if self.has_focus else "row-blurred"
        for offset, (key, cells) in enumerate(shown):
            mark = Span("▌", "mark") if key in self.marks else Span(" ")
            thumb = Span("┃", "faint") if self._in_thumb(offset, height - 1) else Span(" ")
            out.append(Row((mark, *cells, thumb), ground if self._top + offset == self._cursor else ""))
        return out

    def _laid_out(self, layout: Sequence[int], count: int) -> list[tuple[Hashable, list[Span]]]:
        """The rows on the screen. A cursor that moves among them need not fetch and fit them again."""
        wanted = (self._rows, self._top, count, tuple(layout))
        if self._page[0] != wanted:
            records = self._rows.fetch(self._top, count)
            self._page = wanted, [(record.key, _cells(record.cells, self._columns, layout)) for record in records]
        return self._page[1]

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.move_to(self._cursor + by)

    def action_wrap(self, by: int) -> None:
        """Move the cursor, from the last row to the first and back."""
        if len(self._rows):
            self.move_to((self._cursor + by) % len(self._rows))

    def action_page(self, halves: int) -> None:
        """Move the cursor by half pages."""
        self.move_to(self._cursor + halves * max(1, (self.size.height - 1) // 2))

    def action_edge(self, end: bool) -> None:
        """Move the cursor to the first or last row."""
        self.move_to(len(self._rows) - 1 if end else 0)

    def action_mark(self) -> None:
        """Mark the row or unmark it, and go on to the next."""
        if not self._markable or self._key is None:
            return
        self.marks ^= {self._key}
        self._anchor = self._cursor
        self.move_to(self._cursor + 1)

    def action_mark_range(self) -> None:
        """Mark all rows from the one marked last to the cursor."""
        if not self._markable or self._key is None:
            return
        start = self._anchor if self._anchor is not None else self._cursor
        self.marks |= set(self._rows.keys(min(start, self._cursor), max(start, self._cursor)))
        self.redraw()

    def action_open(self) -> None:
        """Open the row."""
        if self._key is not None:
            self.post_message(self.Opened(self, self._key))

    def clear_marks(self) -> None:
        """Unmark all rows."""
        self.marks = set()
        self.redraw()

    def on_focus(self) -> None:
        """The cursor's row is brighter while the keys go here."""
        self.redraw()

    def on_blur(self) -> None:
        """The cursor's row is dimmer while the keys go elsewhere."""
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows on."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows back."""
        event.stop()
        self.action_move(-3)

    def on_click(self, event: events.Click) -> None:
        """Go to the row; open it when it is clicked twice. A click on a title tells the owner."""
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y == 0:
            column = column_at(self._columns, fit_columns(self._columns, self.size.width - 2), place.x - 1)
            if column is not None:
                self.post_message(self.TitleClicked(self, column))
            return
        index = self._top + place.y - 1
        if index < len(self._rows):
            self.move_to(index)
            if event.chain == 2:
                self.action_open()

    def _titles(self, layout: Sequence[int]) -> Line:
        titles: list[Line] = []
        for number, column in enumerate(self._columns):
            sign = ""
            if self.sorted_by and self.sorted_by[0] == number:
                sign = " ↓" if self.sorted_by[1] else " ↑"
            title = f"{column.title}{sign}" if column.width > 1 else sign.strip()
            titles.append(line((title, "head")))
        return (Span(" "), *_cells(titles, self._columns, layout))

    def _settle(self) -> None:
        self._cursor = max(0, min(self._cursor, len(self._rows) - 1))
        key = next(iter(self._rows.keys(self._cursor, self._cursor)), None) if len(self._rows) else None
        if key != self._key:
            self._key = key
            self.post_message(self.Moved(self, key))
        super().redraw()

    def _scroll(self, height: int) -> None:
        page = max(1, height - 1)
        self._top = min(self._top, self._cursor, max(0, len(self._rows) - page))
        self._top = max(0, self._top, self._cursor - page + 1)

    def _in_thumb(self, offset: int, page: int) -> bool:
        total = len(self._rows)
        if total <= page:
            return False
        length = max(1, page * page // total)
        start = round((page - length) * self._top / max(1, total - page))
        return start <= offset < start + length


def fit_columns(columns: Sequence[Column], width: int) -> list[int]:
    """The width of each column in a table of a width; 0 for those that are dropped. A blank parts the columns."""
    kept = list(range(len(columns)))
    for number in sorted((n for n in kept if columns[n].drop), key=lambda n: -columns[n].drop):
        if _needed(columns, kept) <= width:
            break
        kept.remove(number)
    spare = max(0, width - _needed(columns, kept))
    flexible = [number for number in kept if columns[number].flexible]
    widths = [columns[number].width if number in kept else 0 for number in range(len(columns))]
    for position, number in enumerate(flexible):
        widths[number] += spare // len(flexible) + (1 if position < spare % len(flexible) else 0)
    return widths


def column_at(columns: Sequence[Column], layout: Sequence[int], x: int) -> int | None:
    """Which column lies at a cell."""
    start = 0
    for number, width in enumerate(layout):
        if width and start <= x < start + width:
            return number
        start += width + 1 if width else 0
    return None


def _needed(columns: Sequence[Column], kept: Sequence[int]) -> int:
    return sum(columns[number].width + 1 for number in kept) - 1


def _cells(cells: Sequence[Line], columns: Sequence[Column], layout: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    for cell, column, width in zip(cells, columns, layout, strict=True):
        if not width:
            continue
        if spans:
            spans.append(Span(" "))
        kept = fitted(cell, width)
        gap = Span(" " * (width - sum(cell_len(span.text) for span in kept)))
        spans += [gap, *kept] if column.right else [*kept, gap]
    return spans
