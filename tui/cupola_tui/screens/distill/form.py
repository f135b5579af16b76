"""The form of a distillation: as the other forms, with a word about the field one is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.widgets import Input

from ...lines import Line, joined, labelled, line, wrapped
from ...widgets.painted import Lines
from ..card import CardScreen
from ..form import FormScreen, Question
from .draft import HINTS

_ROOM = 13

PROBLEM = "problem"
"""The name of the fact that says why the form is shown once more."""


class DistilForm(FormScreen):
    """Answers with what was typed by name, or None."""

    def __init__(
        self, title: str, facts: Sequence[tuple[str, str]], answers: Mapping[str, str], fields: Sequence[str]
    ) -> None:
        questions = [Question(name, answers.get(name, ""), HINTS[name]) for name in fields]
        super().__init__(title, facts, questions, "see the cost")
        self.add_class("distil-form")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field is for."""
        if self.is_mounted:
            self.query_one("#form-keys", Lines).show(self._keys)

    def _facts_lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._facts:
            out += labelled(name, value, width, "bad" if name == PROBLEM else "", _ROOM)
        return out

    def _keys(self, width: int) -> list[Line]:
        focused = self.focused
        name = focused.name or "" if isinstance(focused, Input) else ""
        hint = (wrapped(f"{name}: {HINTS[name]}", width, "info") if name in HINTS else [])[:2]
        keys = (("enter", self._confirm), ("↓ ↑", "fields"), ("esc", "leave it"))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        # As many lines for every field: the form does not jump.
        return [*hint, *([line("")] * (2 - len(hint))), told]


class EstimateCard(CardScreen):
    """The card before a distillation begins: a line for each stage, so with longer labels than other cards."""

    def _lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._rows:
            ink = "accent" if name == "command" else "bold" if name == "in all" else ""
            out += labelled(name, value, width, ink, _ROOM)
        keys = ((key, words) for key, words in (("y", self._confirm), ("esc", self._refuse)))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        return [*out, line(""), told]
