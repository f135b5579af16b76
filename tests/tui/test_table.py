"""The virtual table fetches what it shows, keeps its cursor and repaints what changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from cupola_tui.lines import Line, line
from cupola_tui.themes import THEMES
from cupola_tui.widgets.table import Column, KeyedRows, Record, Table, fit_columns

COLUMNS = (Column("name", 8, flexible=True), Column("value", 6, right=True), Column("extra", 10, drop=1))


class Counted:
    """A million rows that remember which of them were asked for."""

    def __init__(self) -> None:
        self.fetched: set[int] = set()

    def __len__(self) -> int:
        return 1_000_000

    def fetch(self, offset: int, count: int) -> Sequence[Record]:
        chosen = range(offset, min(len(self), offset + count))
        self.fetched |= set(chosen)
        return [Record(index, _cells(f"row {index}")) for index in chosen]

    def index_of(self, key: Hashable) -> int | None:
        return key if isinstance(key, int) else None

    def keys(self, first: int, last: int) -> Sequence[Hashable]:
        return range(first, last + 1)


class Harness(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(THEMES[0])
        self.theme = THEMES[0].name
        self.table = Table(COLUMNS, markable=True)
        self.opened: list[Hashable] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_table_opened(self, message: Table.Opened) -> None:
        self.opened.append(message.key)


def _cells(name: str) -> tuple[Line, ...]:
    return line(name), line("1"), line("more")


def _named(names: Sequence[str]) -> KeyedRows:
    return KeyedRows(names, lambda index: _cells(names[index]))


async def test_of_a_million_rows_only_those_on_screen_are_fetched() -> None:
    rows = Counted()
    async with Harness().run_test(size=(60, 20)) as pilot:
        pilot.app.table.show(rows)  # type: ignore[attr-defined]
        await pilot.press("G", "g", "ctrl+d")
        await pilot.pause()
    assert len(rows.fetched) < 100


async def test_the_cursor_stays_on_its_row_when_others_come_before_it() -> None:
    app = Harness()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(_named(["a", "b", "c"]))
        await pilot.press("j")
        app.table.show(_named(["new", "a", "b", "c"]))
        assert app.table.key == "b"


async def test_keys_move_mark_and_open() -> None:
    app = Harness()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(_named([f"r{n}" for n in range(50)]))
        await pilot.press("space", "j", "j", "V", "G", "k", "enter", "n", "n", "enter", "N", "enter")
    assert app.table.marks == {"r0", "r1", "r2", "r3"}
    assert app.opened == ["r48", "r0", "r49"]


async def test_the_mouse_selects_opens_and_scrolls() -> None:
    app = Harness()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(_named([f"r{n}" for n in range(50)]))
        await pilot.click(app.table, offset=(3, 4))
        assert app.table.key == "r3"
        await pilot.click(app.table, offset=(3, 5), times=2)
        assert app.opened == ["r4"]


async def test_a_changed_cell_repaints_its_columns_only() -> None:
    app = Harness()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(_named(["a", "b", "c"]))
        await pilot.pause()
        app.table._exchange_repaint_regions()
        app.table.show(_named(["a", "x", "c"]))
        assert list(app.table._exchange_repaint_regions()) == [Region(1, 2, 1, 1)]


@given(st.integers(0, 200))
def test_columns_fill_their_room_or_give_way(width: int) -> None:
    widths = fit_columns(COLUMNS, width)
    used = sum(widths) + sum(1 for each in widths if each) - 1
    assert used == width or width < 15
    assert (widths[2] == 0) == (width < 8 + 6 + 10 + 2)
