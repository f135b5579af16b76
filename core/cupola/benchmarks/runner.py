"""Runs a benchmark here: asks and gradings in one pipeline, all arms side by side, from wherever the journal stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..errors import CupolaError
from ..store import answers, benchmarks, grades
from ..store.answers import Answer, AnswerState, Entry
from ..store.benchmarks import Ask, Progress, Run
from ..store.database import Database
from ..store.grades import Grade
from .calls import Calls, Request
from .definition import Benchmark
from .grading import GradingRoom
from .items import Item
from .lanes import LaneClosedError
from .purse import BudgetSpentError
from .schedule import asks_of, order_of
from .table import Kind, Table, empty_table, kind_of, put_answer, put_grade, to_columns

_PROGRESS_SECONDS = 0.4
_BOARD_SHARE = 0.05
"""At most this share of the time goes into storing the arrays that screens read."""
_DRAIN_SECONDS = 5.0
_AHEAD = 4
"""Rows of an arm that may wait for their graders, in multiples of the gate's limit, before it is asked for more."""


@dataclass(slots=True)
class Ended:
    """How a run came to its end."""

    problem: CupolaError | None = None
    """Why rows are left open; None if nothing more can be done here."""


@dataclass(slots=True)
class Counts:
    """How many rows and gradings are done; mirrors the fields of `Progress`."""

    rows: int
    gradings: int
    answered: int = 0
    failed: int = 0
    graded: int = 0
    reused: int = 0


