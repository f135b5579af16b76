"""The Benchmarks pane: leaderboard, then items, then one item; `esc` goes back the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message

from cupola.benchmarks import card, roles
from cupola.settings import Profile

from ...benchmark_facts import BenchmarkFacts, Known
from ...commands import Scope, bindings
from ...lines import Line
from ...messages import Ask, Copy, Keep, Read, Say
from ...views.actions import Action
from ...views.bench import actions, board, compared
from ...views.bench.records import BoardView
from ...widgets.painted import Lines
from ...widgets.table import Table
from ..pane import Pane
from .item import Answers, Item
from .items import Items
from .leaderboard import Leaderboard
from .reading import read_board, read_item, read_items
from .wanting import wanted_actions
from .working import Shelf, Task, Worked, task_of, work_out

if TYPE_CHECKING:
    from cupola.benchmarks.leaderboard import Leaderboard as Board
    from cupola.benchmarks.leaderboard import Row

_REST = 4.0
"""Rest after reading, in multiples of what it took."""

_LEVELS = ("-board", "-items", "-item")


class BenchmarksPane(Pane):
    """One benchmark at a time."""

    BINDINGS = bindings("pane", "bench")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "bench")

    class Done(Message):
        """A leaderboard was worked out."""

        def __init__(self, worked: Worked, seconds: float) -> None:
            super().__init__()
            self.worked, self.seconds = worked, seconds

    def __init__(
        self,
        facts: BenchmarkFacts,
        profile: Profile,
        clock: Callable[[], float],
        work_out: Callable[[Task], Worked] = work_out,
    ) -> None:
        super().__init__(id="pane-benchmarks", classes="-board")
        self._facts, self._profile, self._clock, self._calculate = facts, profile, clock, work_out
        self._shelf = Shelf()
        self._under_way: Task | None = None
        """What is being worked out, if that is still asked for."""
        self._name = ""
        self._judge = 0
        """Which of the graders' views is shown."""
        self._view: BoardView | None = None
        self._arms: list[int] = []
        """The arms whose items are shown, in order."""
        self._compared = False
        self._place: int | None = None
        self._stale = False
        """Something changed that was not read yet."""
        self._rest_until = 0.0
        self._leaderboard, self._items, self._item = Leaderboard(), Items(), Item()
        self._nothing = Lines(id="no-benchmarks", classes="purpose")

    def compose(self) -> ComposeResult:
        yield self._leaderboard
        yield self._items
        yield self._item
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
            self._item.answers.focus()
        else:
            (self._leaderboard.table if self._level == "-board" else self._items.table).focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        self._facts.changed(topics)
        families = {topic.partition("/")[0] for topic in topics}
        if not families & {"benchmarks", "runs", "run", "board", "decisions"}:
            return
        if not self.display:
            self._stale = True
        elif time.monotonic() >= self._rest_until:
            self._read()
        else:
            self._read_after_rest()

    def actions(self) -> list[Action]:
        """What may be done with the benchmark."""
        row = self._selected_row()
        arm = row.arm.name if row is not None else None
        return wanted_actions(self._facts, self._known(), arm, self._profile, self._clock)

    def back(self) -> bool:
        """Leave, one at a time: filter, level, zoom, marks."""
        if self._level == "-item":
            self._open("-items")
        elif self._level == "-items":
            if not self._items.back():
                self._open("-board")
        elif self.has_class("-zoom-below"):
            self.remove_class("-zoom-below")
        elif self._leaderboard.table.marks:
            self._leaderboard.table.clear_marks()
        else:
            return False
        return True

    @on(Leaderboard.Decided)
    def _decide(self, event: Leaderboard.Decided) -> None:
        """Write down the role with what was on screen."""
        found, index = self._board(), self._selected()
        if found is None or index is None:
            return
        now = self._clock()
        proposal = roles.assess(found, roles.Role(event.role), index, _day(now))
        warning = f" {proposal.warnings[0]}" if proposal.warnings else ""
        said = f"{event.role.capitalize()}: {proposal.name}. Written into the ledger (d).{warning}"
        self.post_message(Keep(lambda database: card.decide(database, found, proposal, now), said))

    @on(Leaderboard.Wanted)
    def _want(self, event: Leaderboard.Wanted) -> None:
        wants = {"compare": self._compare, "label": self._label, "ledger": self._ledger, "other": self._turn}
        wants[event.what]()

    def _ledger(self) -> None:
        """The decisions, each as its Markdown card."""
        known = self._known()
        taken = self._facts.decisions(known.benchmark.name) if known else []
        if not taken:
            self.post_message(Say("No decision was taken here yet: t, s, c give a role to a model."))
            return
        self.post_message(Read("Decisions, newest first", "\n\n".join(decision.card for decision in taken)))

    def _compare(self) -> None:
        """The marked arms item by item."""
        found, marks = self._board(), self._leaderboard.table.marks
        chosen = [row.index for row in found.rows if row.index in marks] if found else []
        if len(chosen) < 2:
            self.post_message(Say("Mark two models or more with space, then press = to compare them.", warning=True))
            return
        self._arms, self._compared = chosen, True
        self._open("-items")

    def _turn(self) -> None:
        """The next benchmark."""
        known = self._facts.known()
        if len(known) > 1:
            names = [one.benchmark.name for one in known]
            self._name = names[(names.index(self._name) + 1) % len(names)] if self._name in names else names[0]
            self._judge = 0
            self._leaderboard.table.clear_marks()
            self._open("-board")
            self._read()

    def _label(self) -> None:
        """Label answers by hand."""
        found = self._board()
        if found is None and self._under_way is not None:
            self.post_message(Say("The answers are still being compared: a moment."))
            return
        if found is None or not any(row.outcomes.passed + row.outcomes.failed for row in found.rows):
            self.post_message(Say("There is no graded answer to label yet.", warning=True))
            return
        from ...screens.labelling import LabellingScreen

        known = self._known()
        table = self._facts.table(known.run) if known and known.run else None
        if table is None:
            return
        grader = labelled_grader(found)
        facts, run, use = self._facts, found.run, found.benchmark.graders[grader]
        tasks = facts.to_label(run, table, grader)
        self.app.push_screen(LabellingScreen(use, tasks, lambda: facts.grader_report(run, table, grader), self._clock))

    def action_act(self, verb: str) -> None:
        """Ask for something to be done with the benchmark."""
        for action in self.actions():
            if action.kind.startswith(f"bench.{verb}"):
                self.post_message(Ask(action))
                return

    def action_tab(self, by: int) -> None:
        """Judge by another grader."""
        found = self._board()
        if found is not None:
            self._judge = (self._judge + by) % len(found.views)
            self._read()

    def action_zoom(self) -> None:
        """Chart and verdict on the whole pane, the whole prompt of an item; and back."""
        if self._level == "-board":
            self.toggle_class("-zoom-below")
        elif self._level == "-item":
            self._item.answers.toggle_whole()

    def action_raw(self) -> None:
        """The definition, or the whole answer that stands at the left."""
        known = self._known()
        if known is None:
            return
        if self._level == "-item":
            view = self._item.answers.at_left
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

    @on(Table.Moved, "#arms")
    def _moved(self) -> None:
        self._leaderboard.show_selected()

    @on(Table.Opened, "#arms")
    def _open_arm(self) -> None:
        found, index = self._board(), self._selected()
        if found is None or index is None:
            return
        self._arms = [index, *(row.index for row in found.rows if row.index != index)]
        self._compared = False
        self._open("-items")

    @on(Table.Opened, "#items")
    def _open_item(self, event: Table.Opened) -> None:
        self._place = event.key if isinstance(event.key, int) else None
        self._open("-item")

    @on(Answers.Stepped)
    def _step(self, event: Answers.Stepped) -> None:
        self._items.table.action_wrap(event.by)
        key = self._items.table.key
        self._place = key if isinstance(key, int) else self._place
        self._show_item()

    @property
    def _level(self) -> str:
        return next(level for level in _LEVELS if self.has_class(level))

    def _open(self, level: str) -> None:
        before = self._level
        self.remove_class(*_LEVELS)
        self.add_class(level)
        if level == "-items" and before == "-board":
            self._show_items(fresh=True)
        elif level == "-item":
            self._show_item(fresh=True)
        # What was hidden takes no focus before it is laid out.
        self.call_after_refresh(self.take_focus)

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
        self._read_known()
        # A large run changes often: most of the time stays for the keys.
        self._rest_until = time.monotonic() + _REST * (time.monotonic() - started)

    def _read_known(self) -> None:
        known = self._facts.known()
        self.set_class(not known, "-no-benchmarks")
        if not known:
            self._view = None
            return
        names = [one.benchmark.name for one in known]
        place = names.index(self._name) if self._name in names else 0
        self._name = names[place]
        task = task_of(self._facts, known[place], self._judge, self._clock())
        if task is not None and self._shelf.exact(task) is None:
            self._begin(task)
        else:
            self._under_way = None
        self._show(known, place, task)

    def _begin(self, task: Task) -> None:
        """Work out what is asked for; newer results of the same wait for what is under way."""
        if self._under_way is None or self._under_way.key != task.key:
            self._under_way = task
            self._work_out(task)

    @work(thread=True, exclusive=True, group="board")
    def _work_out(self, task: Task) -> None:
        started = time.monotonic()
        worked = self._calculate(task)
        self.post_message(self.Done(worked, time.monotonic() - started))

    @on(Done)
    def _done(self, event: Done) -> None:
        """Show what was worked out, unless something else was asked for meanwhile."""
        event.stop()
        if self._under_way is None or not self._under_way.same(event.worked.task):
            return
        self._under_way = None
        self._shelf.keep(event.worked)
        self._rest_until = time.monotonic() + _REST * event.seconds
        known = self._facts.known()
        place = next((at for at, one in enumerate(known) if one.benchmark.name == self._name), None)
        task = None if place is None else task_of(self._facts, known[place], self._judge, self._clock())
        if place is None or task is None:
            return
        self._show(known, place, task)
        if self._shelf.exact(task) is None:
            self._read_after_rest()

    def _show(self, known: Sequence[Known], place: int, task: Task | None) -> None:
        """Show the newest that was worked out."""
        worked = None if task is None else self._shelf.latest(task)
        self._view = read_board(self._facts, known, place, worked, working=self._under_way is not None)
        self._leaderboard.show(self._view, self._clock())
        if self._level != "-board":
            self._show_items()
        if self._level == "-item":
            self._show_item()

    def _show_items(self, *, fresh: bool = False) -> None:
        found, known = self._board(), self._known()
        table = self._facts.table(known.run) if known and known.run else None
        if found is None or table is None or not self._arms:
            return
        # Two arms that are compared: what the second lost against the first.
        chosen = self._arms[0]
        pair = self._compared and len(self._arms) == 2
        items = read_items(self._facts, found, table, self._arms, chosen, compared=pair)
        head: tuple[Callable[[int], list[Line]], ...] = ()
        if pair:
            first, second = self._arms
            head = (lambda width: compared.comparison_lines(found, first, second, width),)
        verb = "compared" if self._compared else f"items, {items.arms[0]} first"
        title = f"{found.benchmark.name} · {found.view.name} · {verb}"
        (self._items.open if fresh else self._items.show)(items, title, head)

    def _show_item(self, *, fresh: bool = False) -> None:
        found = self._board()
        if found is None or self._place is None:
            return
        places = self._items.places
        number = places.index(self._place) + 1 if self._place in places else 0
        view = read_item(self._facts, found, self._arms, self._place, number, len(places))
        if view is not None:
            diff = (self._compared and len(self._arms) == 2) if fresh else None
            self._item.show(view, found.benchmark.name, diff=diff)

    def _known(self) -> Known | None:
        return next((one for one in self._facts.known() if one.benchmark.name == self._name), None)

    def _board(self) -> Board | None:
        return self._view.board if self._view else None

    def _selected_row(self) -> Row | None:
        found, index = self._board(), self._selected()
        return None if found is None or index is None else found.row_of(index)

    def _selected(self) -> int | None:
        key = self._leaderboard.table.key
        return key if isinstance(key, int) else None


def labelled_grader(found: Board) -> int:
    """The grader whose view is open; of all together the first that asks a model, since formulas need no trust."""
    if found.view.grader is not None:
        return found.view.grader
    return next((index for index, use in enumerate(found.benchmark.graders) if use.judges), 0)


def _day(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()
