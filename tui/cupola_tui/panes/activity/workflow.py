"""The screen of one workflow: its stages above, the stage under the cursor below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from cupola.models import Job
from cupola.store.benchmarks import Run
from cupola.store.workflows import StageState

from ...commands import Scope, bindings
from ...lines import Line, line, plain
from ...messages import Read
from ...views.deployments import detail as deployment_detail
from ...views.workflows import numbers, steps, strip
from ...views.workflows.records import Step, WorkflowView
from ...views.workflows.sieve import Kept
from ...views.workflows.verdict import verdict_lines
from ...widgets.box import Box
from ...widgets.chart import Chart
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table
from ..jobs.curves import Curves
from ..jobs.reading import read_curves
from .answers import Answers, asked
from .raft_curve import RaftCurve
from .reading import ActivityFacts
from .sieve import Sieve
from .told import StageStrip, Told

_ANSWERS = (
    Column("", 1),
    Column("score", 5, right=True),
    Column("topic", 14, drop=3),
    Column("prompt", 16, flexible=True, drop=2),
    Column("the teacher's answer", 20, flexible=True),
    Column("becomes", 19, drop=1),
)
_ZOOM = "-zoom"


class WorkflowPart(Container):
    """Shows what it is given; asks the pane to open things elsewhere."""

    BINDINGS = bindings("workflow", "curves")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("workflow", "curves")

    class Elsewhere(Message):
        """What stands behind a stage is to be seen in its own pane."""

        def __init__(self, pane: str, key: str) -> None:
            super().__init__()
            self.pane, self.key = pane, key

    class Sifted(Message):
        """Another threshold is to be applied, in a branch."""

        def __init__(self, kept: Kept) -> None:
            super().__init__()
            self.kept = kept

    class StageMoved(Message):
        """Another stage is looked at."""

    def __init__(self, facts: ActivityFacts, clock: Callable[[], float]) -> None:
        super().__init__(id="workflow-part")
        self._facts, self._clock = facts, clock
        self._view: WorkflowView | None = None
        self._chosen = ""
        """The step under the cursor; "" follows the one that is under way."""
        self._answers: Answers | None = None
        self._reading = False
        # Held rather than looked up: they may be given something to show before they are mounted.
        self._edge, self._stage_edge, self._below = Edge("Workflow"), Edge("Stage"), Edge(below=True)
        self.strip, self._progress, self._head = StageStrip(), Lines(id="workflow-progress"), Lines(id="stage-head")
        self._told, self.sieve, self._curves = Told(id="stage-told"), Sieve(), Curves()
        self._raft = RaftCurve()
        self._table, self._answer = Table(_ANSWERS, id="answers-kept", empty="No answer yet."), Told(id="stage-answer")

    def compose(self) -> ComposeResult:
        with Box(id="workflow-upper"):
            yield self._edge
            with Container(classes="box"):
                yield self.strip
                yield self._progress
            yield Edge(below=True)
        with Box(id="workflow-stage"):
            yield self._stage_edge
            with Container(classes="box"):
                yield self._head
                yield self._told
                yield self._table
                yield self._answer
                yield self.sieve
                yield self._curves
                yield self._raft
            yield self._below

    @property
    def step(self) -> Step | None:
        """The step that is looked at."""
        if self._view is None:
            return None
        return self._view.step(self._chosen) or self._view.current

    @property
    def wants_answers(self) -> bool:
        """Whether the step that is looked at shows the teacher's answers."""
        return self.step is not None and self.step.name in ("generate", "filter")

    def show(self, view: WorkflowView, answers: Answers | None, *, reading: bool, anew: bool = False) -> None:
        """Show a workflow; `reading` says that its answers are being read."""
        self._view, self._answers, self._reading = view, answers, reading
        if anew:
            self._chosen = ""
            self.remove_class(_ZOOM)
        step = self.step
        if step is None:
            return
        self._edge.show(strip.title(view))
        self.strip.show_stages(view, step.name)
        self._progress.show(lambda width: strip.progress_lines(view, width))
        self._head.show(lambda width: self._head_lines(view, step, width))
        self._draw_step(view, step, anew=anew)

    def back(self) -> bool:
        """Leave the zoom or the stage's contents; False if the stages have the focus."""
        if self._curves.display and self._curves.reset():
            return True
        if self._raft.display and self._raft.chart.looked_into:
            self._raft.chart.reset_zoom()
            return True
        if self.has_class(_ZOOM):
            self.remove_class(_ZOOM)
        elif not self.strip.has_focus:
            self.strip.focus()
        else:
            return False
        return True

    def zoom(self) -> None:
        """The stage on the whole pane, and back."""
        self.toggle_class(_ZOOM)
        if self.has_class(_ZOOM) and self.strip.has_focus:
            self._body().focus()

    def action_stage(self, by: int) -> None:
        """Look at another stage."""
        if self._view is None or self.step is None:
            return
        names = [step.name for step in self._view.steps]
        place = max(0, min(len(names) - 1, names.index(self.step.name) + by))
        self._choose(names[place])

    @on(StageStrip.Opened)
    def _open(self, event: StageStrip.Opened) -> None:
        """Open the stage: its contents here, or what stands behind it in its own pane."""
        event.stop()
        step = self.step
        if step is None:
            return
        goes = self._elsewhere(step)
        if goes is not None:
            self.post_message(self.Elsewhere(*goes))
        else:
            self._body().focus()

    def action_metric(self) -> None:
        """Next metric."""
        self._curves.next_metric()

    def action_smoothing(self) -> None:
        """Next smoothing."""
        self._curves.next_smoothing()

    def action_log(self) -> None:
        """Logarithmic y axis, and back."""
        self._curves.toggle_log()

    def action_zoom_x(self, closer: bool) -> None:
        """Fewer steps or more."""
        for chart in self._charts():
            (chart.zoom_in if closer else chart.zoom_out)()

    def action_reset_zoom(self) -> None:
        """All steps."""
        for chart in self._charts():
            chart.reset_zoom()

    def action_band(self) -> None:
        """The bands of another arm."""
        if self._raft.display:
            self._raft.next_band()

    @on(StageStrip.Chosen)
    def _clicked(self, event: StageStrip.Chosen) -> None:
        event.stop()
        self._choose(event.name)

    @on(Sieve.Applied)
    def _applied(self, event: Sieve.Applied) -> None:
        event.stop()
        self.post_message(self.Sifted(event.kept))

    @on(Table.Moved, "#answers-kept")
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._draw_answer(anew=True)

    @on(Table.Opened, "#answers-kept")
    def _opened(self, event: Table.Opened) -> None:
        """The whole answer, as it came."""
        event.stop()
        width = max(20, self.size.width - 8)
        text = "\n".join(plain(one) for one in self._answer_lines(width))
        self.post_message(Read("The teacher's answer", text))

    def _choose(self, name: str) -> None:
        """Look at a step; at the one under way, follow on."""
        if self._view is None:
            return
        self._chosen = "" if name == self._view.current.name else name
        self.show(self._view, self._answers, reading=self._reading)
        self._told.show(self._told_lines, anew=True)
        self.post_message(self.StageMoved())

    def _charts(self) -> list[Chart]:
        """The charts of the step that is looked at."""
        return [self._raft.chart] if self._raft.display else self._curves.charts()

    def _body(self) -> Widget:
        """What holds the contents of the step that is looked at."""
        if self._curves.display or self._raft.display:
            return self._charts()[0]
        return next((one for one in (self._table, self.sieve) if one.display), self._told)

    def _elsewhere(self, step: Step) -> tuple[str, str] | None:
        """The pane in which a step is seen whole, and what of it."""
        runs = self._runs(step)
        if step.name in ("benchmark", "re-benchmark") and runs:
            return "benchmarks", str(runs[-1].id)
        name = step.stages[0].inputs.get("name") if step.name == "deploy" else None
        return ("deployments", str(name)) if name else None

    def _runs(self, step: Step) -> list[Run]:
        """The benchmark runs of a step."""
        stage = step.stages[0]
        named = numbers.items(stage.outputs.get("runs")) or numbers.items(stage.notes.get("runs"))
        found = [self._facts.run(number) for number in named if isinstance(number, int)]
        return [run for run in found if run is not None]

    def _job(self, step: Step) -> Job | None:
        stage = step.stages[0]
        name = stage.outputs.get("job") if step.name == "train" else None
        return self._facts.job(str(name)) if name else None

    # Drawing.

    def _head_lines(self, view: WorkflowView, step: Step, width: int) -> list[Line]:
        out = strip.head_lines(view, step, width)
        return [*out, *steps.job_lines(step, width)] if step.name == "train" else out

    def _draw_step(self, view: WorkflowView, step: Step, *, anew: bool) -> None:
        job = self._job(step)
        has_answers = self._answers is not None and bool(self._answers.candidates)
        begun = step.state is not StageState.PENDING
        shows = {
            "table": step.name == "generate" and begun and has_answers,
            "sieve": step.name == "filter" and (begun or has_answers),
            "curves": job is not None,
            "raft": step.name == "curve" and bool(step.stages[0].outputs),
        }
        focused = self._focused_body()
        self._table.display = self._answer.display = shows["table"]
        self.sieve.display, self._curves.display = shows["sieve"], shows["curves"]
        self._raft.display = shows["raft"]
        self._told.display = not any(shows.values())
        self._stage_edge.show(self._stage_title(view, step))
        self._told.show(self._told_lines, anew=anew)
        if shows["table"]:
            self._draw_answers()
        if shows["sieve"]:
            warnings = [str(one) for one in numbers.items(step.current.outputs.get("warnings"))]
            self.sieve.show(self._answers, warnings, reading=self._reading)
        if shows["raft"]:
            self._raft.show(step.stages[0].outputs, anew=anew)
        if job is not None:
            self._curves.show(read_curves(self._facts.facts, job, self._clock()))
        if focused is not None and not focused.display:
            self._body().focus()

    def _focused_body(self) -> Widget | None:
        focused = self.app.focused if self.is_mounted else None
        return focused if focused in (self._table, self.sieve, self._told, self._answer) else None

    def _stage_title(self, view: WorkflowView, step: Step) -> str:
        more = {
            "verdict": "what has come of it",
            "curve": "score over the number of distracting documents",
            "filter": "what is learnt from",
            "generate": "the teacher's answers",
        }
        words = more.get(step.name, "")
        return f"{step.title}{f' · {words}' if words else ''} · {step.state.value}"

    def _told_lines(self, width: int) -> Sequence[Line]:
        view, step = self._view, self.step
        if view is None or step is None:
            return ()
        outputs = step.stages[0].outputs
        if step.name == "verdict" and outputs:
            return verdict_lines(outputs, width)
        out = steps.facts_lines(view, step, self._runs(step), width)
        if step.name == "deploy":
            out += self._deployment_lines(step, width)
        if step.name == "generate" and self._reading:
            out.append(line(("The answers are being read …", "muted")))
        return out

    def _deployment_lines(self, step: Step, width: int) -> list[Line]:
        name = step.stages[0].inputs.get("name")
        row = self._facts.deployment(str(name)) if name else None
        if row is None:
            return []
        facts = deployment_detail.facts_lines(row, self._clock(), (), 0.0, width)
        keys = line(("enter", "key bold"), (" opens it in Deployments", "muted"))
        return [line(""), line((row.name, "bold")), *facts, line(""), keys]

    def _draw_answers(self) -> None:
        known = self._answers
        if known is None:
            return
        threshold = known.definition.threshold if known.definition is not None else None
        # Before the filter has looked for leaks and twins, what becomes of an answer is not known.
        fates = [fate.value for fate in known.fates(threshold)] if known.train else []

        def cells(index: int) -> tuple[Line, ...]:
            one = known.candidates[index]
            score = numbers.number(one.score)
            fate = fates[index] if fates else ""
            return steps.answer_cells(asked(one), one.text, score, one.passed, fate, one.topic)

        keys = [(one.place, one.repeat) for one in known.candidates]
        self._table.show(KeyedRows(keys, cells))
        self._draw_answer(anew=False)

    def _draw_answer(self, *, anew: bool) -> None:
        self._answer.show(self._answer_lines, anew=anew)

    def _answer_lines(self, width: int) -> list[Line]:
        known, key = self._answers, self._table.key
        found = next((one for one in known.candidates if (one.place, one.repeat) == key), None) if known else None
        return steps.answer_lines(asked(found), found.text, found.tokens, found.outcome.value, width) if found else []
