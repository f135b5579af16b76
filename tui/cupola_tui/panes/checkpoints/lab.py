"""The grader lab: a grader edited in the person's editor, run on stored answers, its rewards beside those there are."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from cupola.errors import CupolaError, UsageError
from cupola.graders import GraderDefinitionError, SandboxUnavailableError

from ...checkpoint_facts import CheckpointFacts
from ...commands import bindings
from ...lines import Line, Span, flowed, joined, line, visible, wrapped
from ...messages import Say
from ...screens.form import FormScreen, Question
from ...screens.modal import Modal
from ...views.checkpoints.changes import excerpt, question
from ...views.checkpoints.steps import StepsView, number, short
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table
from ..benchmarks.editing import editor_command, file_stem
from .lab_run import Trial, Tried, sampled, try_grader
from .lab_text import editable, edited

_COLUMNS = (
    Column("", 1),
    Column("step", 5, right=True),
    Column("item", 18, flexible=True),
    Column("answer", 18, flexible=True, drop=1),
    Column("reward", 15, right=True),
)
_AGAIN, _KEEP = "edit", "keep"
_KEYS = (("e", "edit, and run it again"), ("s", "write the grader into a file"), ("esc", "close"))

Texts = Callable[[Tried], tuple[str, str]]
"""Question and answer of what was tried, each in a line."""


class LabScreen(Modal[str | None]):
    """Shows a trial; answers with what is wanted next, or None."""

    BINDINGS = bindings("lab")
    SCOPES = ("lab",)

    def __init__(self, trial: Trial, texts: Texts) -> None:
        super().__init__()
        self._trial, self._texts = trial, texts
        self._table = Table(_COLUMNS, id="lab-answers", empty="No stored answer could be read.")

    def compose(self) -> ComposeResult:
        with Vertical(id="lab") as box:
            box.border_title = Content(visible(f"Grader lab: {self._trial.name}"))
            yield Lines(id="lab-head")
            yield self._table
            yield Lines(id="lab-keys")

    def on_mount(self) -> None:
        """What changed comes first."""
        tried = sorted(self._trial.tried, key=_rank)
        self.query_one("#lab-head", Lines).show(lambda width: head_lines(self._trial, width))
        self._table.show(KeyedRows(range(len(tried)), lambda index: _cells(tried[index], self._texts(tried[index]))))
        keys = joined([line((key, "key bold"), (f" {words}", "muted")) for key, words in _KEYS], line("   "))
        self.query_one("#lab-keys", Lines).show(lambda width: [line(""), keys])
        self._table.focus()

    def action_editor(self) -> None:
        """Edit it again."""
        self.dismiss(_AGAIN)

    def action_keep(self) -> None:
        """Write it into a file."""
        self.dismiss(_KEEP)

    def action_close(self) -> None:
        """Leave the lab."""
        self.dismiss(None)


class Lab:
    """Remembers for each job what was edited last."""

    def __init__(self, owner: Widget, facts: CheckpointFacts) -> None:
        self._owner, self._facts = owner, facts
        self._texts: dict[str, str] = {}

    async def go(self, view: StepsView, pair: tuple[int, int]) -> None:
        """Edit, run, look; again until it is left."""
        from cupola.workflows.checkpoint_test.of_job import grader_of

        try:
            before = editable(grader_of(view.job))
            rows = [row for step in dict.fromkeys(pair) if (row := view.evals.row_of(step)) is not None]
            while True:
                text = _edited_text(self._owner, self._texts.get(view.job.id, before.text), before.ending)
                self._texts[view.job.id] = text
                definition = edited(before, text)
                trial = await asyncio.to_thread(_tried, self._facts.common.database.path, view, rows, definition)
                wanted = await self._owner.app.push_screen_wait(LabScreen(trial, self._lines_of(view)))
                if wanted == _KEEP:
                    await self._keep(trial.name, definition)
                if wanted != _AGAIN:
                    return
        except CupolaError as error:
            self._owner.post_message(Say(f"{error}\nWhat was written is kept: e opens it again.", warning=True))

    async def _keep(self, name: str, definition: Mapping[str, Any]) -> None:
        facts = (("what", "the edited grader as the service's JSON"), ("folder", str(Path.cwd())))
        form = FormScreen(
            "Write the grader", facts, [Question("into", f"{file_stem(name)}.json", "a new file")], "write"
        )
        given = await self._owner.app.push_screen_wait(form)
        if not given or not given["into"]:
            return
        path = Path.cwd() / Path(given["into"]).expanduser()
        try:
            with path.open("xb") as file:
                file.write(f"{json.dumps(definition, indent=2, ensure_ascii=False)}\n".encode("utf-8", "replace"))
        except FileExistsError as error:
            raise UsageError(f"{path} is there already, and stays as it is.", remedy="Name another file.") from error
        except OSError as error:
            raise UsageError(f"{path} cannot be written.", error.strerror or "") from error
        self._owner.post_message(Say(f"Wrote {path}. x shows all stored answers to it, as a second grader."))

    def _lines_of(self, view: StepsView) -> Texts:
        def texts(tried: Tried) -> tuple[str, str]:
            row = view.evals.row_of(tried.step)
            item = view.evals.items[row][tried.column] if row is not None else None
            if item is None:
                return "", ""
            told = self._facts.answer(item)
            return question(told), excerpt(told)

        return texts


def head_lines(trial: Trial, width: int) -> list[Line]:
    """How many rewards changed, and what the mean became."""
    before, after = trial.means
    parts = [
        line((f"{trial.changed} of {len(trial.tried)}", "bold"), " rewards changed"),
        line("mean ", (number(before), "muted"), (" → ", "faint"), (number(after), "bold")),
    ]
    if trial.failed:
        parts.append(line((f"{trial.failed} without a reward", "warn")))
    out = flowed(parts, line("   "), width)
    if trial.asks_models:
        words = "A part of it asks a model, which the lab does not: x, another grader, names the command."
        out += wrapped(words, width, "warn")
    problems = list(dict.fromkeys(one.problem for one in trial.tried if one.problem))
    for problem in problems[:2]:
        out += wrapped(problem[:400], width, "warn")
    return [*out, line("")]


def _rank(one: Tried) -> tuple[bool, float, int, int]:
    change = abs(one.after - one.before)
    known = math.isfinite(change)
    return known, -change if known else 0.0, one.step, one.column


def _cells(one: Tried, texts: tuple[str, str]) -> tuple[Line, ...]:
    change = one.after - one.before
    if math.isnan(change):
        sign, ink = ("!", "warn")
    else:
        sign, ink = ("▲", "good") if change > 0 else ("▼", "bad") if change < 0 else ("=", "faint")
    reward = (*line((short(one.before), "muted"), (" → ", "faint")), Span(short(one.after), ink))
    return line((sign, ink)), line((str(one.step), "muted")), line(texts[0]), line((texts[1], "muted")), reward


def _tried(store: Path, view: StepsView, rows: Sequence[int], definition: Mapping[str, Any]) -> Trial:
    try:
        return try_grader(store, view.evals, sampled(view.evals, rows), definition)
    except GraderDefinitionError as error:
        raise UsageError("The service would not take this grader.", str(error)) from error
    except SandboxUnavailableError as error:
        raise UsageError("A python grader cannot be run here.", str(error)) from error


def _edited_text(owner: Widget, text: str, ending: str) -> str:
    """What the person's editor makes of a text.

    Raises:
        UsageError: no editor is set, it cannot be started, or it ended badly.
    """
    command = editor_command(os.environ)
    with tempfile.TemporaryDirectory(prefix="cupola-") as folder:
        path = Path(folder) / f"grader{ending}"
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            with nullcontext() if owner.app.is_headless else owner.app.suspend():
                done = subprocess.run([*command, str(path)], check=False)
        except OSError as error:
            raise UsageError(f"{command[0]} cannot be started.", error.strerror or "") from error
        if done.returncode:
            raise UsageError(f"{command[0]} ended with {done.returncode}.", remedy="Nothing was taken from it.")
        return path.read_bytes().decode("utf-8", "replace")
