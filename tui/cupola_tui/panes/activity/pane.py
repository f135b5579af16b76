"""The Activity pane: everything under way and lately done; a workflow opens in it, all else in its own pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from cupola.settings import Profile
from cupola.store.watches import Subject
from cupola.store.workflows import WorkflowState

from ...commands import Scope, bindings
from ...facts import Facts
from ...lines import Line
from ...messages import Ask, Copy, Read, Say, Show
from ...screens.distill.flow import Desk, branch_from
from ...views.actions import Action, job_actions, job_command
from ...views.activity import detail, spend, things
from ...views.activity.things import Thing
from ...views.bench.actions import command as bench_command
from ...views.workflows import actions
from ...views.workflows.records import WorkflowView
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import KeyedRows, Table
from ..datasets.typed import TypedLine
from ..list_and_detail import ListAndDetail
from ..pane import Watchable
from . import asking
from .answers import Answers, read_answers
from .reading import ActivityFacts
from .told import Told
from .workflow import WorkflowPart

_TICK_SECONDS = 30.0
"""How often ages move on while the pane is looked at."""
_REST_SECONDS = 2.0
"""Between two readings of answers that are still coming."""


class ActivityPane(ListAndDetail):
    """A list in tabs with one thing in detail; or one workflow."""

    BINDINGS = bindings("pane", "activity", "distillation")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "activity", "distillation")

    class AnswersRead(Message):
        """A workflow's answers were read."""

        def __init__(self, answers: Answers) -> None:
            super().__init__()
            self.answers = answers

    def __init__(self, facts: Facts, profile: Profile, clock: Callable[[], float]) -> None:
        super().__init__(id="pane-activity", classes="-list")
        self._facts, self._profile, self._clock = ActivityFacts(facts), profile, clock
        self._kind = ""
        """The tab that is open."""
        self._every: list[Thing] = []
        self._shown: list[Thing] = []
        self._open: int | None = None
        """The workflow that is open."""
        self._answers: Answers | None = None
        self._reading: object = None
        """The mark of the answers that are being read."""
        self._table = Table(things.COLUMNS, id="activity", empty="Nothing here has these words.")
        self._days = Table(spend.COLUMNS, id="activity-days", empty="Nothing was spent yet, as far as is known.")
        self._edge, self._below, self._upper = Edge("Activity"), Edge(below=True), Edge("")
        self._tabs, self._nothing = Lines(id="activity-tabs"), Lines(id="no-activity")
        self._told = Told(id="activity-told")
        self._part, self._typed = WorkflowPart(self._facts, clock), TypedLine()

    def compose(self) -> ComposeResult:
        with Box(id="list"):
            yield self._edge
            with Container(id="list-body", classes="box"):
                yield self._tabs
                yield self._table
                yield self._days
                yield self._nothing
            yield self._below
        with Box(id="detail"):
            yield self._upper
            with Container(id="detail-body", classes="box"):
                yield self._told
            yield Edge(below=True)
        yield self._part
        yield self._typed

    def on_mount(self) -> None:
        """Show what is known."""
        self._typed.display = self._days.display = False
        self._list()
        self.set_interval(_TICK_SECONDS, self._tick)

    def take_focus(self) -> None:
        """Focus the stages of the open workflow, or the list."""
        if self._open is not None:
            self._part.strip.focus()
        else:
            (self._days if self._kind == "spend" else self._table).focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        if not self._facts.changed(topics):
            return
        if self._open is not None:
            self._draw_workflow()
        else:
            self._list()

    def show_thing(self, key: str) -> None:
        """Open a workflow by its number."""
        if key.isdigit():
            self._open_workflow(int(key))

    # What may be done.

    def actions(self) -> list[Action]:
        """What may be done to the open or the selected workflow, or to the selected job."""
        view = self._selected_view()
        if view is not None:
            return actions.menu(view, self._profile, self._clock())
        thing = self._selected()
        job = self._facts.job(thing.id) if thing is not None and thing.kind == "job" else None
        return job_actions(job, self._profile) if job is not None else []

    def watchable(self) -> Watchable | None:
        """The open or the selected workflow, or the selected job or run."""
        view, thing = self._selected_view(), self._selected()
        if view is not None:
            return Watchable(Subject.WORKFLOW, str(view.workflow.id), view.workflow.name)
        subject = {"job": Subject.JOB, "benchmark": Subject.RUN}.get(thing.kind) if thing is not None else None
        return Watchable(subject, str(thing.id), thing.name) if thing is not None and subject else None

    def perform(self, action: Action) -> bool:
        """Ask what has to be asked first; the card that follows comes back here as another action."""
        view = self._selected_view()
        if not action.kind.startswith(actions.ASKS) or view is None:
            return False
        flows = {"limits": asking.limits, "branch": branch_from, "report": asking.report}
        flow = flows[action.kind.removeprefix(actions.ASKS)]
        self.run_worker(flow(self._desk(), view.workflow), group="ask", exclusive=True)
        return True

    def back(self) -> bool:
        """Leave, one at a time: typing, the stage, the workflow, zoom, detail, the tab."""
        if self._open is not None:
            if not self._part.back():
                self._close_workflow()
        elif self._typed.leave() or self.unzoom():
            pass
        elif self._told.has_focus:
            self.take_focus()
        elif self._kind:
            self._turn_to("")
        else:
            return False
        return True

    def action_act(self, verb: str) -> None:
        """Ask for something to be done to the workflow."""
        view = self._selected_view()
        if view is None:
            self.post_message(Say("No workflow is selected.", warning=True))
            return
        found = next((one for one in self.actions() if one.kind.rpartition(".")[2] == verb), None)
        if found is None:
            self.post_message(Say("It asks nothing now.", warning=True))
        else:
            self.post_message(Ask(found))

    # Keys.

    def action_filter(self) -> None:
        """Type words to filter by."""
        if self._open is None and self._kind != "spend":
            self._typed.ask("filter")

    def action_tab(self, by: int) -> None:
        """Another tab of the list; another stage of the open workflow."""
        if self._open is not None:
            self._part.action_stage(by)
        else:
            kinds = [kind for kind, _ in things.tabs(self._every)]
            place = kinds.index(self._kind) if self._kind in kinds else 0
            self._turn_to(kinds[(place + by) % len(kinds)])

    def action_zoom(self) -> None:
        """The focused part on the whole pane, and back."""
        if self._open is not None:
            self._part.zoom()
        else:
            super().action_zoom()

    def action_raw(self) -> None:
        """What is stored of it."""
        view, thing = self._selected_view(), self._selected()
        if view is not None:
            self.post_message(Read(f"{view.workflow.name}: what it does", view.workflow.definition))
        elif thing is not None and thing.kind == "job" and (job := self._facts.job(thing.id)) is not None:
            self.post_message(Read(f"{job.name}: what the service said", job.raw))

    def action_copy_id(self) -> None:
        """Copy the id of what is selected."""
        thing = self._selected()
        if self._open is not None:
            self.post_message(Copy(str(self._open), "the workflow's number"))
        elif thing is not None:
            self.post_message(Copy(thing.id, "the id"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        view, thing = self._selected_view(), self._selected()
        if view is not None:
            self.post_message(Copy(actions.command("show", view.workflow.id, self._profile), "the command"))
        elif thing is not None and thing.kind == "benchmark" and (run := self._facts.run(int(thing.id))) is not None:
            self.post_message(Copy(bench_command("show", run.benchmark, self._profile), "the command"))
        elif thing is not None and thing.kind == "job" and (job := self._facts.job(thing.id)) is not None:
            self.post_message(Copy(job_command("show", job, self._profile), "the command"))

    def on_click(self, event: events.Click) -> None:
        """Open the tab under the mouse."""
        place = event.get_content_offset(self._tabs) if event.widget is self._tabs else None
        titles = things.tabs(self._every)
        kind = detail.tab_at(titles, place.x) if place is not None else None
        if kind is not None:
            self._turn_to(kind)

    @on(Table.Moved, "#activity")
    def _moved(self) -> None:
        self._draw_detail(anew=True)

    @on(Table.Opened, "#activity")
    def _opened(self) -> None:
        """Open what is under the cursor, here or in its own pane."""
        thing = self._selected()
        if thing is None:
            return
        if thing.kind == "workflow":
            self._open_workflow(int(thing.id))
        elif thing.kind == "decision":
            found = next((one for one in self._facts.decisions() if str(one.id) == thing.id), None)
            if found is not None:
                self.post_message(Read("The decision, with the numbers that were on screen", found.card))
        elif thing.pane:
            self.post_message(Show(thing.pane, thing.place))

    @on(WorkflowPart.Elsewhere)
    def _elsewhere(self, event: WorkflowPart.Elsewhere) -> None:
        event.stop()
        self.post_message(Show(event.pane, event.key))

    @on(WorkflowPart.Sifted)
    def _sifted(self, event: WorkflowPart.Sifted) -> None:
        event.stop()
        view = self._selected_view()
        if view is not None:
            self.run_worker(asking.sift(self._desk(), view.workflow, event.kept), group="ask", exclusive=True)

    @on(WorkflowPart.StageMoved)
    def _stage_moved(self, event: WorkflowPart.StageMoved) -> None:
        event.stop()
        self._read_answers()

    @on(TypedLine.Filtered)
    def _filtered(self) -> None:
        self._list()

    @on(TypedLine.Entered)
    def _entered(self) -> None:
        self._list()
        self.take_focus()

    # One workflow.

    def _open_workflow(self, workflow_id: int) -> None:
        self._open, self._answers = workflow_id, None
        self.unzoom()
        self.remove_class("-list")
        self.add_class("-workflow")
        self._draw_workflow(anew=True)
        # What was hidden takes no focus before it is laid out.
        self.call_after_refresh(self.take_focus)

    def _close_workflow(self) -> None:
        closed, self._open = self._open, None
        self.remove_class("-workflow")
        self.add_class("-list")
        self._list()
        self._table.move_to_key(("workflow", str(closed)))
        self.call_after_refresh(self.take_focus)

    def _draw_workflow(self, *, anew: bool = False) -> None:
        view = self._selected_view()
        if view is None:
            return
        self._part.show(view, self._answers, reading=self._reading is not None, anew=anew)
        self._read_answers()

    def _read_answers(self) -> None:
        """Begin to read the answers of the open workflow, if they are looked at and not known as they are now."""
        view = self._selected_view()
        if view is None or self._open is None or not self._part.wants_answers or self._reading is not None:
            return
        mark = _mark(view)
        if self._answers is not None and self._answers.mark == mark:
            return
        self._reading = mark
        path, workflow_id = self._facts.database.path, self._open
        self.run_worker(
            lambda: self.post_message(self.AnswersRead(read_answers(path, workflow_id, mark))),
            thread=True,
            group="answers",
            exit_on_error=False,
        )

    @on(AnswersRead)
    def _answers_read(self, event: AnswersRead) -> None:
        event.stop()
        self._reading = None
        if self._open == event.answers.workflow:
            self._answers = event.answers
        view = self._selected_view()
        if view is None or self._open is None:
            return
        self._part.show(view, self._answers, reading=False)
        if self._answers is None or self._answers.mark != _mark(view):
            # A run under way changes often: most of the time stays for the keys.
            self.set_timer(_REST_SECONDS, self._read_answers)

    # The list.

    def _turn_to(self, kind: str) -> None:
        self._kind = kind
        self._list()
        if self.has_focus_within:
            self.take_focus()

    def _tick(self) -> None:
        if self.display and self.screen.is_current:
            self.facts_changed(frozenset({"workflows"}))

    def _list(self) -> None:
        now = self._clock()
        self._every = self._facts.things(now)
        words, spending = self._typed.words, self._kind == "spend"
        empty = not self._every
        self.set_class(empty, "-no-activity")
        self._nothing.show(detail.nothing_yet)
        kind, titles = self._kind, things.tabs(self._every)
        self._tabs.show(lambda width: [detail.tabs_line(titles, kind)])
        self._table.display, self._days.display = not spending and not empty, spending and not empty
        self.set_class(spending, "-spend")
        if spending:
            self._list_days(now)
        else:
            shown = self._shown = things.matching(self._every, kind, words)
            self._table.show(KeyedRows([one.key for one in shown], lambda index: things.cells(shown[index], now)))
            self._below.show(_counted(self._every, shown, words))
        self._draw_detail()

    def _list_days(self, now: float) -> None:
        days = self._facts.days(now)
        dearest = max((day.amount.cautious for day in days), default=0.0)
        self._days.show(KeyedRows([day.key for day in days], lambda index: spend.cells(days[index], dearest)))
        self._below.show(spend.whole_words(days))

    def _selected(self) -> Thing | None:
        """The row under the cursor."""
        return next((one for one in self._shown if one.key == self._table.key), None) if self._open is None else None

    def _selected_view(self) -> WorkflowView | None:
        """The workflow that is open, or the one under the cursor."""
        if self._open is not None:
            return self._facts.view(self._open, self._clock())
        thing = self._selected() if self._kind != "spend" else None
        return self._facts.view(int(thing.id), self._clock()) if thing and thing.kind == "workflow" else None

    def _draw_detail(self, *, anew: bool = False) -> None:
        thing, view = self._selected(), self._selected_view()
        self._upper.show(thing.name if thing is not None else "")
        self._told.show(lambda width: self._detail_lines(thing, view, width), anew=anew)

    def _detail_lines(self, thing: Thing | None, view: WorkflowView | None, width: int) -> Sequence[Line]:
        now = self._clock()
        if view is not None:
            return detail.workflow_lines(view, width)
        if thing is None:
            return ()
        if thing.kind == "decision":
            found = next((one for one in self._facts.decisions() if str(one.id) == thing.id), None)
            return detail.decision_lines(found, now, width) if found is not None else ()
        return detail.thing_lines(thing, self._facts.problem(thing), now, width)

    def _desk(self) -> Desk:
        return Desk(self, self._facts.database, self._profile, self._clock)


def _mark(view: WorkflowView) -> tuple[object, ...]:
    """What decides the answers of a workflow: how many there are, and whether they were sifted."""
    generated, filtered = view.stage("generate"), view.stage("filter")
    running = view.workflow.state is WorkflowState.RUNNING
    return (
        view.workflow.id,
        (generated.done, generated.state) if generated is not None else None,
        filtered.state if filtered is not None else None,
        running,
    )


def _counted(every: Sequence[Thing], shown: Sequence[Thing], words: str) -> str:
    live, needs = sum(one.live for one in every), sum(one.needs for one in every)
    count = f"{len(shown)} of {len(every)}" if words else f"{len(shown)}"
    asking = f"{needs} need you" if needs > 1 else "1 needs you" if needs else ""
    parts = [count, f"{live} under way" if live else "", asking]
    return " · ".join(part for part in parts if part)
