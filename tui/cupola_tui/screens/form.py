"""A few questions before new files are made; what is typed is checked by whoever makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from ..commands import Scope, bindings
from ..lines import Line, joined, labelled, line, visible
from ..widgets.painted import Lines
from .modal import Modal


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a form."""

    name: str
    value: str
    hint: str = ""
    """What may be typed."""


class FormScreen(Modal[Mapping[str, str] | None]):
    """Answers with what was typed by name, or None."""

    BINDINGS = bindings("form")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("form",)

    def __init__(
        self, title: str, facts: Sequence[tuple[str, str]], questions: Sequence[Question], confirm: str
    ) -> None:
        super().__init__()
        self._title, self._facts, self._questions, self._confirm = title, facts, questions, confirm

    def compose(self) -> ComposeResult:
        with Vertical(id="form") as box:
            box.border_title = Content(visible(self._title))
            yield Lines(id="form-facts")
            for question in self._questions:
                with Horizontal(classes="question"):
                    label = Lines(classes="question-name")
                    label.show(lambda width, name=question.name: [line((name, "muted"))])  # type: ignore[misc]
                    yield label
                    answer = Input(question.value, placeholder=question.hint, compact=True, name=question.name)
                    answer.cursor_blink = False
                    yield answer
            yield Lines(id="form-keys")

    def on_mount(self) -> None:
        """Fill the form."""
        self.query_one("#form-facts", Lines).show(self._facts_lines)
        self.query_one("#form-keys", Lines).show(self._keys)
        self.query(Input).first().focus()

    def action_move(self, by: int) -> None:
        """To another question."""
        (self.focus_next if by > 0 else self.focus_previous)()

    def action_confirm(self) -> None:
        """Take the answers."""
        self.dismiss({answer.name or "": answer.value.strip() for answer in self.query(Input)})

    def action_close(self) -> None:
        """Take nothing."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_confirm()

    def _facts_lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._facts:
            out += labelled(name, value, width, "accent" if name == "command" else "")
        return [*out, line("")]

    def _keys(self, width: int) -> list[Line]:
        keys = (("enter", self._confirm), ("tab", "next"), ("esc", "leave it"))
        return [line(""), joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))]
