"""The Checkpoints pane: auto-evals of reinforcement jobs, two steps item by item, then one item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message

from cupola.models import EvaluationAnswer, EvaluationItem, Job
from cupola.settings import Profile
from cupola.statistics.comparison import Comparison
from cupola.training.auto_evals import AutoEvals
from cupola.training.checkpoint_choice import gain_over_base
from cupola.training.step_changes import compare_steps

from ...checkpoint_facts import CheckpointFacts
from ...commands import Scope, bindings
from ...messages import Copy, Read, Say
from ...views.actions import job_command
from ...views.checkpoints import steps
from ...views.checkpoints.changes import ChangesView
from ...views.checkpoints.steps import StepsView
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows, Table
from ..benchmarks.item import Answers, Item
from ..pane import Pane
from .changes import Changes
from .curve import Curve, JobChoice
from .reading import read_changes, read_item, read_plot, read_steps
from .tables import FlipTable


class CheckpointsPane(Pane):
    """One reinforcement job at a time."""

    BINDINGS = bindings("pane", "checkpoints")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "checkpoints")

    class Worked(Message):
        """What takes longer was worked out for some table of steps and items."""

        def __init__(self, evals: AutoEvals, pair: tuple[int, int] | None, found: Comparison | None) -> None:
            super().__init__()
            self.evals, self.pair, self.found = evals, pair, found

    def __init__(self, facts: CheckpointFacts, profile: Profile, clock: Callable[[], float]) -> None:
        super().__init__(id="pane-checkpoints", classes="-steps")
        self._facts, self._profile, self._clock = facts, profile, clock
        self._job_id = ""
        self._view: StepsView | None = None
        self._changes_view: ChangesView | None = None
        self._first: int | None = None
        """The step that others are held against; None is the first there is."""
        self._second: int | None = None
        """The step under the cursor; None follows the best."""
        self._column: int | None = None
        self._stale = False
        self._choice, self._curve, self._changes, self._item = JobChoice(), Curve(), Changes(), Item()
        self._nothing = Lines(id="no-checkpoints", classes="purpose")

    def compose(self) -> ComposeResult:
        yield self._choice
        yield self._curve
        yield self._changes
        yield self._item
        yield self._nothing

    def on_mount(self) -> None:
        """Show what is known."""
        self._read()

    def take_focus(self) -> None:
        """Focus where the work is."""
        if self._stale:
            self._read()
        if self.has_class("-item"):
            self._item.answers.focus()
        elif self._view is not None:
            (self._changes if self.has_class("-in-items") else self._curve).table.focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        self._facts.changed(topics)
        families = {topic.partition("/")[0] for topic in topics}
        mine = {f"{family}/{self._job_id}" for family in ("evaluations", "checkpoints", "points")}
        if not (families & {"jobs", "evaluations"} or topics & mine):
            return
        if not self.display:
            self._stale = True
        elif topics & mine == {f"points/{self._job_id}"} and not families & {"jobs", "evaluations"}:
            self._draw_steps()
        else:
            self._read()

    def back(self) -> bool:
        """Leave, one at a time: item, zoom, selection, items, the step compared from."""
        if self.has_class("-item"):
            self._open("-steps")
        elif self.has_class("-zoom-upper") or self.has_class("-zoom-lower"):
            self.remove_class("-zoom-upper", "-zoom-lower")
        elif self._changes.show_all():
            pass
        elif self._changes.table.has_focus or self._curve.chart.has_focus:
            self._curve.table.focus()
        elif self._first is not None:
            self._first = None
            self._show_changes()
        else:
            return False
        return True

    def action_cursor(self, by: int) -> None:
        """Move the checkpoint cursor."""
        if self._view is None:
            return
        known, at = self._view.evals.steps, self._pair()[1]
        place = known.index(at) if at in known else 0
        self._put_cursor(known[max(0, min(len(known) - 1, place + by))])

    def action_from_here(self) -> None:
        """Hold other steps against the one under the cursor."""
        self._first = self._pair()[1]
        self._show_changes()
        self.post_message(Say(f"Other steps are now held against step {self._first}; esc goes back to the first."))

    def action_only(self) -> None:
        """The next kind of changes."""
        self._changes.next_only()

    def action_tab(self, by: int) -> None:
        """Another job."""
        known = [job.id for job in self._jobs()]
        if self._job_id in known and len(known) > 1:
            self._turn_to(known[(known.index(self._job_id) + by) % len(known)])

    def action_zoom(self) -> None:
        """The focused half on the whole pane, the whole prompt of an item; and back."""
        if self.has_class("-item"):
            self._item.answers.toggle_whole()
        elif self.has_class("-zoom-upper") or self.has_class("-zoom-lower"):
            self.remove_class("-zoom-upper", "-zoom-lower")
        else:
            self.add_class("-zoom-lower" if self._changes.has_focus_within else "-zoom-upper")

    def action_raw(self) -> None:
        """The service's JSON of the item, or of the run."""
        view = self._view
        if view is None:
            return
        row = view.evals.row_of(self._pair()[1])
        if row is None:
            return
        column = self._column if self.has_class("-item") else self._changes_key()
        wanted = self.has_class("-item") or self._changes.table.has_focus
        item = view.evals.items[row][column] if wanted and column is not None else None
        run = view.evals.runs[row]
        if item is not None:
            self.post_message(Read(f"{run.name}: what the service said of the item", self._facts.raw(item)))
        else:
            self.post_message(Read(f"{run.name}: what the service said", run.raw))

    def action_copy_id(self) -> None:
        """Copy the name under which the step's checkpoint is deployed; without one the run's id."""
        view = self._view
        if view is None:
            return
        step = self._pair()[1]
        for checkpoint, deployable in self._facts.common.checkpoints(view.job.id):
            if checkpoint.step == step and deployable:
                self.post_message(Copy(checkpoint.model, f"the model name of step {step}"))
                return
        row = view.evals.row_of(step)
        if row is not None:
            self.post_message(Copy(view.evals.runs[row].id, f"the run's id: step {step} has no checkpoint to deploy"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        if self._view is not None:
            first, second = self._pair()
            show = job_command("evals", self._view.job, self._profile).replace(" job evals ", " checkpoint diff ", 1)
            self.post_message(Copy(f"{show} --from {first} --to {second}", "the command"))

    @on(Table.Moved, "#ckpt-steps")
    def _moved(self, event: Table.Moved) -> None:
        if isinstance(event.key, int) and event.key != self._pair()[1]:
            self._put_cursor(event.key)

    @on(Table.Opened, "#ckpt-steps")
    def _to_items(self) -> None:
        self._changes.table.focus()

    @on(Table.Moved, "#ckpt-jobs")
    def _job_moved(self, event: Table.Moved) -> None:
        if isinstance(event.key, str) and event.key != self._job_id:
            self._turn_to(event.key)

    @on(Table.Opened, "#ckpt-jobs")
    def _job_opened(self) -> None:
        self._curve.table.focus()

    @on(Table.Opened, "#ckpt-changes")
    def _open_item(self, event: Table.Opened) -> None:
        self._column = event.key if isinstance(event.key, int) else None
        self._show_item(fresh=True)
        self._open("-item")

    @on(Answers.Stepped)
    def _step(self, event: Answers.Stepped) -> None:
        self._changes.table.action_wrap(event.by)
        self._column = self._changes_key()
        self._show_item()

    @on(FlipTable.FlipWanted)
    def _flip(self, event: FlipTable.FlipWanted) -> None:
        if not self._changes.to_flip(event.by):
            self.post_message(Say("No item flipped between these steps."))

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
            self._changes.tell(self._changes_view)

    @work(thread=True, exclusive=True, group="gain", exit_on_error=False)
    def _work_out_gain(self, evals: AutoEvals, step: int) -> None:
        self.post_message(self.Worked(evals, None, gain_over_base(evals, step)))

    @work(thread=True, exclusive=True, group="changes", exit_on_error=False)
    def _work_out_changes(self, evals: AutoEvals, first: int, second: int) -> None:
        rows = evals.row_of(first), evals.row_of(second)
        if rows[0] is not None and rows[1] is not None:
            self.post_message(self.Worked(evals, (first, second), compare_steps(evals, rows[0], rows[1])))

    def _jobs(self) -> list[Job]:
        return [job for job in self._facts.jobs() if self._facts.is_evaluated(job)]

    def _turn_to(self, job_id: str) -> None:
        self._job_id, self._first, self._second = job_id, None, None
        self._read()

    def _read(self) -> None:
        self._stale = False
        known = self._jobs()
        if known and self._job_id not in {job.id for job in known}:
            self._job_id = next((job.id for job in known if self._facts.evals(job) is not None), known[0].id)
        self._list_jobs(known)
        job = next((one for one in known if one.id == self._job_id), None)
        before, view = self._view, read_steps(self._facts, job) if job else None
        self.set_class(view is None, "-no-checkpoints")
        self._view = view
        if view is None:
            every = self._facts.jobs()
            self._nothing.show(lambda width: steps.nothing_yet(every, width))
            return
        if before is not None and before.evals is view.evals:
            self._view = view = replace(view, gain=before.gain)
        elif view.choice is not None:
            self._work_out_gain(view.evals, view.choice.best)
        self._draw_steps()
        self._show_changes()
        if before is None and self.display:
            self.call_after_refresh(self.take_focus)

    def _list_jobs(self, known: list[Job]) -> None:
        self.set_class(len(known) > 1, "-several")
        rows = [steps.job_cells(job, len(evals.runs) if (evals := self._facts.evals(job)) else None) for job in known]
        self._choice.table.show(KeyedRows([job.id for job in known], rows.__getitem__))
        self._choice.table.move_to_key(self._job_id)

    def _draw_steps(self) -> None:
        view = self._view
        if view is not None:
            below = "★ best · ≈ cannot be told from the highest"
            self._curve.show(view, read_plot(self._facts, view), below)
            self._curve.mark(self._pair()[1])

    def _put_cursor(self, step: int) -> None:
        self._second = step
        self._curve.mark(step)
        self._show_changes()

    def _pair(self) -> tuple[int, int]:
        view = self._view
        if view is None:
            return 0, 0
        known = view.evals.steps
        best = view.choice.best if view.choice is not None else known[-1]
        first = self._first if self._first in known else known[0]
        return first or 0, self._second if self._second in known and self._second is not None else best

    def _show_changes(self) -> None:
        view = self._view
        if view is None:
            return
        first, second = self._pair()
        shown = read_changes(view, first, second)
        before = self._changes_view
        if shown is None:
            return
        if before is not None and (before.first, before.second, before.changes) == (first, second, shown.changes):
            shown = before
        self._changes_view = shown
        self._changes.show(shown, self._texts(view, first, second))
        if not shown.compared:
            self._work_out_changes(view.evals, first, second)
        if self.has_class("-item"):
            self._show_item()

    def _texts(self, view: StepsView, first: int, second: int) -> Callable[[int, int], EvaluationAnswer | None]:
        rows = [view.evals.row_of(step) for step in (first, second)]

        def texts(column: int, side: int) -> EvaluationAnswer | None:
            row = rows[side]
            item: EvaluationItem | None = view.evals.items[row][column] if row is not None else None
            return self._facts.answer(item) if item is not None else None

        return texts

    def _show_item(self, *, fresh: bool = False) -> None:
        view, column = self._view, self._column
        if view is None or column is None:
            return
        first, second = self._pair()
        others = [step for step in view.evals.steps if step not in (first, second)]
        places = [change.column for change in self._changes.shown]
        position = places.index(column) + 1 if column in places else 0
        shown = read_item(self._facts, view, [first, second, *others], column, position, len(places))
        if shown is not None:
            self._item.show(shown, f"{view.job.name} · step {first} → step {second}", diff=True if fresh else None)

    def _changes_key(self) -> int | None:
        key = self._changes.table.key
        return key if isinstance(key, int) else None

    def _open(self, level: str) -> None:
        self.remove_class("-steps", "-item")
        self.add_class(level)
        self.set_class(level == "-steps", "-in-items")
        # What was hidden takes no focus before it is laid out.
        self.call_after_refresh(self.take_focus)
