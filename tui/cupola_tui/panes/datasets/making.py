"""New files from datasets, after asking how; and what leaves the list. Nothing here is sent anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.widget import Widget

from cupola.errors import CupolaError
from cupola.store import datasets as store
from cupola.store import provenance
from cupola.store.database import Database

from ...background.client import Background
from ...background.tasks import Made, Make
from ...messages import Keep, Say
from ...views.actions import Action
from ...views.dataset_actions import LOCAL
from .listing import Listing


class Making:
    """Does the actions that need no worker; `written` is called when new files are there."""

    def __init__(
        self,
        owner: Widget,
        listing: Listing,
        checker: Background,
        clock: Callable[[], float],
        written: Callable[[], None],
    ) -> None:
        self._owner, self._listing, self._checker, self._clock = owner, listing, checker, clock
        self._written = written

    def perform(self, action: Action, marked: Sequence[str]) -> bool:
        """Do an action, `marked` being the paths of the marked files; False when it is the worker's."""
        if not action.kind.startswith(LOCAL):
            return False
        verb = action.kind.removeprefix(LOCAL)
        if verb == "forget":
            self._forget(action.target)
        else:
            self._ask_how(verb, action, marked if verb == "merge" else ())
        return True

    def _ask_how(self, verb: str, action: Action, others: Sequence[str]) -> None:
        from ...screens.form import FormScreen
        from .forms import questions

        facts = (("what", action.what), ("file", action.target))
        if others:
            facts = (facts[0], ("files", ", ".join(Path(path).name for path in others)))

        def answer(options: Mapping[str, str] | None) -> None:
            if options is not None:
                self._owner.run_worker(self._make(verb, action.target, tuple(others), dict(options)), group="make")

        form = FormScreen(action.title, facts, questions(verb, Path(action.target)), "write")
        self._owner.app.push_screen(form, answer)

    async def _make(self, verb: str, path: str, together: tuple[str, ...], options: dict[str, str]) -> None:
        target = str(Path(path).parent / Path(options.pop("into", "")).expanduser())
        log = str(self._listing.database.path.parent / "datasets.jsonl")
        try:
            made = await self._checker.ask(Make(verb, path, target, log, self._clock(), options, together))
        except CupolaError as error:
            problem = error.problem
            text = "\n".join(part for part in (problem.what, problem.why, problem.remedy) if part)
            self._owner.post_message(Say(text, warning=True))
            return
        self._tell(made)

    def _tell(self, made: Made) -> None:
        from ...lines import line
        from ...screens.reader import ReaderScreen

        for origin in made.origins:
            self._keep(lambda database, origin=origin: provenance.save(database, origin))  # type: ignore[misc]
        for path, _ in made.files:
            self._remember(path)
        names = ", ".join(f"{Path(path).name} ({rows:,} rows)" for path, rows in made.files)
        self._owner.post_message(Say(f"Wrote {names}."))
        if made.difference:
            inks = {"+": "good", "-": "bad", "@": "info"}
            lines = [line((text, inks.get(text[:1], ""))) for text in made.difference]
            reader = ReaderScreen(f"Wrote {names}", lambda width: lines, "\n".join(made.difference))
            self._owner.app.push_screen(reader)
        self._written()

    def _remember(self, path: str) -> None:
        sources = self._listing.sources()
        if path not in sources and str(Path(path).parent) not in sources:
            self._keep(lambda database: store.remember(database, path, self._clock()))

    def _forget(self, path: str) -> None:
        sources, folder = store.sources(self._listing.database), str(Path(path).parent)
        if path in sources:
            self._keep(lambda database: store.forget(database, path), f"Forgot {path}; it stays on disk.")
        elif folder in sources:
            self._keep(lambda database: store.forget(database, folder), f"Forgot the folder {folder}.")
        else:
            self._owner.post_message(Say("The samples of the demo stay on the list.", warning=True))

    def _keep(self, write: Callable[[Database], object], said: str = "") -> None:
        self._owner.post_message(Keep(write, said))
