"""The list of datasets in its box."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Container

from cupola.datasets.listing import Dataset
from cupola.store.downloads import Download

from ...views import datasets
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table

COLUMNS = (
    Column("", 1),
    Column("name", 14, flexible=True),
    Column("format", 6, drop=2),
    Column("rows", 9, right=True, drop=3),
    Column("size", 8, right=True, drop=4),
    Column("where", 7),
    Column("jobs", 4, right=True, drop=1),
)


class DatasetList(Box):
    """Shows datasets; knows which are selected and marked."""

    def __init__(self) -> None:
        super().__init__(id="list")
        self._by_key: dict[str, Dataset] = {}
        self._shown: list[Dataset] = []

    def compose(self) -> ComposeResult:
        yield Edge("Datasets")
        with Container(id="list-body", classes="box"):
            yield Table(COLUMNS, id="datasets", markable=True, follow=True, empty="No dataset has these words.")
            yield Lines(id="no-datasets")
        yield Edge(below=True)

    def on_mount(self) -> None:
        """Say what an empty list is for."""
        self.query_one("#no-datasets", Lines).show(datasets.nothing_yet)

    def show(
        self,
        every: Sequence[Dataset],
        words: str,
        checking: Collection[str],
        fetching: Mapping[str, Download],
        missing: Sequence[str],
    ) -> None:
        """Show the datasets that have the words.

        Args:
            every: All of them.
            words: The filter's.
            checking: Paths that are being checked.
            fetching: Open downloads by service file.
            missing: Remembered files and folders that are not there.
        """
        self._by_key = {dataset.key: dataset for dataset in every}
        shown = self._shown = datasets.matching(every, words)
        count = f"{len(shown)} of {len(every)}" if words else f"{len(every)}"
        gone = f" · {missing[0]} is not there" if missing else ""
        self.query_one(".below", Edge).show(f"{count}{gone}")
        self.table.show(
            KeyedRows(
                [dataset.key for dataset in shown], lambda index: datasets.cells(shown[index], checking, fetching)
            )
        )

    @property
    def table(self) -> Table:
        """The rows."""
        return self.query_one("#datasets", Table)

    @property
    def selected(self) -> Dataset | None:
        """The one under the cursor."""
        key = self.table.key
        return self._by_key.get(key) if isinstance(key, str) else None

    @property
    def marked(self) -> list[Dataset]:
        """Those that are marked, in the list's order."""
        marks = self.table.marks
        return [dataset for dataset in self._shown if dataset.key in marks]
