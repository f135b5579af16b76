"""The list of jobs with one in detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from cupola.models import Job
from cupola.settings import Profile
from cupola.store.watches import Subject

from ...commands import Scope, bindings
from ...facts import Facts
from ...lines import Line
from ...messages import Ask, Copy, Read, Say, Train
from ...views import actions, converging, jobs
from ...views.actions import Action
from ...views.first_steps import no_jobs_lines
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table
from ..list_and_detail import ListAndDetail
from ..pane import Watchable
from . import again
from .detail import JobDetail
from .reading import Pace, order_of, read_curves, read_overlay, read_pace, read_texts

if TYPE_CHECKING:
    from textual.widgets import Input

    from .curves import Curves

COLUMNS = (
    Column("", 1),
    Column("name", 12, flexible=True),
    Column("method", 6, drop=2),
    Column("model", 12, drop=3),
    Column("progress", 13),
    Column("left", 7, drop=1),
)

_SORTED_COLUMN = {"phase": 0, "name": 1, "method": 2, "model": 3}


class JobsPane(ListAndDetail):
    """Fine-tuning jobs, newest first."""

    BINDINGS = bindings("pane", "jobs", "curves", "job")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "jobs", "curves", "job")

    def __init__(self, facts: Facts, profile: Profile, clock: Callable[[], float], config_file: str = "") -> None:
        super().__init__(id="pane-jobs")
        self._config_file = config_file
        self._facts, self._profile, self._clock = facts, profile, clock
        self._shown: list[Job] = []
        self._by_id: dict[str, Job] = {}
        self._paces: dict[str, Pace] = {}
        self._filter = ""
        self._words: Input | None = None
        """Where the filter is typed, made when it is first asked for."""
        self._sort = 0
        self._falling = False
        self._overlaid: list[str] = []
        self._warm = False
        self._curves: list[Curves] = []
        """The Curves tab once it is made, after the first paint."""

    def compose(self) -> ComposeResult:
        with Box(id="list"):
            yield Edge("Jobs")
            with Container(id="list-body", classes="box"):
                yield Table(COLUMNS, id="jobs", markable=True, empty="No job has these words.")
                yield Lines(id="no-jobs")
            yield Edge(below=True)
        yield JobDetail()

    def on_mount(self) -> None:
        """Show the list and the texts at once; the charts follow when the screen stands."""
        self._list()
        self.query_one("#no-jobs", Lines).show(self._no_jobs)
        self.call_after_refresh(self._warm_up)

    def take_focus(self) -> None:
        """Focus the list."""
        self.query_one("#jobs", Table).focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        touched = {topic.partition("/")[2] for topic in topics}
        for job_id in touched:
            self._paces.pop(job_id, None)
        if "health" in topics:
            self.query_one("#no-jobs", Lines).redraw()
        if "intents" in topics:
            self._count()
        if "jobs" in topics:
            self._paces.clear()
            self._list()
        elif any(job_id in self._by_id for job_id in touched):
            self.query_one("#jobs", Table).redraw()
        selected = self._selected()
        if self._overlaid and touched & set(self._overlaid):
            self._draw_overlay()
        elif selected is not None and ({"jobs", "intents"} & topics or selected.id in touched):
            self._draw_detail()

    def actions(self) -> list[Action]:
        """What may be done to the selected job."""
        job = self._selected()
        if job is None:
            return []
        order = converging.actions(job, order_of(self._facts, job), self._profile, self._clock())
        more = again.actions(job, self._facts, self._profile)
        return [*actions.job_actions(job, self._profile), *order, *more]

    def perform(self, action: Action) -> bool:
        """Fill the form of a new job; all else is the worker's."""
        job = self._by_id.get(action.target)
        return job is not None and again.perform(self, action, job, self._facts)

    def watchable(self) -> Watchable | None:
        """The selected job."""
        job = self._selected()
        return Watchable(Subject.JOB, job.id, job.name, job.phase.ended) if job else None

    def back(self) -> bool:
        """Leave, one at a time: typing, zoom, overlay, detail, filter, marks."""
        table, words = self.query_one("#jobs", Table), self._words
        if words is not None and (words.has_focus or self._filter):
            words.value = ""
            self._close_filter(words)
        elif self._reset_charts():
            pass
        elif self._overlaid:
            self._overlaid = []
            self._draw_detail()
        elif self.unzoom():
            pass
        elif not table.has_focus:
            table.focus()
        elif table.marks:
            table.clear_marks()
        else:
            return False
        return True

    def action_submit(self) -> None:
        """Train a model."""
        from ...screens.submit.draft import Wanted

        self.post_message(Train(Wanted()))

    def action_filter(self) -> None:
        """Open the filter."""
        from textual.widgets import Input

        if self._words is None:
            self._words = Input(id="filter", placeholder="words to look for, !word to leave out", compact=True)
            self._words.cursor_blink = False
            self.query_one("#list-body").mount(self._words)
        self._words.display = True
        self._words.focus()

    def action_sort(self) -> None:
        """Order by the next column."""
        self._sort_by((self._sort + 1) % len(jobs.SORTS), False)

    def action_overlay(self) -> None:
        """Lay the curves of the marked jobs over each other."""
        marks = self.query_one("#jobs", Table).marks
        chosen = [job.id for job in self._shown if job.id in marks]
        if len(chosen) < 2:
            self.post_message(
                Say("Mark two jobs or more with space, then press = to compare their curves.", warning=True)
            )
            return
        self._overlaid = chosen
        self._draw_overlay()

    def action_metric(self) -> None:
        """Next metric."""
        for curves in self._curves:
            curves.next_metric()

    def action_smoothing(self) -> None:
        """Next smoothing."""
        for curves in self._curves:
            curves.next_smoothing()

    def action_log(self) -> None:
        """Logarithmic y axis, and back."""
        for curves in self._curves:
            curves.toggle_log()

    def action_zoom_x(self, closer: bool) -> None:
        """Fewer steps or more."""
        for curves in self._curves:
            for chart in curves.charts():
                (chart.zoom_in if closer else chart.zoom_out)()

    def action_reset_zoom(self) -> None:
        """All steps."""
        self._reset_charts()

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        if not self._overlaid:
            self.query_one(JobDetail).turn(by)

    def action_raw(self) -> None:
        """The selected job's JSON."""
        job = self._selected()
        if job:
            self.post_message(Read(f"{job.name}: what the service said", job.raw))

    def action_copy_id(self) -> None:
        """Copy the selected job's id."""
        job = self._selected()
        if job:
            self.post_message(Copy(job.id, "the job's id"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the selected job."""
        job = self._selected()
        if job:
            self.post_message(Copy(actions.job_command("show", job, self._profile), "the command"))

    def action_act(self, verb: str) -> None:
        """Ask for something to be done to the selected job."""
        action = next((one for one in self.actions() if one.kind == f"job.{verb}"), None)
        if action is not None:
            self.post_message(Ask(action))

    @on(Table.Moved, "#jobs")
    def _moved(self) -> None:
        if not self._overlaid:
            self._draw_detail()

    @on(Table.Opened, "#jobs")
    def _opened(self) -> None:
        self.query_one(JobDetail).take_focus()

    @on(Table.TitleClicked, "#jobs")
    def _title_clicked(self, event: Table.TitleClicked) -> None:
        wanted = next((name for name, column in _SORTED_COLUMN.items() if column == event.column), "created")
        position = jobs.SORTS.index(wanted)
        self._sort_by(position, position == self._sort and not self._falling)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self._filter = event.value
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and go back to the list."""
        self._close_filter(event.input)

    def _close_filter(self, words: Input) -> None:
        words.display = bool(words.value)
        self._filter = words.value
        self._list()
        self.take_focus()

    def _sort_by(self, position: int, falling: bool) -> None:
        self._sort, self._falling = position, falling
        column = _SORTED_COLUMN.get(jobs.SORTS[position])
        self.query_one("#jobs", Table).sorted_by = None if column is None else (column, falling)
        self._list()

    def _list(self) -> None:
        every = self._facts.jobs()
        self._shown = jobs.ordered(jobs.matching(every, self._filter), jobs.SORTS[self._sort], self._falling)
        self._by_id = {job.id: job for job in self._shown}
        self._count()
        self.set_class(not every, "-no-jobs")
        shown = self._shown
        self.query_one("#jobs", Table).show(
            KeyedRows([job.id for job in shown], lambda index: self._cells(shown[index]))
        )

    def _count(self) -> None:
        """How many jobs there are, and how many were asked for and are not at the service yet."""
        every, asked = len(self._facts.jobs()), len(self._facts.open_submissions())
        count = f"{len(self._shown)} of {every}" if self._filter else f"{every}"
        self.query_one("#list .below", Edge).show(f"{count}, {asked} on the way" if asked else count)

    def _no_jobs(self, width: int) -> list[Line]:
        return no_jobs_lines(self._profile, self._facts.health(), self._config_file, width)

    def _cells(self, job: Job) -> tuple[Line, ...]:
        pace = self._pace(job)
        return jobs.cells(job, pace.progress, pace.left)

    def _pace(self, job: Job) -> Pace:
        if not self._warm or job.phase.ended:
            return Pace()
        if job.id not in self._paces:
            self._paces[job.id] = read_pace(self._facts, job, self._clock())
        return self._paces[job.id]

    def _warm_up(self) -> None:
        from .curves import Curves

        self._warm = True
        self._curves = [Curves()]
        self.query_one(JobDetail).add_curves(self._curves[0])
        self.query_one("#jobs", Table).redraw()
        self._draw_detail()

    def _selected(self) -> Job | None:
        key = self.query_one("#jobs", Table).key
        return self._by_id.get(key) if isinstance(key, str) else None

    def _draw_detail(self) -> None:
        detail, job = self.query_one(JobDetail), self._selected()
        if job is None:
            detail.clear()
            return
        reader = read_curves if self._warm else read_texts
        detail.show(reader(self._facts, job, self._clock()))

    def _draw_overlay(self) -> None:
        chosen = [self._by_id[job_id] for job_id in self._overlaid if job_id in self._by_id]
        self.query_one(JobDetail).overlay(chosen, read_overlay(self._facts, chosen))

    def _reset_charts(self) -> bool:
        return bool([curves for curves in self._curves if curves.reset()])
