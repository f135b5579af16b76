"""The grader lab: a grader edited in the person's editor, run on stored answers, its rewards beside those there are."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from textual.widget import Widget

from cupola.errors import CupolaError, UsageError
from cupola.models import Intent
from cupola.settings import Profile
from cupola.store import intents
from cupola.training.grader_lab import Scored
from cupola.workflows.regrade.definition import Regrading

from ...checkpoint_facts import CheckpointFacts
from ...messages import Ask, Say, Wish
from ...screens.form import FormScreen, Question
from ...views.actions import Action, place
from ...views.checkpoints.changes import excerpt, question
from ...views.checkpoints.steps import StepsView
from ..benchmarks.editing import editor_command, file_stem
from .lab_labels import AnswerLabelling, chosen, report_of
from .lab_run import Trial, looked_again, try_grader
from .lab_screen import LabScreen, Texts, Wanted
from .lab_text import editable, edited
from .second_grader import estimated, regrade_action

_VALIDATE = "grader.validate"
"""The worker's name for the wish to have the service check a grader."""


class Lab:
    """Remembers for each job what was edited last."""

    def __init__(self, owner: Widget, facts: CheckpointFacts, profile: Profile, clock: Callable[[], float]) -> None:
        self._owner, self._facts, self._profile, self._clock = owner, facts, profile, clock
        self._texts: dict[str, str] = {}

    async def go(self, view: StepsView, pair: tuple[int, int]) -> None:
        """Edit, run, look; again until it is left."""
        from cupola.workflows.checkpoint_test.of_job import grader_of

        try:
            before = editable(grader_of(view.job))
            wanted: Wanted | None = Wanted.EDIT
            while wanted is Wanted.EDIT:
                text = _edited_text(self._owner, self._texts.get(view.job.id, before.text), before.ending)
                self._texts[view.job.id] = text
                definition, steps = edited(before, text), list(dict.fromkeys(pair))
                trial = await asyncio.to_thread(try_grader, self._store, view.evals, steps, definition)
                wanted = await self._looked_at(view, trial, definition)
        except CupolaError as error:
            self._owner.post_message(Say(f"{error}\nWhat was written is kept: e opens it again.", warning=True))

    @property
    def _store(self) -> Path:
        return self._facts.common.database.path

    async def _looked_at(self, view: StepsView, trial: Trial, definition: Mapping[str, Any]) -> Wanted | None:
        """Show a trial, with all that is done beside it, until it is left or the grader is to be edited again."""
        asked: list[int] = []

        def validate() -> None:
            self._owner.app.post_message(Wish(self._validation(trial, definition, asked)))

        def answer() -> Intent | None:
            return intents.get(self._facts.common.database, asked[-1]) if asked else None

        while True:
            screen = LabScreen(trial, self._lines_of(view), validate, answer)
            wanted = await self._owner.app.push_screen_wait(screen)
            if wanted is Wanted.LABEL:
                await self._labelled(view, trial)
                trial = await asyncio.to_thread(looked_again, self._store, view.evals, trial)
            elif wanted is Wanted.KEEP:
                await self._keep(trial.name, definition)
            elif wanted is Wanted.ASK:
                await self._ask(view, trial)
                return None
            else:
                return wanted

    async def _labelled(self, view: StepsView, trial: Trial) -> None:
        """Put answers before the person that have no label yet."""
        tasks = await asyncio.to_thread(chosen, self._store, view.evals, trial)
        if not tasks:
            self._owner.post_message(Say("All of these answers have a label."))
            return
        screen = AnswerLabelling(trial.use, tasks, lambda: report_of(self._store, view.evals, trial), self._clock)
        await self._owner.app.push_screen_wait(screen)

    async def _ask(self, view: StepsView, trial: Trial) -> None:
        """The card of having its models asked about the answers that are shown."""
        job = view.job
        definition = Regrading(job.name, job.id, trial.use.definition, answers=trial.unasked)
        found = await asyncio.to_thread(estimated, self._store, definition, None)
        self._owner.post_message(Ask(regrade_action(found, "FILE", self._profile, self._clock())))

    def _validation(self, trial: Trial, definition: Mapping[str, Any], asked: list[int]) -> Action:
        """Having the service say whether it takes the grader."""
        now, arguments = self._clock(), {"definition": dict(definition)}
        return Action(
            _VALIDATE,
            trial.name,
            f"Check {trial.name} at the service",
            "The service says whether it takes the grader.",
            place(self._profile),
            "Nothing.",
            "",
            write=lambda database: asked.append(intents.wish(database, _VALIDATE, trial.name, now, arguments)),
        )

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
        def texts(tried: Scored) -> tuple[str, str]:
            row = view.evals.row_of(tried.step)
            item = view.evals.items[row][tried.column] if row is not None else None
            if item is None:
                return "", ""
            told = self._facts.answer(item)
            return question(told), excerpt(told)

        return texts


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
