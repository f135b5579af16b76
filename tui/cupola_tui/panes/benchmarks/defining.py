"""Definitions from the screen: a form for a new one or a copy, and the TOML in the person's editor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual.widget import Widget

from cupola.benchmarks import start
from cupola.benchmarks.definition import Benchmark
from cupola.benchmarks.files import Defined
from cupola.errors import CupolaError
from cupola.settings import Profile

from ...benchmark_facts import BenchmarkFacts, Known
from ...messages import Keep, Say
from ...views.actions import Action
from ...views.bench import actions
from . import editing
from .draft import Draft, defined, draft_of, empty_draft, write_toml
from .known_parts import arm_choices, grader_choices, with_arms, with_graders

_COPY, _NEW, _EDITOR = "bench.copy", "bench.define", "bench.editor"


class Definitions:
    """Makes and changes definitions for a pane; `show` is told which one to look at then."""

    def __init__(
        self, pane: Widget, facts: BenchmarkFacts, clock: Callable[[], float], show: Callable[[str], object]
    ) -> None:
        self._pane, self._facts, self._clock, self._show = pane, facts, clock, show
        self._texts: dict[str, str] = {}
        """What was written in the editor and cannot be run yet, by benchmark."""

    def actions(self, known: Known | None, profile: Profile) -> list[Action]:
        """What may be done about definitions."""
        found = [actions.define_action(_NEW, profile)]
        if known is not None:
            found += [
                actions.copy_action(_COPY, known.shown, profile),
                actions.editor_action(_EDITOR, known.shown, profile),
            ]
        return found

    def perform(self, action: Action, known: Known | None) -> bool:
        """Do one of those; False when it is none of them."""
        if action.kind == _NEW:
            self.define()
        elif action.kind == _COPY and known is not None:
            self.copy(known)
        elif action.kind == _EDITOR and known is not None:
            self.edit_text(known)
        else:
            return False
        return True

    def define(self) -> None:
        """The empty form."""
        draft = empty_draft("bench.toml")
        database = self._facts.database
        filled = Draft(draft.texts, arm_choices(database), grader_choices(database))
        self._open("Define a benchmark", filled)

    def copy(self, known: Known) -> None:
        """The form with what a benchmark says; the same name replaces the definition, earlier runs stay."""
        benchmark = _without_second_runs(known.shown)
        draft = draft_of(benchmark, self._facts.rows(benchmark.split), f"{editing.file_stem(benchmark.name)}.toml")
        database = self._facts.database
        arms, graders = (
            with_arms(draft.arms, arm_choices(database)),
            with_graders(draft.graders, grader_choices(database)),
        )
        filled = Draft(draft.texts, arms, graders, draft.rows, benchmark)
        self._open(f"A copy of {benchmark.name}", filled)

    def edit_text(self, known: Known) -> None:
        """Open the definition as TOML in the editor, and take what comes back if it can be run."""
        benchmark = _without_second_runs(known.shown)
        text = self._texts.pop(benchmark.name, None)
        rows = self._facts.rows(benchmark.split)
        try:
            found = editing.edited(self._pane.app, benchmark, rows, text)
        except editing.NotTakenError as error:
            self._texts[benchmark.name] = error.text
            self._say(f"{error}\nWhat was written is kept: e opens it again.")
        except CupolaError as error:
            self._say(str(error))
        else:
            if found is None:
                self._pane.post_message(Say("Nothing was changed."))
            else:
                self._keep(found, f"{found.benchmark.name} is defined anew; earlier runs stay (R).")

    def _open(self, title: str, draft: Draft) -> None:
        from ...screens.bench_form import BenchmarkForm

        folder = Path.cwd()

        def answer(found: Defined | None) -> None:
            if found is not None:
                self._keep(found, f"{found.benchmark.name} is defined: x runs it, with its price first.")

        self._pane.app.push_screen(BenchmarkForm(title, draft, partial(_stored, folder)), answer)

    def _keep(self, found: Defined, said: str) -> None:
        now, name = self._clock(), found.benchmark.name
        # Straight to the app, and the look behind it: the definition is there by then.
        self._pane.app.post_message(Keep(lambda database: start.define(database, found, now), said))
        self._pane.app.call_later(self._show, name)

    def _say(self, text: str) -> None:
        self._pane.post_message(Say(text, warning=True))


def _without_second_runs(benchmark: Benchmark) -> Benchmark:
    """The definition without the arms that were added for a noise floor, which no file tells apart from the first."""
    return replace(benchmark, arms=tuple(arm for arm in benchmark.arms if not arm.series))


def _stored(folder: Path, draft: Draft) -> Defined:
    """Check a draft and write its file; raises CupolaError with why it cannot be."""
    found = defined(draft, folder)
    write_toml(found, draft, folder)
    return found
