"""The Benchmarks pane: leaderboard, then items, then one item; `esc` goes back the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from cupola.settings import Profile
from cupola.store.benchmarks import RunState
from cupola.store.watches import Subject

from ...benchmark_facts import BenchmarkFacts
from ...commands import Scope, bindings
from ...messages import Ask, Copy, Read, Say
from ...views.actions import Action
from ...views.bench import actions, board
from ...widgets.painted import Lines
from ...widgets.table import Table
from ..pane import Watchable
from . import deciding, showing
from .defining import Definitions
from .drilling import Drill
from .following import BoardPane
from .item import Answers
from .leaderboard import Leaderboard
from .wanting import wanted_actions
from .working import Task, Worked, work_out

if TYPE_CHECKING:
    from cupola.advice.advise import NextStep

_LEVELS = ("-board", "-items", "-item")


class BenchmarksPane(BoardPane):
    """One benchmark at a time."""

    BINDINGS = bindings("pane", "bench")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "bench")

    def __init__(
        self,
        facts: BenchmarkFacts,
        profile: Profile,
        clock: Callable[[], float],
        work_out: Callable[[Task], Worked] = work_out,
    ) -> None:
        super().__init__(facts, clock, work_out, id="pane-benchmarks", classes="-board")
        self._profile = profile
        self._drill = Drill(facts)
        self._definitions = Definitions(self, facts, clock, self._look_at)
        self._nothing = Lines(id="no-benchmarks", classes="purpose")

    def compose(self) -> ComposeResult:
        yield self._leaderboard
        yield self._drill.items
        yield self._drill.item
        yield self._nothing

    def on_mount(self) -> None:
        """Show what is known."""
        self._nothing.show(lambda width: board.nothing_yet(width, self._profile.is_local))
        self._read()

    def take_focus(self) -> None:
        """Focus the level that is open."""
        if self._stale:
            self._read()
        if self._level == "-item":
            self._drill.item.answers.focus()
        else:
            (self._leaderboard.table if self._level == "-board" else self._drill.items.table).focus()

    def actions(self) -> list[Action]:
        """What may be done with the benchmark."""
        row = self._board.row_of(index) if self._board and (index := self._selected) is not None else None
        found = wanted_actions(self._facts, self._known(), row.arm.name if row else None, self._profile, self._clock)
        card = deciding.export_action(self._board, self._selected, self._profile)
        made = [actions.pairs_action(known.run, self._profile)] if (known := self._known()) and known.run else []
        return [*found, *made, *([card] if card else []), *self._definitions.actions(self._known(), self._profile)]

    def watchable(self) -> Watchable | None:
        """The run that is shown."""
        known = self._known()
        if known is None or known.run is None:
            return None
        run = known.run
        over = run.state in (RunState.DONE, RunState.CANCELLED)
        return Watchable(Subject.RUN, str(run.id), f"{run.benchmark}, run {run.id}", over)

    def perform(self, action: Action) -> bool:
        """Write cards and definitions here; all else is the worker's."""
        if self._definitions.perform(action, self._known()):
            return True
        if action.kind == actions.PAIRS:
            self._pairs()
            return True
        if action.kind == deciding.EXPORT and self._board is not None and self._selected is not None:
            standing = self._view.standing if self._view else {}
            deciding.export(self, self._board, self._selected, standing, self._clock())
            return True
        return False

    def take_step(self, step: NextStep) -> None:
        """Open what the guide advises: distilling, pairs, labels, a changed prompt, or the results."""
        name = step.known.get("benchmark", "")
        if any(one.benchmark.name == name for one in self._facts.known()):
            self._look_at(name)
        known = self._known()
        if known is None:
            self._definitions.define()
        elif step.opens == "distil":
            self._distil(step.known)
        elif step.opens == "pairs":
            self._pairs(step.known.get("model", ""))
        elif step.opens == "label":
            self._label()
        elif step.opens == "prompt":
            self._definitions.copy(known)

    def back(self) -> bool:
        """Leave, one at a time: filter, level, zoom, marks, an earlier run."""
        if self._level == "-item":
            self._open("-items")
        elif self._level == "-items":
            if not self._drill.items.back():
                self._open("-board")
        elif self.has_class("-zoom-below"):
            self.remove_class("-zoom-below")
        elif self._leaderboard.table.marks:
            self._leaderboard.table.clear_marks()
        elif self._run_id is not None:
            self._look_at(self._shown_name)
        else:
            return False
        return True

    # Keys.

    @on(Leaderboard.Decided)
    def _decide(self, event: Leaderboard.Decided) -> None:
        """Write down the role with what was on screen."""
        if self._board is not None and self._selected is not None:
            self.post_message(deciding.decision(self._board, event.role, self._selected, self._clock()))

    @on(Leaderboard.Wanted)
    def _want(self, event: Leaderboard.Wanted) -> None:
        wants = {"compare": self._compare, "label": self._label, "ledger": self._ledger, "other": self._turn}
        wants["distil"] = self._distil
        wants[event.what]()

    def _ledger(self) -> None:
        """The decisions, each as its Markdown card."""
        known = self._known()
        self.post_message(deciding.ledger(self._facts.decisions(known.benchmark.name) if known else []))

    def _distil(self, proposed: Mapping[str, str] | None = None) -> None:
        """The form that distils the teacher into the student; roles that were given go before proposed ones."""
        from ...screens.distill import draft, flow

        known = self._known()
        if known is None:
            return
        standing = {role: one.arm for role, one in self._facts.standing(known.benchmark.name).items()}
        if proposed is not None:
            standing = {role: proposed[role] for role in ("teacher", "student") if proposed.get(role)} | standing
        elif words := draft.missing_roles(standing):
            self.post_message(Say(words, warning=True))
            return
        desk = flow.Desk(self, self._facts.database, self._profile, self._clock)
        self.run_worker(flow.distil(desk, known.benchmark, standing), group="ask", exclusive=True)

    def show_thing(self, key: str) -> None:
        """Show a run by its number."""
        every = (run for known in self._facts.known() for run in known.runs)
        found = next((run for run in every if str(run.id) == key), None)
        if found is not None:
            self._look_at(found.benchmark, found.id)

    def _pairs(self, model: str = "") -> None:
        """The form that makes preference pairs of the answers shown."""
        from ...screens.pairs import flow

        known = self._known()
        if known is None or known.run is None:
            self.post_message(Say("Pairs are made of answers: run the benchmark first.", warning=True))
            return
        desk = flow.Desk(self, self._facts.database, self._profile, self._clock)
        self.run_worker(flow.pairs(desk, known.run, model), group="ask", exclusive=True)

    def _compare(self) -> None:
        """The marked arms item by item."""
        found, marks = self._board, self._leaderboard.table.marks
        chosen = [row.index for row in found.rows if row.index in marks] if found else []
        if len(chosen) < 2:
            self.post_message(Say("Mark two models or more with space, then press = to compare them.", warning=True))
            return
        self._drill.choose(chosen, compared=True)
        self._open("-items")

    def _turn(self) -> None:
        """The next benchmark."""
        names = [one.benchmark.name for one in self._facts.known()]
        if len(names) > 1:
            self._look_at(
                names[(names.index(self._shown_name) + 1) % len(names)] if self._shown_name in names else names[0]
            )

    def _label(self) -> None:
        """Label answers by hand."""
        if self._board is None and self._calculation.working:
            self.post_message(Say("The answers are still being compared: a moment."))
            return
        refusal = showing.label(self.app, self._facts, self._board, self._results(), self._clock)
        if refusal:
            self.post_message(Say(refusal, warning=True))

    def action_act(self, verb: str) -> None:
        """Ask for something to be done with the benchmark."""
        for action in self.actions():
            if action.kind.startswith(f"bench.{verb}"):
                self.post_message(Ask(action))
                return

    def action_define(self) -> None:
        """Define another benchmark."""
        self._definitions.define()

    def action_editor(self) -> None:
        """The definition as TOML in the person's editor."""
        known = self._known()
        if known is not None:
            self._definitions.edit_text(known)

    def action_runs(self) -> None:
        """All runs of the benchmark: see one, compare two."""
        known = self._known()
        if known is None or not known.runs:
            self.post_message(Say("There is no run of it yet: x runs it."))
            return
        showing.runs(self.app, self._facts, known, self._clock(), partial(self._look_at, self._shown_name))

    def action_tab(self, by: int) -> None:
        """Judge by another grader."""
        if self._board is not None:
            self._judge = (self._judge + by) % len(self._board.views)
            self._read()

    def action_zoom(self) -> None:
        """Chart and verdict on the whole pane, the whole prompt of an item; and back."""
        if self._level == "-board":
            self.toggle_class("-zoom-below")
        elif self._level == "-item":
            self._drill.item.answers.toggle_whole()

    def action_raw(self) -> None:
        """The definition, or the whole answer that stands at the left."""
        known = self._known()
        if known is None:
            return
        if self._level == "-item":
            view = self._drill.item.answers.at_left
            if view is not None and view.answer is not None:
                self.post_message(Read(f"{view.arm}: the answer as it came", view.answer.raw or view.text))
            return
        text = known.run.definition if known.run else "{}"
        self.post_message(Read(f"{known.benchmark.name}: what was run", text))

    def action_copy_id(self) -> None:
        """Copy the benchmark's name."""
        known = self._known()
        if known:
            self.post_message(Copy(known.benchmark.name, "the benchmark's name"))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same."""
        known = self._known()
        if known:
            verb = "show" if self._level == "-board" else "items"
            self.post_message(Copy(actions.command(verb, known.benchmark.name, self._profile), "the command"))

    # Levels.

    @on(Table.Moved, "#arms")
    def _moved(self) -> None:
        self._leaderboard.show_selected()

    @on(Table.Opened, "#arms")
    def _open_arm(self) -> None:
        found, index = self._board, self._selected
        if found is not None and index is not None:
            others = [row.index for row in found.rows if row.index != index]
            self._drill.choose([index, *others], compared=False)
            self._open("-items")

    @on(Table.Opened, "#items")
    def _open_item(self, event: Table.Opened) -> None:
        self._drill.place = event.key if isinstance(event.key, int) else None
        self._open("-item")

    @on(Answers.Stepped)
    def _step(self, event: Answers.Stepped) -> None:
        self._drill.step(event.by)
        self._drill.show_item(self._board)

    @property
    def _level(self) -> str:
        return next(level for level in _LEVELS if self.has_class(level))

    def _open(self, level: str) -> None:
        before = self._level
        self.remove_class(*_LEVELS)
        self.add_class(level)
        if level == "-items" and before == "-board":
            self._drill.show_items(self._board, self._results(), fresh=True)
        elif level == "-item":
            self._drill.show_item(self._board, fresh=True)
        # What was hidden takes no focus before it is laid out.
        self.call_after_refresh(self.take_focus)

    def _look_at(self, name: str, run: int | None = None) -> None:
        """Show a benchmark: its newest run, or the one of a number."""
        self._open("-board")
        self._choose(name, run)

    def _show_below(self) -> None:
        if self._level != "-board":
            self._drill.show_items(self._board, self._results())
        if self._level == "-item":
            self._drill.show_item(self._board)
