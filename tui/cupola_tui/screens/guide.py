"""The guide: the tree of techniques with the way that the facts take through it, and questions along it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content

from cupola.advice.advise import Advice, NextStep, Tables, advise
from cupola.advice.drawing import TreeLine, tree_lines
from cupola.advice.eligibility import METHOD_OF, learners, region_of
from cupola.advice.facts import FactKind, Known, Origin, given
from cupola.advice.measured import Arms, measured
from cupola.advice.model_table import model_table
from cupola.advice.tree import Node, shipped_tree
from cupola.advice.walk import Advised
from cupola.errors import CupolaError, UsageError
from cupola.store import files
from cupola.store.database import open_store
from cupola_data.models import catalogue
from cupola_data.prices import price_list

from ..commands import bindings
from ..lines import Line, Row, line, visible
from ..messages import Copy, Say
from ..views.guide import asked_facts, folded, heading, text_lines, tree_row
from ..widgets.painted import Painted
from .form import FormScreen, Question
from .menu import Choice, MenuScreen
from .modal import Modal
from .reader import Pages

_MODELS_SHOWN = 8
_TALL = 32
"""From so many lines on the whole tree is drawn."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the store has, read once when the guide is opened."""

    found: tuple[Known, ...]
    arms: Arms
    tables: Tables


