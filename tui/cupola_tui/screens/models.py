"""The models table, to look at or to choose from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cupola.advice.model_table import ModelRow

from ..commands import bindings
from ..lines import Line, visible
from ..views.models import COLUMNS, cells, detail_lines, shown_rows
from ..widgets.table import KeyedRows, Table
from .modal import Modal
from .reader import Pages


class ModelsScreen(Modal[str | None]):
    """Answers with a model's id, or None."""

    BINDINGS = bindings("models")
    SCOPES = ("models",)

    def __init__(
        self, rows: Sequence[ModelRow], today: dt.date, *, method: str = "", region: str = "", chosen: str = ""
    ) -> None:
        super().__init__()
        self._today, self._method, self._region, self._chosen = today, method, region, chosen
        self._rows = shown_rows(rows, method, region, today)

    def compose(self) -> ComposeResult:
        with Vertical(id="models") as box:
            box.border_title = Content(visible(self._heading()))
            box.border_subtitle = Content("enter take it  pgdn read on  esc close")
            yield Table(COLUMNS, id="models-table", empty="No model is known.")
            with Vertical(id="models-text"):
                yield Pages(self._lines)

    def on_mount(self) -> None:
        """Fill the table; the cursor stands on the model that is chosen already."""
        table = self.query_one(Table)
        rows = self._rows
        table.show(
            KeyedRows([row.id for row in rows], lambda at: cells(rows[at], self._method, self._region, self._today))
        )
        here = next((row.id for row in rows if self._chosen in (row.id, row.name)), None)
        if here is not None:
            table.move_to_key(here)
        table.focus()

    def action_read(self, by: int) -> None:
        """Scroll what is told of the model."""
        self.query_one(Pages).scroll_lines(by)

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    @on(Table.Moved, "#models-table")
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self.query_one(Pages).show_anew()

    @on(Table.Opened, "#models-table")
    def _opened(self, event: Table.Opened) -> None:
        event.stop()
        self.dismiss(str(event.key))

    def _heading(self) -> str:
        how = f" that learn by {self._method}" if self._method else ""
        where = f" in {self._region}" if self._region and self._method else ""
        return f"Models{how}{where}"

    def _lines(self, width: int) -> list[Line]:
        key = self.query_one(Table).key
        row = next((row for row in self._rows if row.id == key), None)
        return detail_lines(row, self._method, self._region, self._today, width)
