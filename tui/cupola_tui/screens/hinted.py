"""A form of many fields with a word about the one one is in, and the card that follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.widgets import Input

from ..lines import Line, joined, labelled, line, wrapped
from ..widgets.painted import Lines
from .card import CardScreen
from .form import FormScreen, Question

PROBLEM = "problem"
"""The name of the fact that says why the form is shown once more."""

_ROOM = 13


class HintedForm(FormScreen):
    """Answers with what was typed by name, or None."""

    def __init__(
        self,
        title: str,
        facts: Sequence[tuple[str, str]],
        answers: Mapping[str, str],
        hints: Mapping[str, str],
        confirm: str = "see the cost",
    ) -> None:
        """Make a form with a field for each of the hints."""
        questions = [Question(name, answers.get(name, ""), hint) for name, hint in hints.items()]
        super().__init__(title, facts, questions, confirm)
        self._hints = hints
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
        hint = (wrapped(f"{name}: {self._hints[name]}", width, "info") if name in self._hints else [])[:2]
        keys = (("enter", self._confirm), ("↓ ↑", "fields"), ("esc", "leave it"))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        # As many lines for every field: the form does not jump.
        return [*hint, *([line("")] * (2 - len(hint))), told]


class EstimateCard(CardScreen):
    """The card before a workflow begins: a line for each stage, so with longer labels than other cards."""

    def _lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._rows:
            ink = "accent" if name == "command" else "bold" if name == "in all" else ""
            out += labelled(name, value, width, ink, _ROOM)
        keys = ((key, words) for key, words in (("y", self._confirm), ("esc", self._refuse)))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        return [*out, line(""), told]