class TreeView(Painted):
    """The tree's lines, one under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="guide-tree")
        self._shown: Sequence[TreeLine] = ()
        self._advice: Advice | None = None
        self._cursor = 0

    @property
    def chosen(self) -> TreeLine | None:
        """The line under the cursor."""
        return self._shown[self._cursor] if self._shown else None

    def show(self, shown: Sequence[TreeLine], advice: Advice, cursor: int) -> None:
        """Show other lines."""
        self._shown, self._advice = shown, advice
        self.move_to(cursor)

    def move_to(self, cursor: int) -> None:
        """Put the cursor on a line, the nearest there is."""
        self._cursor = max(0, min(cursor, len(self._shown) - 1))
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor by some lines."""
        self.move_to(self._cursor + by)

    def lines(self, width: int, height: int) -> Sequence[Line | Row]:
        if self._advice is None:
            return [line(("Reading what is measured …", "muted"))]
        top = self._top(height)
        rows = enumerate(self._shown[top : top + height], top)
        return [tree_row(one, self._advice, number == self._cursor) for number, one in rows]

    def line_at(self, y: int) -> int:
        """The line that stands on a row of the widget."""
        return self._top(self.size.height) + y

    def _top(self, height: int) -> int:
        return max(0, min(self._cursor - height // 2, len(self._shown) - height))


class GuideScreen(Modal[NextStep | None]):
    """Answers with the next step to open, or None. What a person says is kept in `said`."""

    BINDINGS = bindings("guide")
    SCOPES = ("guide",)

    def __init__(self, store: Path, said: dict[str, Known], region: str = "", today: dt.date | None = None) -> None:
        super().__init__()
        self._store, self._said, self._today = store, said, today or dt.date.today()
        self._region = region
        """Of the profile; empty is not known."""
        self._tree = shipped_tree()
        self._ground: Ground | None = None
        self._advice: Advice | None = None
        self._fold = False

    def compose(self) -> ComposeResult:
        with Vertical(id="guide") as box:
            box.border_title = Content(heading(None))
            box.border_subtitle = Content("enter answer, open  n where it is  f fold  u take back  Y copy  esc close")
            with Container(id="guide-parts"):
                yield TreeView()
                with Vertical(id="guide-text"):
                    yield Pages(self._text)

    def on_mount(self) -> None:
        """Read the store beside the screen: comparing arms may take a while. A small screen folds the tree."""
        self._fold = self.app.size.height < _TALL
        self._read_store()

    def action_move(self, by: int) -> None:
        """Move in the tree."""
        self.query_one(TreeView).move(by)
        self.query_one(Pages).show_anew()

    def action_edge(self, end: bool) -> None:
        """To the first or the last line."""
        self.action_move(1_000 if end else -1_000)

    def action_read(self, by: int) -> None:
        """Scroll the text."""
        self.query_one(Pages).scroll_lines(by)

    def action_stand(self) -> None:
        """To where the facts lead."""
        self._show()

    def action_fold(self) -> None:
        """Fold the tree, or unfold it."""
        self._fold = not self._fold
        self._show()

    def action_forget(self) -> None:
        """Take back what was said."""
        self._said.clear()
        self._think()

    def action_copy_command(self) -> None:
        """Copy the next step's command, or the one that measures what is missing."""
        if self._advice is not None and self._advice.command:
            self.app.post_message(Copy(self._advice.command, "the command"))

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_answer(self) -> None:
        """Ask what the line under the cursor is about; on the advice, go where its next step is taken."""
        chosen = self.query_one(TreeView).chosen
        if chosen is None or self._advice is None:
            return
        if isinstance(chosen.place, Node):
            self._ask(chosen.place)
        elif chosen.end and isinstance(self._advice.outcome, Advised):
            self.dismiss(self._advice.next_step)
        else:
            self.app.post_message(Say("The facts do not lead here; answer the questions on the way.", warning=True))

    def on_click(self, event: events.Click) -> None:
        """Move to the line under the mouse; a second click answers."""
        view = self.query_one(TreeView)
        place = event.get_content_offset(view) if event.widget is view else None
        if place is not None:
            view.move_to(view.line_at(place.y))
            self.query_one(Pages).show_anew()
            if event.chain == 2:
                self.action_answer()

    def _ask(self, node: Node) -> None:
        facts = self._advice.facts if self._advice else {}
        kinds = asked_facts(self._tree, node, facts)
        if not kinds:
            self.app.post_message(Say("This is measured, not asked.", warning=True))
        elif len(kinds) == 1 and kinds[0].words:
            choices = [Choice(word, word, kinds[0].notes.get(word, "")) for word in kinds[0].words]
            self.app.push_screen(
                MenuScreen(kinds[0].question, choices, typing=False),
                lambda word: self._take({kinds[0].id: word}, kinds) if word else None,
            )
        else:
            questions = [Question(kind.id, "", _hint(kind)) for kind in kinds]
            form = FormScreen(node.question, self._form_facts(node, kinds), questions, "say it")
            form.add_class("guide-form")
            self.app.push_screen(form, lambda answers: self._take(answers, kinds) if answers else None)

    def _form_facts(self, node: Node, kinds: Sequence[FactKind]) -> list[tuple[str, str]]:
        """The questions; where a model is chosen, the models that can be, with price and end."""
        out = [("", kind.question) for kind in kinds]
        method = METHOD_OF.get(node.fact)
        if method and self._ground and self._advice:
            region = region_of(self._advice.facts)
            able = learners(self._ground.tables.models, method, region, self._today)
            out += [("", f"{row.name}: {row.in_short}") for row in able[:_MODELS_SHOWN]]
        return out

    def _take(self, answers: Mapping[str, str], kinds: Sequence[FactKind]) -> None:
        try:
            told = {kind.id: given(kind, answers[kind.id]) for kind in kinds if answers.get(kind.id)}
        except UsageError as error:
            self.app.post_message(Say(str(error), warning=True))
            return
        self._said.update(told)
        self._think()

    @work(thread=True, exclusive=True, exit_on_error=False, group="guide")
    def _read_store(self) -> None:
        table = model_table(catalogue(), price_list())
        try:
            database = open_store(self._store)
            try:
                table = model_table(catalogue(), price_list(), files.models(database))
                found, arms = measured(database, None, self._today, self._region)
            finally:
                database.close()
        except CupolaError as error:
            found, arms = [], Arms()
            self.app.call_from_thread(self.app.post_message, Say(str(error), warning=True))
        if self._region:
            found = [*found, Known("region", self._region, Origin.MEASURED, "the profile")]
        ground = Ground(tuple(found), arms, Tables(catalogue(), price_list(), table))
        self.app.call_from_thread(self._begin, ground)

    def _begin(self, ground: Ground) -> None:
        self._ground = ground
        if self.is_mounted:
            self._think()

    def _think(self) -> None:
        if self._ground is None:
            return
        ground = self._ground
        self._advice = advise(self._tree, self._said, ground.found, ground.tables, self._today, ground.arms)
        self.query_one("#guide", Vertical).border_title = Content(visible(heading(self._advice)))
        self._show()

    def _show(self) -> None:
        """Draw the tree with the cursor where the facts lead."""
        if self._advice is None:
            return
        shown = tree_lines(self._tree, self._advice.outcome)
        shown = folded(shown) if self._fold else shown
        end = next((number for number, one in enumerate(shown) if one.end), 0)
        self.query_one(TreeView).show(shown, self._advice, end)
        self.query_one(Pages).show_anew()

    def _text(self, width: int) -> Sequence[Line]:
        chosen = self.query_one(TreeView).chosen
        if chosen is None or self._advice is None:
            return ()
        return text_lines(self._tree, self._advice, chosen, width)


def _hint(kind: FactKind) -> str:
    if kind.words:
        return " or ".join(kind.words)
    return {"share": "0.42, 42%, or 0.33..0.51", "usd": "dollars", "seconds": "seconds"}.get(kind.kind, kind.kind)
