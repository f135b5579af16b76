"""The Activity pane: everything under way and lately done; a workflow opens in it, all else in its own pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from cupola.settings import Profile
from cupola.store.watches import Subject
from cupola.store.workflows import WorkflowState

from ...commands import Scope, bindings
from ...facts import Facts
from ...lines import Line
from ...messages import Ask, Read, Say, Show
from ...screens.distill.flow import Desk, branch_from
from ...views.actions import Action, job_actions
from ...views.activity import detail
from ...views.activity.things import Thing
from ...views.workflows import actions
from ...views.workflows.records import WorkflowView
from ...widgets.box import Box
from ...widgets.edge import Edge
from ...widgets.table import Table
from ...widgets.typed import TypedLine
from ..list_and_detail import ListAndDetail
from ..pane import Watchable
from . import asking, copying
from .answers import Answers, read_answers
from .list import SPEND, ThingList
from .reading import ActivityFacts
from .told import Told
from .workflow import WorkflowPart

_TICK_SECONDS = 30.0
"""How often ages move on while the pane is looked at."""
_SUBJECTS = {"job": Subject.JOB, "benchmark": Subject.RUN, "deployment": Subject.DEPLOYMENT}
"""What of the rows can be watched, beside workflows."""
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

    def __init__(self, facts: Facts, profile: Profile, clock: Callable[[], float], config_file: str = "") -> None:
        super().__init__(id="pane-activity", classes="-list")
        self._facts, self._profile, self._clock = ActivityFacts(facts, profile, config_file), profile, clock
        self._open: int | None = None
        """The workflow that is open."""
        self._answers: Answers | None = None
        self._reading: object = None
        """The mark of the answers that are being read."""
        self._things, self._upper = ThingList(self._facts, clock), Edge("")
        self._told = Told(id="activity-told")
        self._part, self._typed = WorkflowPart(self._facts, clock), TypedLine()

    def compose(self) -> ComposeResult:
        yield self._things
        with Box(id="detail"):
            yield self._upper
            with Container(id="detail-body", classes="box"):
                yield self._told
            yield Edge(below=True)
        yield self._part
        yield self._typed

    def on_mount(self) -> None:
        """Show what is known."""
        self._typed.display = False
        self._list()
        self.set_interval(_TICK_SECONDS, self._tick)

    def take_focus(self) -> None:
        """Focus the stages of the open workflow, or the list."""
        if self._open is not None:
            self._part.strip.focus()
        else:
            self._things.content.focus()

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
        """The open or the selected workflow, or the selected job, run, deployment or watch itself."""
        view, thing = self._selected_view(), self._selected()
        if view is not None:
            flow = view.workflow
            over = flow.state in (WorkflowState.DONE, WorkflowState.CANCELLED)
            return Watchable(Subject.WORKFLOW, str(flow.id), flow.name, over)
        if thing is None:
            return None
        if thing.kind == "watch":
            kind, _, target = thing.id.partition(" ")
            return Watchable(Subject(kind), target, thing.name)
        subject = _SUBJECTS.get(thing.kind)
        return Watchable(subject, str(thing.id), thing.name, self._facts.is_over(thing)) if subject else None

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
        elif self._things.kind:
            self._things.turn_to("")
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
        if self._open is None and self._things.kind != SPEND:
            self._typed.ask("filter")

    def action_tab(self, by: int) -> None:
        """Another tab of the list; another stage of the open workflow."""
        if self._open is not None:
            self._part.action_stage(by)
        else:
            self._things.turn(by)

    def action_by(self) -> None:
        """What was spent, added up by day, month, job or workflow."""
        if self._open is None:
            self._things.turn_by()

    def action_zoom(self) -> None:
        """The focused part on the whole pane, and back."""
        if self._open is not None:
            self._part.zoom()
        else:
            super().action_zoom()

    def action_raw(self) -> None:
        """What is stored of it."""
        self._post(copying.raw(self._facts, self._selected_view(), self._selected()))

    def action_copy_id(self) -> None:
        """Copy the id of what is selected."""
        self._post(copying.identity(self._selected_view(), self._selected()))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        self._post(copying.command(self._facts, self._selected_view(), self._selected(), self._profile))

    def _post(self, message: Message | None) -> None:
        if message is not None:
            self.post_message(message)

    @on(ThingList.Turned)
    def _turned(self, event: ThingList.Turned) -> None:
        event.stop()
        self._list()
        if self.has_focus_within:
            self.take_focus()

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
        self._things.move_to(("workflow", str(closed)))
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

    def _tick(self) -> None:
        if self.display and self.screen.is_current:
            self.facts_changed(frozenset({"workflows"}))

    def _list(self) -> None:
        self._things.show(self._typed.words)
        self.set_class(self._things.is_empty, "-no-activity")
        self.set_class(self._things.kind == SPEND, "-spend")
        self._draw_detail()

    def _selected(self) -> Thing | None:
        """The row under the cursor."""
        return self._things.selected if self._open is None else None

    def _selected_view(self) -> WorkflowView | None:
        """The workflow that is open, or the one under the cursor."""
        if self._open is not None:
            return self._facts.view(self._open, self._clock())
        thing = self._selected()
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
