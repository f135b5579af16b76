"""The list of datasets with one in detail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult

from cupola.datasets.listing import Dataset
from cupola.errors import CupolaError
from cupola.settings import Profile
from cupola.store import datasets as store

from ...background.client import Background
from ...commands import Scope, bindings
from ...facts import Facts
from ...messages import Ask, Copy, Keep, Read, Say
from ...views import datasets
from ...views.actions import Action
from ...views.dataset_actions import Chosen, dataset_actions
from ...widgets.conversation import ConversationView
from ...widgets.table import Table
from ...widgets.typed import TypedLine
from ..list_and_detail import ListAndDetail
from .detail import DatasetDetail
from .fetching import Fetching
from .list import DatasetList
from .listing import Listing
from .looking import Looking
from .making import Making
from .scanning import Scanning

if TYPE_CHECKING:
    from cupola.advice.advise import NextStep

_TOPICS = frozenset({"files", "uploads", "downloads", "datasets", "jobs"})
_SETTLE_SECONDS = 0.06
"""How long the cursor must rest before a dataset is read."""
_RESCAN_SECONDS = 5.0
_ENDINGS = (".jsonl", ".csv", ".tsv", ".json", ".parquet")


class DatasetsPane(ListAndDetail):
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
        self._scanning = Scanning(self, self._listing, self._looking, self._reader, self._list)
        self._making = Making(self, self._listing, self._checker, clock, self._scanning.begin)
        self._fetching = Fetching(self, profile, clock)
        self._datasets, self._detail, self._typed = DatasetList(), DatasetDetail(), TypedLine()
        self._every: list[Dataset] = []
        self._compared: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._datasets
        yield self._detail
        yield self._typed

    def on_mount(self) -> None:
        """Show what is known at once; look at the disk after that."""
        self._list()
        self._scanning.begin()
        self._warm_up()
        self.set_interval(_RESCAN_SECONDS, self._scanning.again)

    async def on_unmount(self) -> None:
        """End the background processes; what waited for them has nowhere left to show it."""
        self.workers.cancel_node(self)
        await asyncio.gather(self._reader.close(), self._checker.close())

    def take_focus(self) -> None:
        """Focus the list."""
        self._datasets.table.focus()

    def facts_changed(self, topics: frozenset[str]) -> None:
        """Draw again what the topics cover."""
        if topics & _TOPICS:
            self._list()
        self._scanning.begin_if_moved()

    def actions(self) -> list[Action]:
        """What may be done with the selected dataset, and with those that are marked."""
        dataset = self._datasets.selected
        if dataset is None:
            return []
        chosen = Chosen(
            dataset, tuple(self._datasets.marked), self._listing.download(dataset), self._looking.fixable(dataset)
        )
        return dataset_actions(chosen, self._listing.remote, self._listing.contents, self._profile, self._clock())

    def perform(self, action: Action) -> bool:
        """Make new files here and ask for folders; all else is the worker's."""
        marked = [dataset.local[0].path for dataset in self._datasets.marked if dataset.local]
        return self._making.perform(action, marked) or self._fetching.perform(action, self._listing.remote)

    def back(self) -> bool:
        """Leave, one at a time: typing, zoom, search, comparison, detail, filter, marks."""
        table = self._datasets.table
        if self._typed.leave() or self.unzoom():
            return True
        if self._looking.words and self._detail.rows.has_focus:
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

    def take_step(self, step: NextStep) -> None:
        """Add data, or show what training on the data at hand costs."""
        if step.opens == "data" or not self._every:
            self.action_add()
        elif step.opens == "cost":
            self.show_thing(step.known.get("data", ""))
            self._detail.open("cost")

    # Keys.

    def action_add(self) -> None:
        """Remember a file or a folder."""
        from ...screens.path_prompt import PathScreen

        def answer(path: str | None) -> None:
            if path is not None:
                self.post_message(
                    Keep(lambda database: store.remember(database, path, self._clock()), f"Remembered {path}.")
                )

        self.app.push_screen(PathScreen("Add a file, or a folder of files", Path.cwd(), _ENDINGS), answer)

    def action_filter(self) -> None:
        """Open the filter."""
        self._typed.ask("filter")

    def action_model(self) -> None:
        """Choose the model to check, count and price for."""
        from cupola_data.models import catalogue

        from ...screens.menu import Choice, MenuScreen

        choices = [Choice("", "no model", "the service's rules alone; tokens by the newest encoding, as an estimate")]
        trained = [model for model in catalogue().models if model.methods]
        choices += [Choice(model.id, model.id, ", ".join(model.methods)) for model in trained]

        def answer(model: str | None) -> None:
            if model is not None:
                self._looking.model = model or None
                self._look()

        self.app.push_screen(MenuScreen("Model to be trained", choices, typing=True), answer)

    def action_twins(self) -> None:
        """Twins across the marked files."""
        paths = [dataset.local[0].path for dataset in self._datasets.marked if dataset.local]
        if len(paths) < 2:
            self.post_message(
                Say("Mark two files or more with space, then press = to compare their rows.", warning=True)
            )
            return
        self._compared = tuple(paths)
        self._detail.open("twins")

    def action_tab(self, by: int) -> None:
        """Another tab of the detail."""
        self._detail.turn(by)

    def action_raw(self) -> None:
        """The row's JSON, or what the service says of the file."""
        dataset, detail = self._datasets.selected, self._detail
        if dataset is not None and dataset.local and detail.tab == "rows" and detail.rows.row is not None:
            self._read_raw(dataset, detail.rows.row)
        elif dataset is not None and dataset.remote:
            self.post_message(Read(f"{dataset.name}: what the service said", dataset.remote[0].raw))
        else:
            self.post_message(Say("Only the disk holds this file; its rows have JSON in the Rows tab.", warning=True))

    def action_copy_id(self) -> None:
        """Copy the file's id, else its path."""
        dataset = self._datasets.selected
        if dataset is not None and dataset.remote:
            self.post_message(Copy(dataset.remote[0].id, "the file's id"))
        elif dataset is not None:
            self.post_message(Copy(dataset.key, "the file's path"))

    def action_copy_command(self) -> None:
        """Copy the command that checks the file."""
        import shlex

        dataset = self._datasets.selected
        if dataset is not None and dataset.local:
            model = ["--model", self._looking.model] if self._looking.model else []
            words = ["cupola", "dataset", "check", dataset.local[0].path, *model]
            self.post_message(Copy(shlex.join(words), "the command"))

    def action_act(self, kind: str) -> None:
        """Ask for something to be done with the selected dataset."""
        action = next((action for action in self.actions() if action.kind.partition(" ")[0] == kind), None)
        if action is not None:
            self.post_message(Ask(action))
        else:
            self.post_message(Say("That cannot be done with what is selected here.", warning=True))

    # What comes from below.

    @on(Table.Moved, "#datasets")
    def _moved(self) -> None:
        self._look()

    @on(Table.Opened, "#datasets")
    def _opened(self) -> None:
        self._detail.take_focus()

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
            self._typed.ask("line")
        else:
            self._typed.ask("search", self._looking.words)

    @on(ConversationView.Sought)
    def _sought(self, event: ConversationView.Sought) -> None:
        self._seek(event.forward)

    @on(ConversationView.Drawn)
    def _drawn(self, event: ConversationView.Drawn) -> None:
        if event.room is not None and (self.app.no_color or self.app.console.color_system is None):
            self.post_message(Say("This terminal shows no colours, so that images cannot be drawn.", warning=True))
            return
        self._looking.pictures = event.room
        self._show_row(self._detail.rows.row or 0)

    @on(TypedLine.Filtered)
    def _filtered(self) -> None:
        self._list()

    @on(TypedLine.Entered)
    def _entered(self, event: TypedLine.Entered) -> None:
        if event.purpose == "filter":
            self._list()
            self.take_focus()
            return
        self._detail.take_focus()
        digits = event.value.replace(",", "")
        if event.purpose == "search" and event.value:
            self._looking.words = event.value
            self._seek(True, here=True)
        elif digits.isascii() and digits.isdigit():
            self._go_to_line(min(int(digits[:13]), 2**40))

    # Looking.

    @work(group="warm", exit_on_error=False)
    async def _warm_up(self) -> None:
        """Have the checking process up before it is asked; what keeps it from starting is told when it is."""
        await self._checker.start()

    def _look(self) -> None:
        self._draw_detail()
        self._look_into()

    @work(exclusive=True, group="look")
    async def _look_into(self) -> None:
        """Fill the open tab of the selected dataset, then check it."""
        await asyncio.sleep(_SETTLE_SECONDS)
        dataset = self._datasets.selected
        if dataset is None or not dataset.local:
            return
        twins = self._compared or tuple(one.local[0].path for one in datasets.family(dataset, self._every))
        learnt = await self._looking.fill(dataset, self._detail.tab, twins, self._draw_detail)
        if learnt is not None and learnt != self._listing.file(learnt.path):
            self._listing.learn(learnt)
            self._listing.keep()
            self._list()
        self._draw_detail()

    @work(exclusive=True, group="row")
    async def _show_row(self, row: int) -> None:
        dataset = self._datasets.selected
        if dataset is not None and dataset.local:
            await self._looking.read(dataset, row=row)
            self._draw_detail()

    @work(exclusive=True, group="row")
    async def _go_to_line(self, line: int) -> None:
        dataset = self._datasets.selected
        if dataset is not None and dataset.local:
            await self._looking.read(dataset, line=line)
            if self._detail.tab == "rows":
                self._draw_detail()
            else:
                self._detail.open("rows")
            self._detail.take_focus()

    @work(exclusive=True, group="row")
    async def _seek(self, forward: bool, here: bool = False) -> None:
        """Go to the next or previous row with the words; `here` counts the row that is shown."""
        dataset, words = self._datasets.selected, self._looking.words
        if dataset is not None and dataset.local and words:
            start = (self._detail.rows.row or 0) - (1 if here else 0)
            try:
                if not await self._looking.seek(dataset, start, forward):
                    self.post_message(Say(f"No row holds {words!r}.", warning=True))
            except CupolaError as error:
                self.post_message(Say(str(error), warning=True))
        self._draw_detail()

    @work(exclusive=True, group="raw")
    async def _read_raw(self, dataset: Dataset, row: int) -> None:
        try:
            text = await self._looking.raw(dataset, row)
        except CupolaError as error:
            self.post_message(Say(str(error), warning=True))
            return
        self.post_message(Read(f"{dataset.name}, row {row + 1:,}", text))

    # Drawing.

    def _stands(self) -> bool:
        """Whether all of the pane is there: answers may come while it is taken down."""
        return bool(self.query("#datasets") and self.query("#detail-tabs"))

    def _list(self) -> None:
        if not self._stands():
            return
        every = self._every = self._listing.datasets()
        self.set_class(not every, "-no-datasets")
        fetching = self._listing.fetching
        self._datasets.show(every, self._typed.words, self._looking.under_way, fetching, self._scanning.missing)
        self._draw_detail()

    def _draw_detail(self) -> None:
        if not self._stands():
            return
        dataset = self._datasets.selected
        if dataset is None:
            self._detail.show(None)
            return
        view = self._looking.view(dataset, self._detail.tab, self._clock())
        listing = self._listing
        self._detail.show(replace(view, download=listing.download(dataset), origin=listing.origin(dataset)))