@dataclass(slots=True)
class Runner:
    """One run in one event loop."""

    database: Database
    run: Run
    benchmark: Benchmark
    items: list[Item]
    calls: Calls
    room: GradingRoom
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    only_grade: bool = False
    """Ask nothing: another engine has filled the journal, and what it left open stays open."""
    table: Table = field(init=False)
    counts: Counts = field(init=False)
    _asks: list[Ask] = field(init=False)
    _known: dict[tuple[str, int], Entry] = field(init=False)
    _grades: dict[tuple[str, int, str, str], Grade] = field(init=False)
    _stop: CupolaError | None = None
    _started: float = 0.0
    _next_board: float = 0.0

    def __post_init__(self) -> None:
        self._started = self.monotonic()
        benchmarks.save_asks(self.database, self.run.id, asks_of(self.benchmark, self.items))
        self._asks = benchmarks.asks(self.database, self.run.id)
        self._known = {
            (entry.sent.request, entry.sent.number): entry for entry in answers.of_run(self.database, self.run.id)
        }
        hashes = [use.hash for use in self.benchmark.graders]
        self._grades = {
            (grade.request, grade.number, grade.item, grade.grader): grade
            for grade in grades.of_run(self.database, self.run.id, hashes)
            if grade.again == 0
        }
        self.table = empty_table(self.benchmark, self.items)
        self.counts = Counts(rows=len(self._asks), gradings=len(self._asks) * len(self.benchmark.graders))
        for ask in self._asks:
            self._enter_known(ask)

    async def go(self) -> Ended:
        """Ask and grade until all is done, the budget is used up, or nobody answers; what is under way is finished.

        Raises:
            StoreError: the journal cannot be written.
        """
        reporter = asyncio.create_task(self._report())
        feeders = [asyncio.create_task(self._feed(index)) for index in range(len(self.benchmark.arms))]
        try:
            done, _ = await asyncio.wait(feeders, return_when=asyncio.FIRST_EXCEPTION)
            _raise_failure(done)
        except asyncio.CancelledError:
            self._stop = LaneClosedError("The run was called off.")
            # What is under way is paid for: its answers are worth a few seconds.
            await asyncio.wait(feeders, timeout=_DRAIN_SECONDS)
            raise
        finally:
            for task in (*feeders, reporter):
                task.cancel()
            await asyncio.gather(*feeders, reporter, return_exceptions=True)
            self.store_progress()
            self.store_board()
        return Ended(self._stop or self._closed())

    def cancel(self) -> None:
        """Ask no more; what is under way is still awaited, since it is paid for."""
        self._stop = self._stop or LaneClosedError("The run was cancelled.")

    def store_progress(self) -> None:
        """Store how far the run is."""
        benchmarks.set_progress(self.database, self.run.id, self.progress())

    def store_board(self) -> None:
        """Store the arrays that screens read."""
        started = self.monotonic()
        benchmarks.save_columns(self.database, self.run.id, to_columns(self.table))
        took = self.monotonic() - started
        self._next_board = self.monotonic() + max(_PROGRESS_SECONDS, took / _BOARD_SHARE)

    def progress(self) -> Progress:
        """How far the run is, with what earlier goes at it had done."""
        tally, before, counts = self.calls.tally, self.run.progress, self.counts
        return Progress(
            rows=counts.rows,
            answered=counts.answered,
            failed=counts.failed,
            gradings=counts.gradings,
            graded=counts.graded,
            asked=before.asked + tally.asked,
            throttled=before.throttled + tally.throttled,
            lost=before.lost + tally.lost,
            reused=counts.reused + tally.reused,
            usd=before.usd + self.calls.purse.spent,
            unpriced=before.unpriced + tally.unpriced,
            prompt_tokens=before.prompt_tokens + tally.prompt_tokens,
            completion_tokens=before.completion_tokens + tally.completion_tokens,
            seconds=before.seconds + self.monotonic() - self._started,
        )

    async def _feed(self, arm_index: int) -> None:
        """Send one arm's open rows in their order, as fast as its deployment takes them."""
        arm = self.benchmark.arms[arm_index]
        turns = order_of(self.benchmark, self.items)
        rows = sorted(
            (ask for ask in self._asks if ask.arm == arm_index and self._is_open(ask)),
            key=lambda ask: turns[ask.place, ask.repeat],
        )
        lane = self.calls.lane(arm.deployment)
        async with asyncio.TaskGroup() as group:
            under_way = 0

            def ended(_: asyncio.Task[None]) -> None:
                nonlocal under_way
                under_way -= 1
                room.set()

            room = asyncio.Event()
            for number, ask in enumerate(rows):
                while under_way >= _AHEAD * max(int(lane.gate.limit), 8):
                    room.clear()
                    await room.wait()
                if not await self._may_go(ask, number / len(rows)):
                    continue
                under_way += 1
                group.create_task(self._do(ask)).add_done_callback(ended)

    async def _may_go(self, ask: Ask, rank: float) -> bool:
        """Wait for leave to send a row's question, where it has one; False if the row is to stay open."""
        if self._stop is not None:
            return False
        if not self._is_asked(ask):
            return True
        if self.only_grade:
            return False
        lane = self.calls.lane(self.benchmark.arms[ask.arm].deployment)
        try:
            await lane.enter(rank)
        except LaneClosedError:
            return False
        if self._is_stopping():
            lane.gate.failed()
            lane.pump()
            return False
        return True

    def _is_stopping(self) -> bool:
        return self._stop is not None

    async def _do(self, ask: Ask) -> None:
        """One row, from its question to its last grade."""
        try:
            entry = self._known.get((ask.request, ask.number))
            if self._is_asked(ask):
                arm = self.benchmark.arms[ask.arm]
                item = self.items[ask.place]
                body = arm.body(list(item.messages))
                request = Request(arm.deployment, body, ask.number, "arm", arm.model, arm.tier, ask.request)
                answer = await self.calls.answer_now(request, entry)
                self._enter_answer(ask, answer)
            else:
                assert entry is not None
                answer = entry.answer
            await self._grade(ask, answer)
        except BudgetSpentError as error:
            self._stop = self._stop or error
        except LaneClosedError:
            # The row, or its grade, stays open; `_closed` tells why.
            return

    async def _grade(self, ask: Ask, answer: Answer) -> None:
        if kind_of(answer) is not Kind.ANSWERED:
            return
        item = self.items[ask.place]
        for index, use in enumerate(self.benchmark.graders):
            known = self._grades.get((ask.request, ask.number, item.hash, use.hash))
            if known is not None and known.reward is not None:
                continue
            grade = await self.room.grade(use, item, answer)
            await self.calls.journal.graded(grade)
            self._enter_grade(ask, index, grade, again=known is not None)

    def _enter_known(self, ask: Ask) -> None:
        entry = self._known.get((ask.request, ask.number))
        if entry is None or entry.answer.state is AnswerState.SENT:
            return
        self._enter_answer(ask, entry.answer)
        self.counts.reused += entry.answer.state is AnswerState.ANSWERED and not self.only_grade
        if kind_of(entry.answer) is not Kind.ANSWERED:
            return
        item = self.items[ask.place]
        for index, use in enumerate(self.benchmark.graders):
            grade = self._grades.get((ask.request, ask.number, item.hash, use.hash))
            if grade is not None:
                self._enter_grade(ask, index, grade)

    def _enter_answer(self, ask: Ask, answer: Answer) -> None:
        row = self.table.row(ask.place, ask.repeat)
        before = Kind(int(self.table.arms[ask.arm].kind[row]))
        put_answer(self.table.arms[ask.arm], row, answer)
        kind = kind_of(answer)
        self.counts.answered += kind is not Kind.ERROR
        self.counts.failed += (kind is Kind.ERROR) - (before is Kind.ERROR)
        if kind not in (Kind.ANSWERED, Kind.ERROR):
            # What counts as fail without being graded needs no grade.
            self.counts.graded += len(self.benchmark.graders)

    def _enter_grade(self, ask: Ask, grader: int, grade: Grade, again: bool = False) -> None:
        put_grade(self.table.arms[ask.arm], grader, self.table.row(ask.place, ask.repeat), grade)
        self.counts.graded += not again

    def _is_asked(self, ask: Ask) -> bool:
        """Whether the row still needs an answer: it has none, or the service failed to give one."""
        entry = self._known.get((ask.request, ask.number))
        return entry is None or entry.answer.state is not AnswerState.ANSWERED

    def _is_open(self, ask: Ask) -> bool:
        """Whether the row needs anything: an answer, a grade, or a grade in place of a grader's error."""
        if self._is_asked(ask):
            return True
        answer = self._known[ask.request, ask.number].answer
        if kind_of(answer) is not Kind.ANSWERED:
            return False
        item = self.items[ask.place]
        found = (self._grades.get((ask.request, ask.number, item.hash, use.hash)) for use in self.benchmark.graders)
        return any(grade is None or grade.reward is None for grade in found)

    def _closed(self) -> CupolaError | None:
        """Why a deployment was left alone, if one was."""
        return next((lane.closed for lane in self.calls.lanes.values() if lane.closed is not None), None)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            self.store_progress()
            if self.monotonic() >= self._next_board:
                self.store_board()


def _raise_failure(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Raise the first failure among ended tasks, out of the groups it came in."""
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if error is not None:
            raise error
