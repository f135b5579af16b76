"""The form of a job: the other forms, with what `auto` means in every empty field and a word about each one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.widgets import Input

from cupola.advice.model_table import ModelRow, find

from ...commands import Scope, bindings
from ...lines import Line, joined, labelled, line, wrapped
from ...views.models import in_short
from ...widgets.painted import Lines
from ..card import CardScreen
from ..form import FormScreen, Question
from ..menu import Choice, MenuScreen
from ..models import ModelsScreen
from ..path_prompt import PathScreen
from . import draft as drafts
from .draft import Wanted

PROBLEM = "problem"
"""The name of the fact that says why the form is shown once more."""

_ROOM = 15
_HINT_LINES = 3
_ELSEWHERE = "another file"
_ENDINGS = {"training file": (".jsonl",), "validation": (".jsonl",), "grader": (".json",), "answer form": (".json",)}


class SubmitForm(FormScreen):
    """Answers with what was typed by name, or None."""

    BINDINGS = bindings("submit")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("form", "submit")

    def __init__(
        self,
        wanted: Wanted,
        facts: Sequence[tuple[str, str]],
        models: Sequence[ModelRow],
        files: Sequence[Choice],
        rows: Mapping[str, int],
        today: dt.date,
        region: str,
    ) -> None:
        self._wanted, self._models, self._files, self._rows = wanted, models, files, rows
        self._today, self._region = today, region
        counted = rows.get(wanted.answers.get("training file", ""))
        questions = [
            Question(name, wanted.answers.get(name, ""), _placeholder(name, wanted, counted))
            for name in drafts.FIELDS[wanted.method]
        ]
        called, what = drafts.METHODS[wanted.method]
        super().__init__(f"Train: {called}, {what}", facts, questions, "see the cost")
        self.add_class("submit-form")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what the field is for."""
        self._tell()

    def action_file(self) -> None:
        """Choose a file for the field one is in: what is known, or any other."""
        field = self._field
        if field is None or field.name not in _ENDINGS:
            return
        if field.name in ("training file", "validation") and self._files:
            choices = [*self._files, Choice(_ELSEWHERE, _ELSEWHERE, "type its path")]
            self.app.push_screen(MenuScreen("Data", choices, typing=False), self._chosen)
        else:
            self._ask_path()

    def action_models(self) -> None:
        """Choose from the models table."""
        field = next(one for one in self.query(Input) if one.name == "model")

        def answer(model: str | None) -> None:
            if model is not None:
                field.value = model
                field.focus()

        self.app.push_screen(
            ModelsScreen(
                self._models, self._today, method=self._wanted.method, region=self._region, chosen=field.value
            ),
            answer,
        )

    @on(Input.Changed)
    def _typed(self) -> None:
        self._tell()

    @property
    def _field(self) -> Input | None:
        return self.focused if isinstance(self.focused, Input) else None

    def _tell(self) -> None:
        if self.is_mounted and self.query("#form-keys"):
            self.query_one("#form-keys", Lines).show(self._keys)

    def _chosen(self, key: str | None) -> None:
        if key == _ELSEWHERE:
            self._ask_path()
        elif key is not None:
            self._put(key)

    def _ask_path(self) -> None:
        field = self._field
        name = field.name or "" if field is not None else ""
        screen = PathScreen(f"The {name}", Path.cwd(), _ENDINGS.get(name, (".jsonl",)))
        self.app.push_screen(screen, lambda path: self._put(path) if path is not None else None)

    def _put(self, value: str) -> None:
        if self._field is not None:
            self._field.value = value

    def _facts_lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._facts:
            out += labelled(name, value, width, "bad" if name == PROBLEM else "", _ROOM)
        return out

    def _keys(self, width: int) -> list[Line]:
        field = self._field
        name = field.name or "" if field is not None else ""
        said = (wrapped(f"{name}: {self._hint(name)}", width, "info") if name else [])[:_HINT_LINES]
        keys = (("enter", self._confirm), ("ctrl+o", "files"), ("ctrl+l", "models"), ("esc", "leave it"))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        # As many lines for every field: the form does not jump.
        return [*said, *([line("")] * (_HINT_LINES - len(said))), told]

    def _hint(self, name: str) -> str:
        typed = {one.name or "": one.value.strip() for one in self.query(Input)}
        if name == "model" and typed["model"]:
            row = find(self._models, typed["model"])
            known = in_short(row) if row is not None else "not in the table: what it can learn is not known"
            return f"{known}. ctrl+l: all models"
        return drafts.hint(name, self._wanted.method, self._rows.get(typed["training file"]), self._wanted.base)


class SubmitCard(CardScreen):
    """The card before a job is submitted: a line for each file and setting, so with longer labels than other cards."""

    def _lines(self, width: int) -> list[Line]:
        out: list[Line] = []
        for name, value in self._rows:
            ink = {"command": "accent", "cost": "bold", "careful": "warn"}.get(name, "")
            out += labelled(name, value, width, ink, _ROOM)
        keys = ((key, words) for key, words in (("y", self._confirm), ("esc", self._refuse)))
        told = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in keys], line("   "))
        return [*out, line(""), told]


def _placeholder(name: str, wanted: Wanted, rows: int | None) -> str:
    """What stands in an empty field: of a setting what the service is likely to choose."""
    said = drafts.hint(name, wanted.method, rows, wanted.base)
    if name in drafts.SETTINGS:
        return f"auto: {said.partition('; auto: ')[2]}"
    return {"validation": "none", "seed": "any", "budget": "none"}.get(name, said)
