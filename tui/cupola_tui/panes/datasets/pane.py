"""The list of datasets with one in detail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Input

from cupola.datasets.listing import Dataset
from cupola.errors import CupolaError
from cupola.models import LocalFile
from cupola.settings import Profile
from cupola.store import datasets as store

from ...background.client import Background
from ...background.tasks import FindText, Made, Make, ReadRaw, Scan
from ...commands import Scope, bindings
from ...facts import Facts
from ...messages import Ask, Copy, Keep, Read, Say
from ...views import datasets
from ...views.actions import Action
from ...views.dataset_actions import LOCAL, dataset_actions
from ...widgets.box import Box
from ...widgets.conversation import ConversationView
from ...widgets.edge import Edge
from ...widgets.painted import Lines
from ...widgets.table import Column, KeyedRows, Table
from ..pane import Pane
from .detail import DatasetDetail
from .listing import Listing
from .looking import Looking

COLUMNS = (
    Column("", 1),
    Column("name", 14, flexible=True),
    Column("format", 6, drop=2),
    Column("rows", 9, right=True, drop=3),
    Column("size", 8, right=True, drop=4),
    Column("where", 7),
    Column("jobs", 4, right=True, drop=1),
)

_TOPICS = frozenset({"files", "uploads", "datasets", "jobs"})
_SETTLE_SECONDS = 0.06
"""How long the cursor must rest before a dataset is read."""
_RESCAN_SECONDS = 5.0
_CHECKED_UNASKED = 8 * 2**20
"""Files up to this size are checked without being selected."""


class DatasetsPane(Pane):
    """Files on disk and at the service, the same content on one line."""

    BINDINGS = bindings("pane", "datasets", "dataset")
    SCOPES: ClassVar[tuple[Scope, ...]] = ("pane", "datasets", "dataset")

    def __init__(self, facts: Facts, profile: Profile, clock: Callable[[], float]) -> None:
        super().__init__(id="pane-datasets")
        self._profile, self._clock = profile, clock
        self._listing = Listing(facts, profile.name)
        self._reader, self._checker = Background(), Background()
        """Two, so that rows can be read while a large file is checked."""
        self._looking = Looking(self._checker, self._reader, str(facts.database.path.parent / "indexes"))
        self._shown: list[Dataset] = []
        self._by_key: dict[str, Dataset] = {}
        self._filter = ""
        self._input = Input(id="filter", compact=True)
        self._input.cursor_blink = False
        self._typing_for = "filter"
        """What the words in the input are: filter, search or line."""
        self._compared: tuple[str, ...] = ()
        self._scanned: tuple[str, ...] = ()
        """Where datasets were looked for last."""
        self._missing: tuple[str, ...] = ()
        """Remembered files and folders that are not there now."""

    def compose(self) -> ComposeResult:
        with Box(id="list"):
            yield Edge("Datasets")
            with Container(id="list-body", classes="box"):
                yield Table(COLUMNS, id="datasets", markable=True, follow=True)
                yield Lines(id="no-datasets")
            yield Edge(below=True)
        yield DatasetDetail()
        yield self._input

    def on_mount(self) -> None:
        """Show what is known at once; look at the disk after that."""
        self.query_one("#no-datasets", Lines).show(datasets.nothing_yet)
        self._list()
        self._scan()
        self._warm_up()
        self.set_interval(_RESCAN_SECONDS, self._rescan)

    async def on_unmount(self) -> None:
        """End the background processes; what waited for them has nowhere left to show it."""
        self.workers.cancel_node(self)
        await asyncio.gather(self._reader.close(), self._checker.close())

    def take_focus(self) -> None:
        """Focus the list."""
        self.query_one("#datasets", Table).focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        if topics & _TOPICS:
            self._list()
        if self._listing.sources() != self._scanned:
            self._scan()

    def actions(self) -> list[Action]:
        """What may be done with the selected dataset."""
        dataset = self._selected()
        if dataset is None:
            return []
        fixable = self._looking.fixable(dataset)
        listing = self._listing
        return dataset_actions(dataset, listing.remote, listing.contents, self._profile, self._clock(), fixable)

    def perform(self, action: Action) -> bool:
        """Make new files here, after asking how; all else is the worker's."""
        if not action.kind.startswith(LOCAL):
            return False
        verb = action.kind.removeprefix(LOCAL)
        if verb == "forget":
            self._forget(action.target)
        else:
            self._ask_how(verb, action)
        return True

    def back(self) -> bool:
        """Leave, one at a time: typing, zoom, comparison, detail, filter, marks."""
        table, typed = self.query_one("#datasets", Table), self._input
        if typed.has_focus or self._filter:
            if self._typing_for == "filter":
                typed.value = ""
            self._close_input(typed)
        elif self.has_class("-zoom-list") or self.has_class("-zoom-detail"):
            self.remove_class("-zoom-list", "-zoom-detail")
        elif self._looking.words and self.query_one(DatasetDetail).rows.has_focus:
            self._looking.words = ""
            self._draw_detail()
        elif self._compared:
            self._compared = ()
            self._look()
        elif not table.has_focus:
            table.focus()
        elif table.marks:
            table.clear_marks()
        else:
            return False
        return True

    # Keys.

    def action_add(self) -> None:
        """Remember a file or a folder."""
        from ...screens.path_prompt import PathScreen

        def answer(path: str | None) -> None:
            if path is not None:
                self.post_message(
                    Keep(lambda database: store.remember(database, path, self._clock()), f"Remembered {path}.")
                )

        endings = (".jsonl", ".csv", ".tsv", ".json", ".parquet")
        self.app.push_screen(PathScreen("Add a file, or a folder of files", Path.cwd(), endings), answer)

    def action_filter(self) -> None:
        """Open the filter."""
        self._prompt("filter", "words to look for, !word to leave out", self._filter)

    def action_model(self) -> None:
        """Choose the model to check, count and price for."""
        from cupola_data.models import catalogue

        from ...screens.menu import Choice, MenuScreen

        choices = [Choice("", "no model", "the service's rules alone; tokens by the newest encoding, as an estimate")]
        choices += [Choice(model.id, model.id, ", ".join(model.methods)) for model in catalogue().models]

        def answer(model: str | None) -> None:
            if model is not None:
                self._looking.model = model or None
                self._look()

        self.app.push_screen(MenuScreen("Model to be trained", choices, typing=True), answer)

    def action_twins(self) -> None:
        """Twins across the marked files."""
        marks = self.query_one("#datasets", Table).marks
        paths = [dataset.local[0].path for dataset in self._shown if dataset.key in marks and dataset.local]
        if len(paths) < 2:
            self.post_message(
                Say("Mark two files or more with space, then press = to compare their rows.", warning=True)
            )
            return
        self._compared = tuple(paths)
        self.query_one(DatasetDetail).open("twins")

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        self.query_one(DatasetDetail).turn(by)

    def action_zoom(self) -> None:
        """The focused part on the whole pane, and back."""
        if self.has_class("-zoom-list") or self.has_class("-zoom-detail"):
            self.remove_class("-zoom-list", "-zoom-detail")
        else:
            self.add_class("-zoom-detail" if self.query_one(DatasetDetail).has_focus_within else "-zoom-list")

    def action_raw(self) -> None:
        """The row's JSON, or what the service says of the file."""
        dataset, detail = self._selected(), self.query_one(DatasetDetail)
        if dataset is not None and dataset.local and detail.tab == "rows" and detail.rows.row is not None:
            self._read_raw(dataset.local[0].path, detail.rows.row)
        elif dataset is not None and dataset.remote:
            self.post_message(Read(f"{dataset.name}: what the service said", dataset.remote[0].raw))
        else:
            self.post_message(Say("Only the disk holds this file; its rows have JSON in the Rows tab.", warning=True))

    def action_copy_id(self) -> None:
        """Copy the file's id, else its path."""
        dataset = self._selected()
        if dataset is not None and dataset.remote:
            self.post_message(Copy(dataset.remote[0].id, "the file's id"))
        elif dataset is not None:
            self.post_message(Copy(dataset.key, "the file's path"))

    def action_copy_command(self) -> None:
        """Copy the command that checks the file."""
        import shlex

        dataset = self._selected()
        if dataset is not None and dataset.local:
            model = ["--model", self._looking.model] if self._looking.model else []
            words = ["cupola", "dataset", "check", dataset.local[0].path, *model]
            self.post_message(Copy(shlex.join(words), "the command"))

    def action_act(self, kind: str) -> None:
        """Ask for something to be done with the selected dataset."""
        action = next((action for action in self.actions() if action.kind == kind), None)
        if action is not None:
            self.post_message(Ask(action))

    # What comes from below.

    @on(Table.Moved, "#datasets")
    def _moved(self) -> None:
        self._look()

    @on(Table.Opened, "#datasets")
    def _opened(self) -> None:
        self.query_one(DatasetDetail).take_focus()

    @on(DatasetDetail.Turned)
    def _turned(self) -> None:
        self._look()

    @on(DatasetDetail.LineWanted)
    def _line_wanted(self, event: DatasetDetail.LineWanted) -> None:
        self._go_to_line(event.line)

    @on(ConversationView.Wanted)
    def _row_wanted(self, event: ConversationView.Wanted) -> None:
        self._show_row(event.row)

    @on(ConversationView.Prompted)
    def _prompted(self, event: ConversationView.Prompted) -> None:
        if event.line:
            self._prompt("line", "line to go to", "")
        else:
            self._prompt("search", "text to search for in all rows", self._looking.words)

    @on(ConversationView.Sought)
    def _sought(self, event: ConversationView.Sought) -> None:
        self._seek(event.forward)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if self._typing_for == "filter":
            self._filter = event.value
            self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter, search, or go to a line."""
        value, purpose = event.value.strip(), self._typing_for
        self._close_input(event.input)
        if purpose == "search":
            self._looking.words = value
            self._seek(True, here=True)
        elif purpose == "line" and value.isascii() and value.replace(",", "").isdigit():
            self._go_to_line(min(int(value.replace(",", "")), 2**40))

    # Looking.

    @work(group="warm", exit_on_error=False)
    async def _warm_up(self) -> None:
        """Have the checking process up before it is asked; what keeps it from starting is told when it is."""
        await self._checker.start()

    def _rescan(self) -> None:
        if self.display and not any(worker.group == "scan" and worker.is_running for worker in self.workers):
            self._scan()

    @work(exclusive=True, group="scan")
    async def _scan(self) -> None:
        """See what lies on the disk, then read what is new, the small files first."""
        self._scanned = self._listing.sources()
        try:
            found = await self._reader.ask(Scan(self._scanned))
        except CupolaError as error:
            self.post_message(Say(str(error), warning=True))
            return
        self._missing = found.missing
        before = self._listing.paths()
        fresh = self._listing.found(found.files)
        if fresh or before != self._listing.paths():
            self._list()
        if fresh:
            await self._survey(sorted(fresh, key=lambda file: file.size))

    async def _survey(self, fresh: list[LocalFile]) -> None:
        for file in fresh:
            if file.size <= _CHECKED_UNASKED:
                learnt = await self._looking.survey(file)
                if learnt is not None:
                    self._listing.learn(learnt)
        self._listing.keep()
        self._list()

    def _look(self) -> None:
        self._draw_detail()
        self._look_into()

    @work(exclusive=True, group="look")
    async def _look_into(self) -> None:
        """Fill the open tab of the selected dataset, then check it."""
        await asyncio.sleep(_SETTLE_SECONDS)
        dataset, detail = self._selected(), self.query_one(DatasetDetail)
        if dataset is None or not dataset.local:
            return
        twins = self._compared or tuple(one.local[0].path for one in datasets.family(dataset, self._every()))
        learnt = await self._looking.fill(dataset, detail.tab, twins, self._draw_detail)
        if learnt is not None and learnt != self._listing.file(learnt.path):
            self._listing.learn(learnt)
            self._listing.keep()
            self._list()
        self._draw_detail()

    @work(exclusive=True, group="row")
    async def _show_row(self, row: int) -> None:
        dataset = self._selected()
        if dataset is not None and dataset.local:
            await self._looking.read(dataset, row=row)
            self._draw_detail()

    @work(exclusive=True, group="row")
    async def _go_to_line(self, line: int) -> None:
        dataset, detail = self._selected(), self.query_one(DatasetDetail)
        if dataset is None or not dataset.local:
            return
        await self._looking.read(dataset, line=line)
        detail.open("rows")
        detail.take_focus()

    @work(exclusive=True, group="row")
    async def _seek(self, forward: bool, here: bool = False) -> None:
        """Go to the next or previous row with the words; `here` counts the row that is shown."""
        dataset, detail = self._selected(), self.query_one(DatasetDetail)
        if dataset is None or not dataset.local or not self._looking.words:
            self._draw_detail()
            return
        start = (detail.rows.row or 0) - (1 if here else 0)
        words, folder = self._looking.words, self._looking.index_folder
        try:
            row = await self._reader.ask(FindText(dataset.local[0].path, folder, words, start, forward))
        except CupolaError as error:
            self.post_message(Say(str(error), warning=True))
            return
        if row is None:
            self.post_message(Say(f"No row holds {words!r}.", warning=True))
        else:
            await self._looking.read(dataset, row=row)
        self._draw_detail()

    @work(exclusive=True, group="raw")
    async def _read_raw(self, path: str, row: int) -> None:
        try:
            text = await self._reader.ask(ReadRaw(path, self._looking.index_folder, row))
        except CupolaError as error:
            self.post_message(Say(str(error), warning=True))
            return
        self.post_message(Read(f"{Path(path).name}, row {row + 1:,}", text))

    # New files.

    def _ask_how(self, verb: str, action: Action) -> None:
        from ...screens.form import FormScreen
        from .forms import questions

        facts = (("what", action.what), ("file", action.target))

        def answer(options: Mapping[str, str] | None) -> None:
            if options is not None:
                self._make(verb, action.target, dict(options))

        form = FormScreen(action.title, facts, questions(verb, Path(action.target)), "write")
        self.app.push_screen(form, answer)

    @work(group="make")
    async def _make(self, verb: str, path: str, options: dict[str, str]) -> None:
        target = str(Path(path).parent / Path(options.pop("into", "")).expanduser())
        log = str(self._listing.database.path.parent / "datasets.jsonl")
        try:
            made = await self._checker.ask(Make(verb, path, target, log, self._clock(), options))
        except CupolaError as error:
            problem = error.problem
            self.post_message(
                Say("\n".join(part for part in (problem.what, problem.why, problem.remedy) if part), warning=True)
            )
            return
        self._tell_made(made)

    def _tell_made(self, made: Made) -> None:
        from ...lines import line
        from ...screens.reader import ReaderScreen

        for path, _ in made.files:
            self._keep_source(path)
        names = ", ".join(f"{Path(path).name} ({rows:,} rows)" for path, rows in made.files)
        self.post_message(Say(f"Wrote {names}."))
        if made.difference:
            inks = {"+": "good", "-": "bad", "@": "info"}
            lines = [line((text, inks.get(text[:1], ""))) for text in made.difference]
            self.app.push_screen(ReaderScreen(f"Wrote {names}", lambda width: lines, "\n".join(made.difference)))
        self._scan()

    def _keep_source(self, path: str) -> None:
        sources = self._listing.sources()
        if path not in sources and str(Path(path).parent) not in sources:
            self.post_message(Keep(lambda database: store.remember(database, path, self._clock())))

    def _forget(self, path: str) -> None:
        if path in store.sources(self._listing.database):
            self.post_message(Keep(lambda database: store.forget(database, path), f"Forgot {path}; it stays on disk."))
        elif (folder := str(Path(path).parent)) in store.sources(self._listing.database):
            self.post_message(Keep(lambda database: store.forget(database, folder), f"Forgot the folder {folder}."))
        else:
            self.post_message(Say("The samples of the demo stay on the list.", warning=True))

    # Drawing.

    def _every(self) -> list[Dataset]:
        return list(self._by_key.values())

    def _selected(self) -> Dataset | None:
        key = self.query_one("#datasets", Table).key
        return self._by_key.get(key) if isinstance(key, str) else None

    def _stands(self) -> bool:
        """Whether all of the pane is there: answers may come while it is taken down."""
        return bool(self.query("#datasets") and self.query("#detail-tabs"))

    def _list(self) -> None:
        if not self._stands():
            return
        every = self._listing.datasets()
        self._by_key = {dataset.key: dataset for dataset in every}
        shown = self._shown = datasets.matching(every, self._filter)
        count = f"{len(shown)} of {len(every)}" if self._filter else f"{len(every)}"
        gone = f" · {self._missing[0]} is not there" if self._missing else ""
        self.query_one("#list .below", Edge).show(f"{count}{gone}")
        self.set_class(not every, "-no-datasets")
        reading = self._looking.under_way
        self.query_one("#datasets", Table).show(
            KeyedRows([dataset.key for dataset in shown], lambda index: datasets.cells(shown[index], reading))
        )
        self._draw_detail()

    def _draw_detail(self) -> None:
        if not self._stands():
            return
        dataset, detail = self._selected(), self.query_one(DatasetDetail)
        view = self._looking.view(dataset, detail.tab, self._clock()) if dataset else None
        detail.show(view)

    def _prompt(self, purpose: str, hint: str, value: str) -> None:
        self._typing_for = purpose
        with self._input.prevent(Input.Changed):
            self._input.placeholder, self._input.value = hint, value
        self._input.display = True
        # At once, so that what is typed ahead goes there.
        self.screen.set_focus(self._input)

    def _close_input(self, typed: Input) -> None:
        purpose, self._typing_for = self._typing_for, "filter"
        if purpose == "filter":
            self._filter = typed.value
            self._list()
            self.take_focus()
        else:
            with typed.prevent(Input.Changed):
                typed.value = self._filter
            self.query_one(DatasetDetail).take_focus()
        typed.display = bool(self._filter)
