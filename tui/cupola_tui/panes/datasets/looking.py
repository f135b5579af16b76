"""What was found out about files by the background processes, kept for as long as the files stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cupola.datasets.listing import Dataset
from cupola.errors import CupolaError
from cupola.models import LocalFile, Problem

from ...background.client import Background
from ...background.tasks import (
    Check,
    Checked,
    Conversation,
    FindText,
    FindTwins,
    Measure,
    Measured,
    Progress,
    ReadRaw,
    ReadRow,
    Twins,
)
from .detail import DatasetView

_KEPT = 64

_State = tuple[str, int, int]
"""A file as it is now: path, size, time of change."""


class Looking:
    """Asks, and remembers the answers."""

    def __init__(self, checker: Background, reader: Background, index_folder: str) -> None:
        self._checker, self._reader = checker, reader
        self.index_folder = index_folder
        self.model: str | None = None
        """The model to check, count and price for."""
        self.words = ""
        """What is searched for in the rows."""
        self.pictures: tuple[int, int] | None = None
        """Columns and lines that each image of a row may take; None to draw none."""
        self.under_way: set[str] = set()
        """Paths that are being checked."""
        self._checked: dict[tuple[_State, str | None], Checked] = {}
        self._measured: dict[tuple[_State, str | None], Measured] = {}
        self._progress: dict[_State, Progress] = {}
        self._twins: dict[str, tuple[tuple[_State, ...], Twins]] = {}
        self._rows: dict[_State, Conversation] = {}
        self._problems: dict[tuple[_State, str], Problem] = {}

    def view(self, dataset: Dataset, tab: str, now: float) -> DatasetView:
        """All that is known of a dataset."""
        if not dataset.local:
            return DatasetView(dataset, now, self.model)
        state = _state(dataset.local[0])
        twins = self._twins.get(state[0])
        return DatasetView(
            dataset,
            now,
            self.model,
            self._progress.get(state),
            self._checked.get((state, self.model)),
            self._measured.get((state, self.model)),
            twins[1] if twins else None,
            self._rows.get(state),
            self.words,
            self._problems.get((state, tab)),
        )

    def fixable(self, dataset: Dataset) -> int:
        """How many kinds of problems in it have a safe fix."""
        if not dataset.local:
            return 0
        checked = self._checked.get((_state(dataset.local[0]), self.model))
        return sum(bool(group.rule.fix) for group in checked.groups) if checked else 1

    async def survey(self, file: LocalFile) -> LocalFile | None:
        """Check a file that nobody has selected; None if it cannot be read."""
        try:
            checked: Checked = await self._reader.ask(Check(file.path))
        except CupolaError as error:
            self._problems[_state(file), "check"] = error.problem
            return None
        self._remember(self._checked, (_state(checked.file), None), checked)
        return checked.file

    async def fill(
        self, dataset: Dataset, tab: str, together: tuple[str, ...], redraw: Callable[[], None]
    ) -> LocalFile | None:
        """Find out what the open tab shows, then check the file; return what the check learnt."""
        file = dataset.local[0]
        if tab in ("shape", "cost"):
            await self._try(file, tab, self._measure(file))
        elif tab == "rows":
            await self.read(dataset)
        elif tab == "twins":
            await self._try(file, tab, self._compare(file, together))
        redraw()
        checked = self._checked.get((_state(file), self.model))
        if checked is None:
            await self._try(file, "check", self._check(file, redraw))
            checked = self._checked.get((_state(file), self.model))
        return checked.file if checked is not None else None

    async def read(self, dataset: Dataset, row: int | None = None, line: int = 0) -> None:
        """Read a row; without a number the one that was read last."""
        file = dataset.local[0]
        state = _state(file)
        if row is None and not line and state in self._rows:
            return
        task = ReadRow(file.path, self.index_folder, row or 0, line, self.pictures)
        await self._try(file, "rows", self._read(state, task))

    async def seek(self, dataset: Dataset, start: int, forward: bool) -> bool:
        """Read the next or previous row with the words, `start` being the one looked at; False if none has them.

        Raises:
            CupolaError: the file cannot be read.
        """
        path = dataset.local[0].path
        row: int | None = await self._reader.ask(FindText(path, self.index_folder, self.words, start, forward))
        if row is not None:
            await self.read(dataset, row=row)
        return row is not None

    async def raw(self, dataset: Dataset, row: int) -> str:
        """A row's JSON.

        Raises:
            CupolaError: the file cannot be read.
        """
        text: str = await self._reader.ask(ReadRaw(dataset.local[0].path, self.index_folder, row))
        return text

    async def _read(self, state: _State, task: ReadRow) -> None:
        self._remember(self._rows, state, await self._reader.ask(task))

    async def _check(self, file: LocalFile, redraw: Callable[[], None]) -> None:
        state = _state(file)

        def step(progress: Progress) -> None:
            self._progress[state] = progress
            redraw()

        self.under_way.add(file.path)
        try:
            checked: Checked = await self._checker.ask(Check(file.path, self.model), step)
        finally:
            self.under_way.discard(file.path)
            self._progress.pop(state, None)
        self._remember(self._checked, (_state(checked.file), self.model), checked)

    async def _measure(self, file: LocalFile) -> None:
        key = (_state(file), self.model)
        if key not in self._measured:
            self._remember(self._measured, key, await self._checker.ask(Measure(file.path, self.model)))

    async def _compare(self, file: LocalFile, together: tuple[str, ...]) -> None:
        paths = together if file.path in together else (file.path, *together)
        states = tuple(_state_of(path) for path in paths)
        known = self._twins.get(file.path)
        if known is None or known[0] != states:
            self._twins.pop(file.path, None)
            self._twins[file.path] = states, await self._checker.ask(FindTwins(paths))

    async def _try(self, file: LocalFile, tab: str, doing: Any) -> None:
        """Await it; what goes wrong is shown in the tab."""
        try:
            await doing
        except CupolaError as error:
            self._problems[_state(file), tab] = error.problem
        else:
            self._problems.pop((_state(file), tab), None)

    @staticmethod
    def _remember(known: dict[Any, Any], key: object, value: object) -> None:
        known[key] = value
        while len(known) > _KEPT:
            known.pop(next(iter(known)))


def _state(file: LocalFile) -> _State:
    return file.path, file.size, file.changed_ns


def _state_of(path: str) -> _State:
    try:
        state = Path(path).stat()
    except (OSError, ValueError):  # ValueError: no path at all, it holds a null byte.
        return path, -1, -1
    return path, state.st_size, state.st_mtime_ns
