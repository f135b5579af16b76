"""A list to choose from: the action menu, and the command palette with words to narrow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ..commands import bindings
from ..lines import Line, Row, Span, line, spread, visible
from ..widgets.painted import Painted
from .modal import Modal


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu."""

    id: str
    words: str
    note: str = ""
    refusal: str = ""
    """Why it cannot be chosen now."""


class Choices(Painted):
    """The lines that match, one of them under the cursor."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(id="choices")
        self._all = tuple(choices)
        self._shown = self._all
        self._cursor = 0

    @property
    def chosen(self) -> Choice | None:
        """What the cursor stands on."""
        return self._shown[self._cursor] if self._shown else None

    def narrow(self, words: str) -> None:
        """Show the choices in which every word is found; those that begin with the words first."""
        wanted = words.lower().split()
        found = [
            choice for choice in self._all if all(word in f"{choice.words} {choice.note}".lower() for word in wanted)
        ]
        self._shown = tuple(
            sorted(found, key=lambda choice: not choice.words.lower().startswith(words.lower().strip()))
        )
        self._cursor = 0
        self.redraw()

    def move(self, by: int) -> None:
        """Move the cursor, round at the ends."""
        if self._shown:
            self._cursor = (self._cursor + by) % len(self._shown)
        self.redraw()

    def move_to(self, index: int) -> bool:
        """Set the cursor; tell whether there is such a line."""
        if not 0 <= index < len(self._shown):
            return False
        self._cursor = index
        self.redraw()
        return True

    def lines(self, width: int, height: int) -> Sequence[Line | Row]:
        if not self._shown:
            return [line(("  nothing with these words", "muted"))]
        top = max(0, min(self._cursor - height // 2, len(self._shown) - height))
        return [
            Row(_choice_line(choice, width), "row" if top + number == self._cursor else "")
            for number, choice in enumerate(self._shown[top : top + height])
        ]

    def index_at(self, y: int) -> int:
        """The choice on a line."""
        top = max(0, min(self._cursor - self.size.height // 2, len(self._shown) - self.size.height))
        return top + y


class MenuScreen(Modal[str | None]):
    """Answers with the id of what was chosen, or None."""

    BINDINGS = bindings("menu")
    SCOPES = ("menu",)

    def __init__(self, title: str, choices: Sequence[Choice], *, typing: bool) -> None:
        super().__init__()
        self._title, self._choices, self._typing = title, choices, typing

    def compose(self) -> ComposeResult:
        with Vertical(id="menu") as box:
            box.border_title = Content(visible(self._title))
            if self._typing:
                words = Input(id="words", placeholder="type a part of its name", compact=True)
                words.cursor_blink = False
                yield words
            choices = Choices(self._choices)
            choices.styles.height = len(self._choices)
            yield choices

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.query_one(Choices).move(by)

    def action_choose(self) -> None:
        """Take what the cursor stands on, if it can be taken."""
        chosen = self.query_one(Choices).chosen
        if chosen is not None and not chosen.refusal:
            self.dismiss(chosen.id)

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one(Choices).narrow(event.value)

    @on(Input.Submitted)
    def _submit(self) -> None:
        self.action_choose()

    def on_click(self, event: events.Click) -> None:
        """Choose the line under the mouse."""
        choices = self.query_one(Choices)
        place = event.get_content_offset(choices) if event.widget is choices else None
        if place is not None and choices.move_to(choices.index_at(place.y)):
            self.action_choose()


def _choice_line(choice: Choice, width: int) -> Line:
    ink = "faint" if choice.refusal else ""
    left = line(" ", (choice.words, ink or "bold"), "  ", (choice.refusal or choice.note, ink or "muted"))
    return spread(left, (Span(" "),), width)
