"""The form that defines a benchmark: fields to type into, arms and graders to pick; checked before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from cupola.benchmarks.definition import Arm, GraderUse
from cupola.benchmarks.files import Defined, read_grader
from cupola.errors import CupolaError

from ..commands import bindings
from ..lines import Line, flowed, line, visible, wrapped
from ..panes.benchmarks.draft import (
    FIELDS,
    ArmChoice,
    Draft,
    GraderChoice,
    settings_of,
    with_pass_mark,
    with_settings,
)
from ..views.bench.parts import COLUMNS, arm_cells, grader_cells
from ..widgets.painted import Lines
from ..widgets.table import KeyedRows, Table
from .form import FormScreen, Question
from .modal import Modal
from .path_prompt import PathScreen

HINTS: Mapping[str, str] = {
    "name": "up to 80 letters",
    "dataset": "a JSON Lines file, from the folder you are in",
    "items": "only so many of its rows; all if left empty",
    "system": r"the system prompt, if any; \n breaks the line",
    "ask": "a template such as {{item.question}}, or the field that holds the messages",
    "margin": "what does not matter, as a share of the score's range",
    "budget": "dollars a run may spend; no bound if left empty",
    "engine": "here, evals (the service's), or batch",
    "file": "the new TOML file",
}

_KEYS = (
    ("ctrl+s", "check and store"),
    ("ctrl+o", "find the dataset"),
    ("tab", "next"),
    ("space", "pick"),
    ("enter", "settings"),
    ("a", "other arm"),
    ("g", "grader's file"),
    ("esc", "leave it"),
)

_Key = tuple[str, int]


class BenchmarkForm(Modal[Defined | None]):
    """Answers with a definition that was checked and written, or None."""

    BINDINGS = bindings("define")
    SCOPES = ("define",)

    class Checked(Message):
        """The check has ended."""

        def __init__(self, found: Defined | CupolaError) -> None:
            super().__init__()
            self.found = found

    def __init__(self, title: str, draft: Draft, store: Callable[[Draft], Defined]) -> None:
        super().__init__()
        self._title, self._draft, self._store = title, draft, store
        self._arms, self._graders = list(draft.arms), list(draft.graders)
        self._problem: CupolaError | None = None
        self._checking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="bench-form") as box:
            box.border_title = Content(visible(self._title))
            for name in FIELDS:
                with Horizontal(classes="question"):
                    label = Lines(classes="question-name")
                    label.show(lambda width, name=name: [line((name, "muted"))])  # type: ignore[misc]
                    yield label
                    answer = Input(
                        self._draft.texts.get(name, ""), placeholder=self._hint(name), compact=True, name=name
                    )
                    answer.cursor_blink = False
                    yield answer
            yield Table(COLUMNS, id="parts", markable=True)
            yield Lines(id="define-foot")

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one("#parts", Table)
        self._list()
        table.marks = {("arm", at) for at, choice in enumerate(self._arms) if choice.chosen}
        table.marks |= {("grader", at) for at, choice in enumerate(self._graders) if choice.chosen}
        self._list()
        self.query_one("#define-foot", Lines).show(self._foot)
        self.query(Input).first().focus()

    def action_move(self, by: int) -> None:
        """To another field."""
        (self.focus_next if by > 0 else self.focus_previous)()

    def action_close(self) -> None:
        """Leave it; what was typed is gone."""
        self.dismiss(None)

    def action_store(self) -> None:
        """Check what was typed and picked, and take it if it can be run."""
        if self._checking:
            return
        self._checking, self._problem = True, None
        self.query_one("#define-foot", Lines).show(self._foot)
        draft = self._typed()
        self.run_worker(lambda: self._check(draft), thread=True, exclusive=True, group="check")

    def action_dataset(self) -> None:
        """Look for the dataset's file."""

        def answer(path: str | None) -> None:
            if path is not None:
                field = next(one for one in self.query(Input) if one.name == "dataset")
                field.value = path
                field.focus()

        self.app.push_screen(PathScreen("The items: a JSON Lines file", Path.cwd(), (".jsonl",)), answer)

    def action_arm(self) -> None:
        """Pick a deployment that is not listed."""
        if not self._in_table():
            return
        self._ask_arm(len(self._arms), Arm("", "", ""))

    def action_grader(self) -> None:
        """Pick a grader from a file."""
        if not self._in_table():
            return

        def answer(path: str | None) -> None:
            if path is None:
                return
            try:
                use = read_grader(Path(path))
            except CupolaError as error:
                self._tell(error)
                return
            self._put(("grader", len(self._graders)), GraderChoice(use, known_from=Path(path).name))

        self.app.push_screen(PathScreen("A grader's JSON", Path.cwd(), (".json",)), answer)

    @on(Table.Moved, "#parts")
    def _moved(self) -> None:
        """A row was picked or left out, perhaps: its ink tells."""
        self.query_one("#parts", Table).redraw()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.focus_next()

    @on(Table.Opened, "#parts")
    def _open(self, event: Table.Opened) -> None:
        """Settings of the arm or grader under the cursor."""
        event.stop()
        key = _key(event.key)
        if key is None:
            return
        if key[0] == "arm":
            self._ask_arm(key[1], self._arms[key[1]].arm)
        else:
            self._ask_grader(key[1], self._graders[key[1]].use)

    def _ask_arm(self, at: int, arm: Arm) -> None:
        hints = {
            "name": "how the leaderboard calls it",
            "deployment": "what is asked",
            "model": "the model behind it; prices and retirement go by it",
            "effort": "minimal, low, medium or high; for models that reason",
            "temperature": "0 to 2; the service's own if left empty",
            "tokens": "the most tokens of an answer",
            "repeats": "how often each item is asked",
        }
        questions = [Question(name, value, hints[name]) for name, value in settings_of(arm).items()]

        def answer(said: Mapping[str, str] | None) -> None:
            if said is None:
                return
            try:
                known = self._arms[at].known_from if at < len(self._arms) else "typed"
                self._put(("arm", at), ArmChoice(with_settings(arm, said), known_from=known))
            except CupolaError as error:
                self._tell(error)

        self.app.push_screen(FormScreen(f"Arm {arm.name}".strip(), (), questions, "take it"), answer)

    def _ask_grader(self, at: int, use: GraderUse) -> None:
        threshold = "" if use.threshold is None else f"{use.threshold:g}"
        questions = [Question("threshold", threshold, "the reward from which on an answer passes")]
        if "model" in use.definition:
            questions.append(Question("judge", str(use.definition["model"]), "the deployment that it asks"))

        def answer(said: Mapping[str, str] | None) -> None:
            if said is None:
                return
            try:
                known = self._graders[at].known_from
                self._put(("grader", at), GraderChoice(with_pass_mark(use, said), known_from=known))
            except CupolaError as error:
                self._tell(error)

        self.app.push_screen(FormScreen(f"Grader {use.name}", (), questions, "take it"), answer)

    def _put(self, key: _Key, choice: ArmChoice | GraderChoice) -> None:
        """Put an arm or grader in its place, picked."""
        at = key[1]
        if isinstance(choice, ArmChoice):
            self._arms[at : at + 1] = [choice]
        else:
            self._graders[at : at + 1] = [choice]
        self._list()
        table = self.query_one("#parts", Table)
        table.marks |= {key}
        table.move_to_key(key)
        table.focus()

    def _list(self) -> None:
        keys: list[_Key] = [("arm", at) for at in range(len(self._arms))]
        keys += [("grader", at) for at in range(len(self._graders))]
        self.query_one("#parts", Table).show(KeyedRows(keys, lambda index: self._cells(keys[index])))

    def _cells(self, key: _Key) -> tuple[Line, ...]:
        chosen = key in self.query_one("#parts", Table).marks
        if key[0] == "arm":
            arm = self._arms[key[1]]
            return arm_cells(arm.arm, chosen, arm.known_from)
        grader = self._graders[key[1]]
        return grader_cells(grader.use, chosen, grader.known_from)

    def _typed(self) -> Draft:
        marks = self.query_one("#parts", Table).marks
        return replace(
            self._draft,
            texts={answer.name or "": answer.value for answer in self.query(Input)},
            arms=tuple(replace(choice, chosen=("arm", at) in marks) for at, choice in enumerate(self._arms)),
            graders=tuple(replace(choice, chosen=("grader", at) in marks) for at, choice in enumerate(self._graders)),
        )

    def _check(self, draft: Draft) -> None:
        try:
            found: Defined | CupolaError = self._store(draft)
        except CupolaError as error:
            found = error
        self.post_message(self.Checked(found))

    @on(Checked)
    def _checked(self, event: Checked) -> None:
        event.stop()
        self._checking = False
        if isinstance(event.found, CupolaError):
            self._tell(event.found)
        else:
            self.dismiss(event.found)

    def _tell(self, problem: CupolaError) -> None:
        self._problem = problem
        self.query_one("#define-foot", Lines).show(self._foot)

    def _foot(self, width: int) -> list[Line]:
        keys = flowed([line((key, "key bold"), (f" {words}", "muted")) for key, words in _KEYS], line("  "), width)
        if self._checking:
            return [line(("checking …", "info")), *keys]
        return [*(wrapped(str(self._problem), width, "bad") if self._problem else ()), *keys]

    def _hint(self, name: str) -> str:
        source = self._draft.source
        if source is None or name not in ("dataset", "system", "ask"):
            return HINTS[name]
        if name == "dataset":
            return f"empty: the same {len(self._draft.rows):,} items, of {visible(source.dataset or 'no file named')}"
        if name == "ask" and not self._draft.texts.get("ask"):
            return f"empty: the same {len(source.prompt)} messages as before"
        return HINTS[name]

    def _in_table(self) -> bool:
        return self.query_one("#parts", Table).has_focus


def _key(key: object) -> _Key | None:
    return (str(key[0]), int(key[1])) if isinstance(key, tuple) else None
