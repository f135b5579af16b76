"""Asking through Global Batch: the journal is filled from batch files, and graders then read it as always."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...azure import batches, files
from ...azure.batches import Batch, BatchLine
from ...azure.client import Service
from ...azure.wire.chat import chat_reply
from ...azure.wire.reading import mapping, text
from ...errors import CupolaError, ServiceError
from ...models import Problem
from ...store import benchmarks
from ...store.answers import Answer, AnswerState
from ...store.benchmarks import Ask, Run
from ...store.database import Database
from ..calls import answer_of
from ..definition import Arm, Benchmark
from ..estimate import estimate
from ..items import Item
from ..prices import price_of
from ..schedule import asks_of
from .records import journal, nonce_of, open_asks, part_of, refuse_beyond, remember, take_in
from .waiting import until

LARGEST_BATCH = 100_000
"""Lines of one file."""
_CALLED_OFF = ("cancelled", "canceled")
"""What a batch is called that was stopped by a cancelled run; when that run goes on, so do its open rows."""


async def fill(
    database: Database,
    service: Service,
    run: Run,
    benchmark: Benchmark,
    items: Sequence[Item],
    wanted: Callable[[], bool],
) -> None:
    """Have every open row answered by one batch for each arm; may be called again after any interruption.

    Raises:
        NotWantedError: the run was cancelled; batches under way are cancelled too.
        BudgetSpentError: it may cost more than is left; nothing new was begun.
        ServiceError: the service refused a file or a batch.
    """
    benchmarks.save_asks(database, run.id, asks_of(benchmark, items))
    _refuse_beyond_budget(database, run, benchmark, items)
    for index, arm in enumerate(benchmark.arms):
        while (batch_id := await _started(database, service, run, index, arm, items)) is not None:
            batch = await _awaited(service, batch_id, wanted)
            await _take_in(database, service, run, arm, index, batch)
            if batch.status not in _CALLED_OFF:
                break


async def _awaited(service: Service, batch_id: str, wanted: Callable[[], bool]) -> Batch:
    async def look() -> Batch:
        return await batches.get(service, batch_id)

    try:
        return await until(service, look, lambda batch: batch.ended, wanted)
    except CupolaError:
        if not wanted():
            await batches.cancel(service, batch_id)
        raise


def _refuse_beyond_budget(database: Database, run: Run, benchmark: Benchmark, items: Sequence[Item]) -> None:
    """Hold what is not begun yet against the budget; errors as for `refuse_beyond`."""
    begun = [part_of(database, run, str(index)) for index in range(len(benchmark.arms))]
    fresh = [arm for arm, part in zip(benchmark.arms, begun, strict=True) if not part.get("id") or part.get("done")]
    if fresh:
        takes = estimate(database, replace(benchmark, arms=tuple(fresh)), items)
        refuse_beyond(run.budget, run.progress.usd, takes)


async def _started(
    database: Database, service: Service, run: Run, index: int, arm: Arm, items: Sequence[Item]
) -> str | None:
    """The arm's batch, an earlier one or a new one; None if nothing is left to ask."""
    known = part_of(database, run, str(index))
    if known.get("id") and not known.get("done"):
        return str(known["id"])
    open_ = open_asks(database, run, index)
    if not open_:
        return None
    if len(open_) > LARGEST_BATCH:
        raise ServiceError(
            f"{arm.name} has {len(open_):,} open rows; a batch takes {LARGEST_BATCH:,}.", remedy="Use fewer items."
        )
    go = int(known.get("go") or 0) + (1 if known.get("done") else 0)
    nonce = f"{nonce_of(database, run)}-{index}-{go}"
    batch = await batches.find(service, nonce)
    if batch is None:
        journal(database, service, arm, open_)
        batch = await batches.create(service, await _uploaded(service, run, index, arm, items, open_), nonce)
    remember(database, run, str(index), id=batch.id, go=go, done=False)
    return batch.id


async def _uploaded(
    service: Service, run: Run, index: int, arm: Arm, items: Sequence[Item], open_: Sequence[Ask]
) -> str:
    with tempfile.TemporaryDirectory(prefix="cupola-batch-") as folder:
        path = Path(folder) / f"cupola-{run.id}-{index}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for ask in open_:
                body = arm.body(list(items[ask.place].messages))
                file.write(batches.request_line(_custom_id(ask), arm.deployment, body))
        return (await files.processed(service, (await files.upload(service, path, "batch")).id)).id


async def _take_in(database: Database, service: Service, run: Run, arm: Arm, index: int, batch: Batch) -> None:
    """Store what an ended batch brought; a row that neither of its files tells of has failed."""
    found: dict[str, BatchLine] = {}
    for file_id in (batch.error_file, batch.output_file):
        if file_id:
            found |= {line.custom_id: line for line in batches.answered_lines(await files.content(service, file_id))}
    why = Problem(f"The batch {batch.status} without an answer to this row.", batch.errors, "Run it again.")
    rows = [_answer(service, arm, ask, found.get(_custom_id(ask)), why) for ask in open_asks(database, run, index)]
    take_in(database, run, str(index), rows)


def _answer(service: Service, arm: Arm, ask: Ask, line: BatchLine | None, why: Problem) -> Answer:
    now = service.clock()
    if line is None:
        return Answer(ask.request, ask.number, AnswerState.FAILED, now, problem=why)
    if line.status != 200:
        error = mapping(line.body.get("error"))
        if text(error.get("code")) == "content_filter":
            return Answer(ask.request, ask.number, AnswerState.ANSWERED, now, text="", filtered=True, usd=0.0)
        said = text(error.get("message")) or "It did not say why."
        problem = Problem(f"The service refused this row ({line.status}).", said[:500])
        return Answer(ask.request, ask.number, AnswerState.FAILED, now, problem=problem)
    try:
        # How long one row took inside a batch is not told.
        reply = chat_reply(line.body, 0.0)
    except ServiceError as error:
        return Answer(ask.request, ask.number, AnswerState.FAILED, now, problem=error.problem)
    return answer_of(reply, ask.request, ask.number, price_of(arm.model, arm.tier, "batch"), now, timed=False)


def _custom_id(ask: Ask) -> str:
    return f"{ask.request}-{ask.number}"
