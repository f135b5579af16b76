"""The form of a distillation: as the other forms, with a word about the field one is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import events
from textual.widgets import Input

from ...lines import Line, joined, line, wrapped
from ...widgets.painted import Lines
from ..form import FormScreen, Question
from .draft import HINTS


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
        return super()._facts_lines(width) if self._facts else []

    def _keys(self, width: int) -> list[Line]:
        focused = self.focused
        name = focused.name or "" if isinstance(focused, Input) else ""
        hint = (wrapped(f"{name}: {HINTS[name]}", width, "info") if name in HINTS else [])[:2]
        keys = (("enter", self._confirm), ("↓ ↑", "fields"), ("esc", "leave it"))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        # As many lines for every field: the form does not jump.
        return [*hint, *([line("")] * (2 - len(hint))), told]
