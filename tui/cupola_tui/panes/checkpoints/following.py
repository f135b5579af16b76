"""Keeps one job's validation passes on the screen as they come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from textual import on, work
from textual.message import Message

from cupola.models import EvaluationAnswer, EvaluationItem, Job
from cupola.statistics.comparison import Comparison
from cupola.store.database import open_store
from cupola.training.auto_evals import AutoEvals
from cupola.training.checkpoint_choice import gain_over_base
from cupola.training.reward_watches import Alarm
from cupola.training.step_changes import compare_steps

from ...checkpoint_facts import EVALUATION, CheckpointFacts
from ...views.checkpoints import steps
from ...views.checkpoints.changes import ChangesView, question
from ...views.checkpoints.heat import HeatMap
from ...views.checkpoints.steps import StepsView
from ...widgets.painted import Lines
from ..pane import Pane
from . import plots
from .curve import Curve, JobChoice
from .item import Item
from .lower import Lower
from .reading import read_changes, read_steps

_BELOW = "★ best · ≈ cannot be told from the highest"


class EvalsPane(Pane):
    """Reads one job at a time, and works out beside the screen what takes longer."""

    class Worked(Message):
        """What takes longer was worked out for some table of steps and items."""

        def __init__(self, evals: AutoEvals, pair: tuple[int, int] | None, found: Comparison | None) -> None:
            super().__init__()
            self.evals, self.pair, self.found = evals, pair, found

    class Watched(Message):
        """The watches have looked."""

        def __init__(self, evals: AutoEvals, alarms: tuple[Alarm, ...]) -> None:
            super().__init__()
            self.evals, self.alarms = evals, alarms

    def __init__(self, facts: CheckpointFacts, clock: Callable[[], float], *, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._facts, self._clock = facts, clock
        self._job_id = ""
        self._view: StepsView | None = None
        self._changes_view: ChangesView | None = None
        self._map: HeatMap | None = None
        self._first: int | None = None
        """The step that others are held against; None is the first there is."""
        self._second: int | None = None
        """The step under the cursor; None follows the best."""
        self._column: int | None = None
        self._metric = "reward"
        self._by_time = self._log = self._stale = False
        self._weight = 0.0
        self._choice, self._curve, self._lower, self._item = JobChoice(), Curve(), Lower(), Item()
        self._nothing = Lines(id="no-checkpoints", classes="purpose")

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        self._facts.changed(topics)
        families = {topic.partition("/")[0] for topic in topics}
        if families & {"workflows", "workflow", "intents"} and self.display:
            self._show_standing()
        mine = {f"{family}/{self._job_id}" for family in ("evaluations", "checkpoints", "points", "events", "regrades")}
        if not (families & {"jobs", "evaluations"} or topics & mine):
            return
        small = {f"points/{self._job_id}", f"events/{self._job_id}"}
        if not self.display:
            self._stale = True
        elif topics & mine <= small and not families & {"jobs", "evaluations"}:
            self._draw_steps()
        else:
            self._read()

    def _list_jobs(self, known: list[Job]) -> None:
        """Show which jobs there are."""

    def _show_item(self, *, fresh: bool = False) -> None:
        """Show the item that is open anew."""

    @on(Worked)
    def _worked(self, message: Worked) -> None:
        view, shown = self._view, self._changes_view
        if view is None or message.evals is not view.evals:
            return
        if message.pair is None:
            self._view = replace(view, gain=message.found)
            self._draw_steps()
        elif shown is not None and message.pair == (shown.first, shown.second):
            self._changes_view = replace(shown, comparison=message.found, compared=True)
            self._lower.changes.tell(self._changes_view)

    # Each has a description: the one that Textual makes up writes out the whole table.

    @work(thread=True, exclusive=True, group="gain", description="gain", exit_on_error=False)
    def _work_out_gain(self, evals: AutoEvals, step: int) -> None:
        self.post_message(self.Worked(evals, None, gain_over_base(evals, step)))

    @work(thread=True, exclusive=True, group="changes", description="changes", exit_on_error=False)
    def _work_out_changes(self, evals: AutoEvals, first: int, second: int) -> None:
        rows = evals.row_of(first), evals.row_of(second)
        if rows[0] is not None and rows[1] is not None:
            self.post_message(self.Worked(evals, (first, second), compare_steps(evals, rows[0], rows[1])))

    @on(Watched)
    def _watched(self, message: Watched) -> None:
        view = self._view
        if view is not None and view.evals is message.evals and view.alarms != message.alarms:
            self._view = view = replace(view, alarms=message.alarms)
            self._draw_steps()
            self._lower.watches.show(view.alarms)

    @work(thread=True, exclusive=True, group="watches", description="watches", exit_on_error=False)
    def _watch(self, view: StepsView) -> None:
        """Ask every watch, over a connection of its own: some read answers."""
        from cupola.training.watching import alarms

        with closing(open_store(self._facts.common.database.path)) as database:
            found = alarms(database, view.job, view.evals, view.summaries)
        self.post_message(self.Watched(view.evals, found))

    def _jobs(self) -> list[Job]:
        return self._facts.evaluated()

    def _read(self) -> None:
        self._stale = False
        known = self._jobs()
        if known and self._job_id not in {job.id for job in known}:
            self._job_id = next((job.id for job in known if self._facts.evals(job) is not None), known[0].id)
        self._list_jobs(known)
        job = next((one for one in known if one.id == self._job_id), None)
        before, view = self._view, read_steps(self._facts, job, self._clock()) if job else None
        self.set_class(view is None, "-no-checkpoints")
        self._view = view
        if view is None:
            every = self._facts.reinforcement_jobs()
            self._nothing.show(lambda width: steps.nothing_yet(every, width))
            return
        if before is not None and before.job.id == view.job.id:
            gain = before.gain if before.evals is view.evals else None
            view = self._view = replace(view, gain=gain, alarms=before.alarms)
        # Painted first: what is worked out beside the screen would share the processor with it.
        if view.gain is None and view.choice is not None:
            self.call_after_refresh(self._work_out_gain, view.evals, view.choice.best)
        if view.job.method != EVALUATION:
            self.call_after_refresh(self._watch, view)
        self._draw_steps()
        self._show_lower()
        if before is None and self.display:
            self.call_after_refresh(self.take_focus)

    def _show_standing(self) -> None:
        """How far second graders are, and whether the job is paused by itself."""
        view = self._view
        if view is None:
            return
        found, order = self._facts.gradings(view.job), self._facts.order(view.job)
        if (found, order) != (view.gradings, view.order):
            self._view = view = replace(view, gradings=found, order=order, now=self._clock())
            self._curve.say(view)

    def _draw_steps(self) -> None:
        view = self._view
        if view is None:
            return
        plot = plots.read_plot(self._facts, view, self._metric, by_time=self._by_time)
        step = self._pair()[1]
        self._curve.show(view, plot, _BELOW, step, self._place(step), weight=self._weight, log=self._log)

    def _mark_step(self) -> None:
        """Set the cursor on the step, in the table and on the chart, wherever that has it."""
        step = self._pair()[1]
        self._curve.mark(step, self._place(step))

    def _place(self, step: int) -> float:
        """Where a step stands on the chart."""
        view = self._view
        return plots.time_of(step, self._facts, view) if self._by_time and view is not None else step

    def _pair(self) -> tuple[int, int]:
        """The step that is held against, and the one under the cursor."""
        view = self._view
        if view is None:
            return 0, 0
        known = view.evals.steps
        best = view.choice.best if view.choice is not None else known[-1]
        first = self._first if self._first in known else known[0]
        return first or 0, self._second if self._second in known and self._second is not None else best

    def _show_lower(self) -> None:
        view = self._view
        if view is None:
            return
        self._show_changes(view)
        if self._lower.shows_map:
            if self._map is None or self._map.evals is not view.evals:
                self._map = HeatMap(view.evals)
            # Laid out at once, though a part that was hidden until now has no size yet.
            self.call_after_refresh(self._show_map)
        self._lower.watches.show(view.alarms)
        if self.has_class("-item"):
            self._show_item()

    def _show_map(self) -> None:
        view, found = self._view, self._map
        row = view.evals.row_of(self._pair()[1]) if view is not None else None
        if view is not None and found is not None and row is not None:
            self._lower.heat.show(found, row, self._asked)

    def _show_changes(self, view: StepsView) -> None:
        first, second = self._pair()
        shown = read_changes(view, first, second)
        before = self._changes_view
        if shown is None:
            return
        if before is not None and (before.first, before.second, before.changes) == (first, second, shown.changes):
            shown = before
        self._changes_view = shown
        self._lower.changes.show(shown, self._texts(view, first, second))
        if not shown.compared:
            self.call_after_refresh(self._work_out_changes, view.evals, first, second)

    def _texts(self, view: StepsView, first: int, second: int) -> Callable[[int, int], EvaluationAnswer | None]:
        rows = [view.evals.row_of(step) for step in (first, second)]

        def texts(column: int, side: int) -> EvaluationAnswer | None:
            row = rows[side]
            item: EvaluationItem | None = view.evals.items[row][column] if row is not None else None
            return self._facts.answer(item) if item is not None else None

        return texts

    def _asked(self, column: int) -> str:
        """What an item asks, as the first step that has it tells."""
        view = self._view
        if view is None:
            return ""
        for row in range(len(view.evals.steps)):
            item = view.evals.items[row][column]
            if item is not None:
                return question(self._facts.answer(item))
        return ""
