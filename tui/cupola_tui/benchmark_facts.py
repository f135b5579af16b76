"""What the Benchmarks pane knows: definitions, runs and results from the store, read once and then as they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cupola.benchmarks import definition
from cupola.benchmarks.browse import ItemView, item_view
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.labels import GraderReport, ToLabel, grader_report, to_label
from cupola.benchmarks.table import Table, from_columns
from cupola.store import benchmarks, decisions, shown_boards
from cupola.store.benchmarks import Run, StoredBenchmark
from cupola.store.database import Database
from cupola.store.decisions import Decision


@dataclass(frozen=True, slots=True)
class Known:
    """One benchmark with one of its runs: the newest of what is defined now, unless another was picked."""

    benchmark: Benchmark
    run: Run | None
    runs: tuple[Run, ...] = ()
    """All of them, the newest first."""

    @property
    def earlier(self) -> bool:
        """The run is not the newest one."""
        return self.run is not None and bool(self.runs) and self.run.id != self.runs[0].id

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
        self._estimates: dict[int, str | None] = {}

    def changed(self, topics: Iterable[str]) -> None:
        """Forget what these topics cover."""
        for topic in topics:
            family, _, subject = topic.partition("/")
            if family in ("benchmarks", "runs", "run"):
                self._known = None
                self._estimates = {}
            if family == "board" and subject.isdigit():
                self._tables.pop(int(subject), None)

    def known(self) -> list[Known]:
        """Every benchmark, the last changed first, each with its newest run."""
        if self._known is None:
            stored_ones = benchmarks.all_benchmarks(self.database)
            runs: dict[str, list[Run]] = {}
            for run in benchmarks.runs(self.database):
                runs.setdefault(run.benchmark, []).append(run)
            self._known = [_known(stored, runs.get(stored.name, [])) for stored in stored_ones]
        return self._known

    def table(self, run: Run) -> Table | None:
        """A run's results as arrays; None before the first are stored."""
        if run.id not in self._tables:
            columns = benchmarks.columns(self.database, run.id)
            self._tables[run.id] = from_columns(definition.from_json(run.definition), columns)
        return self._tables[run.id]

    def kept_board(self, run: Run, view: int) -> str | None:
        """The leaderboard that was last worked out of a run, as text."""
        return shown_boards.find(self.database, run.id, view)

    def estimate(self, run: Run) -> str | None:
        """What was told of a run's cost before it was begun, as text."""
        if run.id not in self._estimates:
            self._estimates[run.id] = shown_boards.find_estimate(self.database, run.id)
        return self._estimates[run.id]

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


def _known(stored: StoredBenchmark, runs: list[Run]) -> Known:
    benchmark = definition.from_json(stored.definition)
    shown = runs[0] if runs else None
    if shown is not None and stored.updated_at > shown.created_at and not shown.state.moving:
        # Defined anew since: a run of another definition is not the one to show first.
        shown = next((run for run in runs if _is_of(run, benchmark)), None)
    return Known(benchmark, shown, tuple(runs))


def _is_of(run: Run, benchmark: Benchmark) -> bool:
    """Whether a run asks what the definition asks. The service's own engine sends prompts in its own words."""
    same = (run.split, run.graders, run.engine) == (benchmark.split, benchmark.graders_hash, benchmark.engine)
    return run.digest == benchmark.digest or (same and run.engine == "evals")
