"""Carry out batches in the background; all that is needed to go on stands in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import Any

from ..admission import note_paid
from ..deployments.skus import TOKENS_PER_CAPACITY, find_sku
from ..file_intake import arrival, keep
from ..inference.client import Inference
from ..resource import Resource
from ..serving import find_serving
from ..state import batches
from ..state.batches import Batch
from ..state.database import transaction
from ..watch import watched
from .answers import answer_line
from .lines import Line, LineError, check_lines, read_lines

STAGE_SECONDS = {"validating": 2.0, "finalizing": 1.0, "cancelling": 1.0}
"""How long the states last at least, on the emulator's clock."""

MOST_LINES_AT_ONCE = 32


def refusal_of(resource: Resource, deployment: str, tokens: int) -> LineError | None:
    """Why no batch of so many tokens can run on a deployment of that name, or None."""
    serving = find_serving(resource, deployment)
    if serving is None or serving.deployment is None:
        message = f"The provided model '{deployment}' was not found: there is no deployment of that name."
        return LineError("model_not_found", message, 1, "body.model")
    sku = find_sku(serving.deployment.sku)
    if sku is None or sku.kind != "batch" or serving.deployment.tuned:
        message = f"The deployment '{deployment}' takes no batches: deploy a base model as GlobalBatch for them."
        return LineError("invalid_request", message, 1, "body.model")
    most, enqueued = most_enqueued_tokens(resource, deployment), batches.enqueued_tokens(resource.database, deployment)
    if enqueued + tokens > most:
        message = (
            f"The deployment '{deployment}' may have {most} enqueued tokens; {enqueued} are enqueued already and this"
            f" batch has {tokens}. Wait for other batches to end, or raise the deployment's capacity."
        )
        return LineError("token_limit_exceeded", message)
    return None


def most_enqueued_tokens(resource: Resource, deployment: str) -> int:
    """How many tokens may be enqueued for a deployment; 0 where there is none."""
    serving = find_serving(resource, deployment)
    capacity = serving.deployment.capacity if serving and serving.deployment else 0
    return capacity * TOKENS_PER_CAPACITY


class BatchRunner:
    """Works on every batch that has not ended, each in a task of its own."""

    def __init__(self, resource: Resource, inference: Inference) -> None:
        self._resource = resource
        self._inference = inference
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look for new batches now."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                self._wake.clear()
                for batch in batches.active(self._resource.database):
                    if batch.id not in self._tasks:
                        self._start(batch.id)
                await self._wake.wait()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _start(self, batch_id: str) -> None:
        task = self._tasks[batch_id] = watched(asyncio.create_task(self._carry_out(batch_id)))
        task.add_done_callback(lambda _task: self._tasks.pop(batch_id, None))

    def _find(self, batch_id: str) -> Batch:
        batch = batches.find(self._resource.database, batch_id)
        assert batch is not None
        return batch

    async def _carry_out(self, batch_id: str) -> None:
        """From wherever the batch stands to its end."""
        while (batch := self._find(batch_id)).status in batches.ACTIVE:
            match batch.status:
                case "validating":
                    await self._validate(batch)
                case "in_progress":
                    await self._answer(batch)
                case _:
                    await self._finish(batch)

    async def _rest(self, batch: Batch) -> None:
        clock = self._resource.clock
        left = STAGE_SECONDS[batch.status] - clock.passed(batch.stage_since)
        if left > 0:
            await asyncio.sleep(clock.real(left))

    def cancel(self, batch: Batch) -> None:
        """Let a batch end with what it has; lines that are being answered are still answered."""
        self.move(batch, "cancelling")

    def move(self, batch: Batch, status: str, **changes: Any) -> None:
        """Bring a batch into another state."""
        now = self._resource.clock.now()
        times = {**batch.times, f"{status}_at": now}
        batches.update(self._resource.database, batch.id, status=status, stage_since=now, times=times, **changes)

    async def _validate(self, batch: Batch) -> None:
        await self._rest(batch)
        path = self._resource.folders.batch(batch.id)
        checked = await asyncio.to_thread(check_lines, path, batch.endpoint)
        # A client may have cancelled it meanwhile.
        if self._find(batch.id).status != "validating":
            return
        if checked.deployment is not None:
            refusal = refusal_of(self._resource, checked.deployment, checked.tokens)
            checked.errors += [refusal] if refusal else []
        if checked.errors:
            self.move(batch, "failed", errors=[asdict(error) for error in checked.errors])
            path.unlink(missing_ok=True)
            return
        found = {"total": checked.total, "deployment": checked.deployment, "tokens": checked.tokens}
        self.move(batch, "in_progress", **found)

    async def _answer(self, batch: Batch) -> None:
        done = batches.answered(self._resource.database, batch.id)
        waiting = (line for line in read_lines(self._resource.folders.batch(batch.id)) if line.position not in done)
        while chunk := list(islice(waiting, MOST_LINES_AT_ONCE)):
            await self._answer_lines(batch, chunk)
            if self._find(batch.id).status != "in_progress":
                return
        self.move(batch, "finalizing")

    async def _answer_lines(self, batch: Batch, lines: Iterable[Line]) -> None:
        assert batch.deployment is not None
        resource = self._resource
        answered = await asyncio.gather(
            *(answer_line(resource, self._inference, batch.endpoint, batch.deployment, line) for line in lines)
        )
        # What was answered and what was paid for it are written down together: a kill repeats both or neither.
        with transaction(resource.database):
            for entry in answered:
                if entry.serving is not None:
                    note_paid(resource, entry.serving, "batch", entry.body, entry.answers)
            resource.ledger.flush()
            batches.add_answers(resource.database, batch.id, [entry.answer for entry in answered])
            completed, failed = batches.counts(resource.database, batch.id)
            batches.update(resource.database, batch.id, completed=completed, failed=failed)

    async def _finish(self, batch: Batch) -> None:
        await self._rest(batch)
        ended = "completed" if batch.status == "finalizing" else "cancelled"
        with transaction(self._resource.database):
            files = {
                "output_file_id": self._write(batch, "output", failed=False),
                "error_file_id": self._write(batch, "error", failed=True),
            }
            self.move(batch, ended, **files)
            batches.forget_answers(self._resource.database, batch.id)
        self._resource.folders.batch(batch.id).unlink(missing_ok=True)

    def _write(self, batch: Batch, kind: str, *, failed: bool) -> str:
        arriving = arrival(self._resource)
        with arriving.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in batches.lines(self._resource.database, batch.id, failed=failed))
        name = f"{batch.id}_{kind}.jsonl"
        return keep(self._resource, arriving, name, "batch_output", batch.file_seconds, empty=True).id
