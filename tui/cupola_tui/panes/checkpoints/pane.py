"""The Checkpoints pane: auto-evals of reinforcement jobs, all steps, two of them item by item, then one item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult

from cupola.models import Job
from cupola.settings import Profile
from cupola.store.watches import Subject

from ...checkpoint_facts import EVALUATION, CheckpointFacts
from ...commands import Scope, bindings
from ...messages import Ask, Copy, Read, Say
from ...views import converging
from ...views.actions import Action, job_command
from ...views.checkpoints import actions, steps
from ...widgets.chart import SMOOTHINGS
from ...widgets.table import KeyedRows, Table
from ...widgets.typed import TypedLine
from ..benchmarks.item import Answers
from ..pane import Watchable
from . import plots
from .following import EvalsPane
from .reading import read_course, read_item
from .searching import matching
from .tables import FlipTable

if TYPE_CHECKING:
    from .asking import Asking


class CheckpointsPane(EvalsPane):
    """One reinforcement job at a time, or one evaluation that was opened by hand."""

    BINDINGS = bindings("pane", "checkpoints", "checkpoint", "job")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "checkpoints", "checkpoint", "job")

    def __init__(self, facts: CheckpointFacts, profile: Profile, clock: Callable[[], float]) -> None:
        super().__init__(facts, clock, id="pane-checkpoints", classes="-steps")
        self._profile = profile
        self._typed = TypedLine()
        self._asking: Asking | None = None

    def compose(self) -> ComposeResult:
        yield self._choice
        yield self._curve
        yield self._lower
        yield self._item
        yield self._typed
        yield self._nothing

    def on_mount(self) -> None:
        """Show what is known."""
        self._typed.display = False
        self._read()

    def take_focus(self) -> None:
        """Focus where the work is."""
        if self._stale:
            self._read()
        else:
            self._show_standing()
        if self.has_class("-item"):
            self._item.answers.focus()
        elif self._view is not None:
            (self._lower.target if self.has_class("-in-items") else self._curve.table).focus()

    def actions(self) -> list[Action]:
        """What may be done with the checkpoint under the cursor, and with the job."""
        view = self._view
        found = actions.menu(view, self._pair()[1], self._profile)
        if view is None or not actions.is_job(view.job):
            return found
        return [*found, *converging.actions(view.job, view.order, self._profile, self._clock())]

    def watchable(self) -> Watchable | None:
        """The job."""
        view = self._view
        if view is None or view.job.method == EVALUATION:
            return None
        return Watchable(Subject.JOB, view.job.id, view.job.name, view.job.phase.ended)

    def show_thing(self, key: str) -> None:
        """Go to a job or an evaluation."""
        if key != self._job_id and any(job.id == key for job in self._jobs()):
            self._turn_to(key)

    def perform(self, action: Action) -> bool:
        """Ask what has to be asked first; the card that follows comes back here as another action."""
        if not action.kind.startswith(actions.ASKS):
            return False
        if self._asking is None:
            # Imported late: the pane stands sooner without what only its actions need.
            from .asking import Asking

            self._asking = Asking(self, self._facts, self._profile, self._clock)
        flow = self._asking.flow(action.kind.removeprefix(actions.ASKS), self._view, self._pair())
        self.run_worker(flow, group="ask", exclusive=True)
        return True

    def back(self) -> bool:
        """Leave, one at a time: typing and filter, item, zoom, selection, items, the step compared from."""
        if self._typed.has_focus:
            self._typed.leave()
        elif self.has_class("-item"):
            self._open("-steps")
        elif self.has_class("-zoom-upper") or self.has_class("-zoom-lower"):
            self.remove_class("-zoom-upper", "-zoom-lower")
        elif self._typed.leave() or self._lower.show_all():
            pass
        elif self._lower.has_focus_within or self._curve.chart.has_focus:
            self._curve.table.focus()
        elif self._first is not None:
            self._first = None
            self._show_lower()
        else:
            return False
        return True

    # Keys.

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
        self._show_lower()
        self.post_message(Say(f"Other steps are now held against step {self._first}; esc goes back to the first."))

    def action_only(self) -> None:
        """The next selection of items."""
        self._lower.next_only()

    def action_filter(self) -> None:
        """Type words to filter the items by."""
        self._typed.ask("filter")

    def action_metric(self) -> None:
        """The next metric that there is."""
        if self._view is None:
            return
        known = plots.metrics(self._facts, self._view)
        at = known.index(self._metric) if self._metric in known else 0
        self._metric = known[(at + 1) % len(known)]
        self._draw_steps()

    def action_axis(self) -> None:
        """By step or by time."""
        self._by_time = not self._by_time
        self._draw_steps()

    def action_smoothing(self) -> None:
        """Smooth more, or no more."""
        self._weight = SMOOTHINGS[(SMOOTHINGS.index(self._weight) + 1) % len(SMOOTHINGS)]
        self._draw_steps()

    def action_log(self) -> None:
        """Logarithmic y axis, and back."""
        self._log = not self._log
        self._draw_steps()

    def action_zoom_x(self, closer: bool) -> None:
        """Fewer steps on the chart, or more."""
        (self._curve.chart.zoom_in if closer else self._curve.chart.zoom_out)()

    def action_reset_zoom(self) -> None:
        """All steps on the chart."""
        self._curve.chart.reset_zoom()

    def action_tab(self, by: int) -> None:
        """Two steps item by item, the map of all steps, the watches."""
        if self._view is None or self.has_class("-item"):
            return
        inside = self._lower.has_focus_within
        self._lower.turn(by)
        self._show_lower()
        if inside:
            self.call_after_refresh(self._lower.target.focus)

    def action_job(self, by: int) -> None:
        """Another job or evaluation."""
        known = [job.id for job in self._jobs()]
        if self._job_id in known and len(known) > 1:
            self._turn_to(known[(known.index(self._job_id) + by) % len(known)])

    def action_act(self, verb: str) -> None:
        """Ask for something to be done, from a key or the palette."""
        found = next((one for one in self.actions() if one.kind in (f"{actions.ASKS}{verb}", f"job.{verb}")), None)
        if found is not None:
            self.post_message(Ask(found))
        else:
            self.post_message(Say("That needs a reinforcement job with a checkpoint.", warning=True))

    def action_zoom(self) -> None:
        """The focused half on the whole pane, the whole prompt of an item; and back."""
        if self.has_class("-item"):
            self._item.answers.toggle_whole()
        elif self.has_class("-zoom-upper") or self.has_class("-zoom-lower"):
            self.remove_class("-zoom-upper", "-zoom-lower")
        else:
            self.add_class("-zoom-lower" if self._lower.has_focus_within else "-zoom-upper")

    def action_raw(self) -> None:
        """The service's JSON of the item, or of the run."""
        view = self._view
        row = view.evals.row_of(self._pair()[1]) if view is not None else None
        if view is None or row is None:
            return
        column = self._column if self.has_class("-item") else self._lower.key
        wanted = self.has_class("-item") or self._lower.has_focus_within
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
        model = self._facts.model_of(view.job, step)
        row = view.evals.row_of(step)
        if model:
            self.post_message(Copy(model, f"the model name of step {step}"))
        elif row is not None:
            self.post_message(Copy(view.evals.runs[row].id, f"the run's id: step {step} has no checkpoint to deploy"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        if self._view is not None:
            first, second = self._pair()
            show = job_command("evals", self._view.job, self._profile).replace(" job evals ", " checkpoint diff ", 1)
            self.post_message(Copy(f"{show} --from {first} --to {second}", "the command"))

    # What happens in the parts.

    @on(Table.Moved, "#ckpt-steps")
    def _moved(self, event: Table.Moved) -> None:
        if isinstance(event.key, int) and event.key != self._pair()[1]:
            self._put_cursor(event.key)

    @on(Table.Opened, "#ckpt-steps")
    def _to_items(self) -> None:
        self._lower.target.focus()

    @on(Table.Moved, "#ckpt-jobs")
    def _job_moved(self, event: Table.Moved) -> None:
        if isinstance(event.key, str) and event.key != self._job_id:
            self._turn_to(event.key)

    @on(Table.Opened, "#ckpt-jobs")
    def _job_opened(self) -> None:
        self._curve.table.focus()

    @on(Table.Opened, "#ckpt-changes")
    @on(Table.Opened, "#ckpt-heat")
    def _open_item(self, event: Table.Opened) -> None:
        self._column = event.key if isinstance(event.key, int) else None
        self._show_item(fresh=True)
        self._open("-item")

    @on(Answers.Stepped)
    def _step(self, event: Answers.Stepped) -> None:
        table = self._lower.table
        if table is not None:
            table.action_wrap(event.by)
            self._column = self._lower.key
            self._show_item()

    @on(FlipTable.FlipWanted)
    def _flip(self, event: FlipTable.FlipWanted) -> None:
        if not self._lower.to_flip(event.by):
            self.post_message(Say("No item flipped here."))

    @on(TypedLine.Filtered)
    def _filtered(self) -> None:
        self._search()

    @on(TypedLine.Entered)
    def _entered(self) -> None:
        self._search()
        self._lower.target.focus()

    @work(exclusive=True, group="search", exit_on_error=False)
    async def _search(self) -> None:
        """Look for the words in the items of the two steps, and show those that have them."""
        view = self._view
        if view is None:
            return
        rows = [row for step in dict.fromkeys(self._pair()) if (row := view.evals.row_of(step)) is not None]
        found = await matching(self._facts, view.evals, rows, self._typed.words)
        if self._view is not None and self._view.evals is view.evals:
            self._lower.filter(found)

    # Showing.

    def _turn_to(self, job_id: str) -> None:
        self._job_id, self._first, self._second = job_id, None, None
        self._lower.filter(None)
        self._read()

    def _list_jobs(self, known: list[Job]) -> None:
        self.set_class(len(known) > 1, "-several")
        rows = [steps.job_cells(job, len(evals.runs) if (evals := self._facts.evals(job)) else None) for job in known]
        self._choice.table.show(KeyedRows([job.id for job in known], rows.__getitem__))
        self._choice.table.move_to_key(self._job_id)

    def _put_cursor(self, step: int) -> None:
        self._second = step
        self._mark_step()
        self._show_lower()
        if self._typed.words:
            self._search()

    def _show_item(self, *, fresh: bool = False) -> None:
        view, column = self._view, self._column
        if view is None or column is None:
            return
        pair = self._pair()
        others = [step for step in view.evals.steps if step not in pair]
        places = self._lower.shown
        position = places.index(column) + 1 if column in places else 0
        # A step held against itself is shown once.
        chosen = [*dict.fromkeys(pair), *others]
        shown = read_item(self._facts, view, chosen, column, position, len(places))
        if shown is not None:
            course = read_course(self._facts, view, column)
            title = f"{view.job.name} · step {pair[0]} → step {pair[1]}"
            self._item.show(replace(shown, place=column), course, pair, title, diff=True if fresh else None)

    def _open(self, level: str) -> None:
        self.remove_class("-steps", "-item")
        self.add_class(level)
        self.set_class(level == "-steps", "-in-items")
        # What was hidden takes no focus before it is laid out.
        self.call_after_refresh(self.take_focus)
