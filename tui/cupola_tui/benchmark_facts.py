"""What the Benchmarks pane knows: definitions, runs and results from the store, read once and then as they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cupola.benchmarks import definition
from cupola.benchmarks.browse import ItemView, item_view
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.labels import GraderReport, ToLabel, grader_report, to_label
from cupola.benchmarks.table import Table, from_columns
from cupola.store import benchmarks, decisions
from cupola.store.benchmarks import Run
from cupola.store.database import Database
from cupola.store.decisions import Decision


@dataclass(frozen=True, slots=True)
class Known:
    """One benchmark with its newest run."""

    benchmark: Benchmark
    run: Run | None

    @property
    def shown(self) -> Benchmark:
        """The definition that the results belong to: that of the run, where there is one."""
        return self.benchmark if self.run is None else definition.from_json(self.run.definition)


class BenchmarkFacts:
    """A reader over one connection. `changed` tells it which topics moved; all else is answered from memory."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: list[Known] | None = None
        self._tables: dict[int, Table | None] = {}
        self._rows: dict[str, list[str]] = {}

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            family, _, subject = topic.partition("/")
            if family in ("benchmarks", "runs", "run"):
                self._known = None
            if family == "board" and subject.isdigit():
                self._tables.pop(int(subject), None)

    def known(self) -> list[Known]:
        """Every benchmark, the last changed first, each with its newest run."""
        if self._known is None:
            newest: dict[str, Run] = {}
            for run in benchmarks.runs(self.database):
                newest.setdefault(run.benchmark, run)
            self._known = [
                Known(definition.from_json(stored.definition), newest.get(stored.name))
                for stored in benchmarks.all_benchmarks(self.database)
            ]
        return self._known

    def table(self, run: Run) -> Table | None:
        """A run's results as arrays; None before the first are stored."""
        if run.id not in self._tables:
            columns = benchmarks.columns(self.database, run.id)
            self._tables[run.id] = from_columns(definition.from_json(run.definition), columns)
        return self._tables[run.id]

    def rows(self, split: str) -> list[str]:
        """The items of a split as JSON."""
        if split not in self._rows:
            self._rows[split] = benchmarks.items(self.database, split)
        return self._rows[split]

    def item(self, run: Run, place: int) -> ItemView | None:
        """One item with everything said about it."""
        return item_view(self.database, run, place)

    def to_label(self, run: Run, table: Table, grader: int) -> list[ToLabel]:
        """Answers that a person may label, those labelled before left out."""
        return to_label(self.database, run, table, grader)

    def grader_report(self, run: Run, table: Table, grader: int) -> GraderReport:
        """What the labels say of a grader; raises CupolaError where they cannot say anything."""
        return grader_report(self.database, run, table, grader)

    def standing(self, name: str) -> dict[str, Decision]:
        """The last decision for each role."""
        return decisions.standing(self.database, name)

    def decisions(self, name: str) -> list[Decision]:
        """The ledger of a benchmark, newest first."""
        return decisions.newest(self.database, name)
