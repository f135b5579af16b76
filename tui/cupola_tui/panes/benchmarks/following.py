"""Keeps one benchmark's leaderboard on the screen as its results come, and leaves most of the time to the keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from cupola.store import shown_boards

from ...benchmark_facts import BenchmarkFacts, Known
from ...messages import Keep
from ...views.bench.records import BoardView
from ..pane import Pane
from .calculating import Calculation
from .foresight import Foresight
from .keeping import to_text
from .leaderboard import Leaderboard
from .reading import read_board
from .working import Task, Worked, task_of

if TYPE_CHECKING:
    from cupola.benchmarks.leaderboard import Leaderboard as Board
    from cupola.benchmarks.table import Table as Results

_REST = 4.0
"""Rest after reading, in multiples of what it took."""

_FAMILIES = frozenset({"benchmarks", "runs", "run", "board", "decisions"})
"""The topics that the board shows."""


class BoardPane(Pane):
    """Follows one benchmark, one of its runs and one view of its graders."""

    class Done(Message):
        """A leaderboard was worked out."""

        def __init__(self, worked: Worked, seconds: float) -> None:
            super().__init__()
            self.worked, self.seconds = worked, seconds

    class Foreseen(Message):
        """It is known what a benchmark could show."""

    def __init__(
        self,
        facts: BenchmarkFacts,
        clock: Callable[[], float],
        work_out: Callable[[Task], Worked],
        *,
        id: str,
        classes: str,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._facts, self._clock = facts, clock
        self._calculation = Calculation(facts, work_out, self._spawn, self._report)
        self._foresight = Foresight(facts, self._spawn_beside, lambda: self.post_message(self.Foreseen()))
        self._shown_name = ""
        self._run_id: int | None = None
        """The run that was picked; None is the newest."""
        self._judge = 0
        """Which of the graders' views is shown."""
        self._view: BoardView | None = None
        self._stale = False
        """Something changed that was not read yet."""
        self._rest_until = 0.0
        self._leaderboard = Leaderboard()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        self._facts.changed(topics)
        if not {topic.partition("/")[0] for topic in topics} & _FAMILIES:
            return
        if not self.display:
            self._stale = True
        elif time.monotonic() >= self._rest_until:
            self._read()
        else:
            self._read_after_rest()

    def _show_below(self) -> None:
        """Show anew what stands below the leaderboard."""

    def _choose(self, name: str, run: int | None = None) -> None:
        """Follow a benchmark: the run that is usually shown, or the one of a number."""
        usual = next((one.run for one in self._facts.known() if one.benchmark.name == name), None)
        self._shown_name, self._judge = name, 0
        self._run_id = None if usual is not None and usual.id == run else run
        self._leaderboard.table.clear_marks()
        self._read()

    def _read_after_rest(self) -> None:
        if not self._stale:
            self._stale = True
            self.set_timer(max(0.0, self._rest_until - time.monotonic()), self._read_late)

    def _read_late(self) -> None:
        if self._stale and self.display:
            self._read()

    def _read(self) -> None:
        started = time.monotonic()
        self._stale = False
        known = self._known()
        self.set_class(known is None, "-no-benchmarks")
        if known is None:
            self._view = None
        else:
            self._shown_name = known.benchmark.name
            task = task_of(self._facts, known, self._judge, self._clock())
            self._calculation.want(task)
            self._show(known, task)
        # A large run changes often: most of the time stays for the keys.
        self._rest_until = time.monotonic() + _REST * (time.monotonic() - started)

    def _spawn(self, work: Callable[[], None]) -> None:
        self.run_worker(work, thread=True, exclusive=True, group="board")

    def _spawn_beside(self, work: Callable[[], None]) -> None:
        self.run_worker(work, thread=True, group="foresight")

    @on(Foreseen)
    def _foreseen(self, event: Foreseen) -> None:
        event.stop()
        self._read()

    def _report(self, worked: Worked, seconds: float) -> None:
        self.post_message(self.Done(worked, seconds))

    @on(Done)
    def _done(self, event: Done) -> None:
        """Show what was worked out, unless something else was asked for meanwhile."""
        event.stop()
        if not self._calculation.take(event.worked):
            return
        self._rest_until = time.monotonic() + _REST * event.seconds
        self._keep(event.worked)
        known = self._known()
        task = None if known is None else task_of(self._facts, known, self._judge, self._clock())
        if known is None or task is None:
            return
        self._show(known, task)
        if not self._calculation.is_known(task):
            self._read_after_rest()

    def _keep(self, worked: Worked) -> None:
        """Keep the leaderboard of a run that rests, to be there at once when the pane is opened next."""
        task, text = worked.task, to_text(worked)
        if text is not None and not task.run.state.moving and text != self._facts.kept_board(task.run, task.view):
            self.post_message(
                Keep(lambda database: shown_boards.keep(database, task.run.id, task.view, text), aside=True)
            )

    def _show(self, known: Known, task: Task | None) -> None:
        """Show the newest that was worked out."""
        names = [one.benchmark.name for one in self._facts.known()]
        place = names.index(known.benchmark.name), len(names)
        worked, working = self._calculation.newest(task), self._calculation.working
        view = read_board(self._facts, known, place, worked, working=working)
        self._view = view if task is not None else replace(view, sight=self._foresight.of(known.shown))
        self._leaderboard.show(self._view, self._clock())
        self._show_below()

    def _known(self) -> Known | None:
        """The benchmark that is shown, else the last changed, with the run that was picked."""
        known = self._facts.known()
        found = next((one for one in known if one.benchmark.name == self._shown_name), known[0] if known else None)
        picked = next((run for run in found.runs if run.id == self._run_id), None) if found else None
        return replace(found, run=picked) if found and picked else found

    def _results(self) -> Results | None:
        known = self._known()
        return self._facts.table(known.run) if known and known.run else None

    @property
    def _board(self) -> Board | None:
        return self._view.board if self._view else None

    @property
    def _selected(self) -> int | None:
        key = self._leaderboard.table.key
        return key if isinstance(key, int) else None
