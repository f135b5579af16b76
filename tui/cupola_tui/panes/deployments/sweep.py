"""The list of orphans, to be marked before they are removed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cupola.deployments.orphans import Orphan

from ...commands import bindings
from ...lines import Line, joined, line, wrapped
from ...screens.modal import Modal
from ...views.deployments.rows import model_words, money
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table

_COLUMNS = (
    Column("kind", 10),
    Column("name", 16, flexible=True),
    Column("about", 14, flexible=True, drop=1),
    Column("why", 22, flexible=True),
    Column("per h", 6, right=True, drop=2),
)


class SweepScreen(Modal[list[Orphan] | None]):
    """Answers with what was left marked, or None."""

    BINDINGS = bindings("sweep")
    SCOPES = ("sweep",)

    def __init__(self, orphans: Sequence[Orphan]) -> None:
        super().__init__()
        self._by_key = {(one.kind, one.name): one for one in orphans}
        self._table = Table(_COLUMNS, id="orphans", markable=True)

    def compose(self) -> ComposeResult:
        with Vertical(id="sweep") as box:
            box.border_title = Content("Sweep orphans")
            yield self._table
            yield Lines(id="sweep-why")
            yield Lines(id="sweep-keys")

    def on_mount(self) -> None:
        """All are marked at first; space takes one out."""
        every = list(self._by_key.values())
        self._table.styles.height = min(len(every) + 1, 16)
        self._table.show(KeyedRows(list(self._by_key), lambda index: _cells(every[index])))
        self._table.marks = set(self._by_key)
        self.query_one("#sweep-keys", Lines).show(_keys)
        self._table.focus()

    @on(Table.Moved, "#orphans")
    def _moved(self) -> None:
        """Say in full why the one under the cursor could go."""
        one = next((one for key, one in self._by_key.items() if key == self._table.key), None)
        self.query_one("#sweep-why", Lines).show(
            lambda width: [] if one is None else [line(""), *wrapped(f"{one.name}: {one.why}.", width, "muted")]
        )

    def action_confirm(self) -> None:
        """Take what is marked."""
        self.dismiss([one for key, one in self._by_key.items() if key in self._table.marks])

    def action_close(self) -> None:
        """Take nothing."""
        self.dismiss(None)


def _cells(one: Orphan) -> tuple[Line, ...]:
    about = model_words(one.about) if one.kind == "deployment" else one.about
    price = line(money(one.usd_per_hour))
    return line(one.kind), line((one.name, "bold")), line(about), line((one.why, "muted")), price


def _keys(width: int) -> list[Line]:
    keys = (("space", "mark, unmark"), ("y", "remove the marked"), ("esc", "leave them"))
    return [line(""), joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))]
