"""Carry out evaluation runs in the background; all that is needed to go on stands in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from cupola.graders import Grader

from ..dialect import new_timed_id
from ..errors import ApiError, deployment_not_found
from ..inference.client import Inference
from ..pacing import keep_pace
from ..resource import Resource
from ..serving import find_serving
from ..state import eval_items, eval_runs, evals
from ..state.database import transaction
from ..state.eval_items import EvalRow, OutputItem
from ..state.eval_runs import Run, Usage
from ..watch import watched
from .criteria import graders_of
from .grading import Bench, Verdict, grade
from .rows import RowError, rows_of_file
from .samples import failed_sample, given_sample, sample_scope
from .sampling import sample_row

QUEUE_SECONDS = 2.0
"""How long a run is queued at least, on the emulator's clock."""

MOST_RUNNING = 4
"""Runs that are carried out at the same time."""

MOST_ROWS = 32
"""Rows of one run that are worked on at the same time."""

_ROWS_READ_AT_ONCE = 500


class RunFailure(Exception):
    """Why a run cannot go on, in the service's words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class EvalRunner:
    """The runs that are being carried out."""

    def __init__(self, resource: Resource, inference: Inference) -> None:
        self._resource = resource
        self._inference = inference
        self._wake = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.bench = Bench()
        """Where graders run, also for those who grade a single sample."""

    def wake(self) -> None:
        """Look for runs to carry out."""
        self._wake.set()

    async def stop(self, run_id: str) -> None:
        """Work no more on a run, whose status the caller has changed."""
        task = self._tasks.pop(run_id, None)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.wake()

    async def run(self) -> None:
        """Carry out runs until cancelled; they go on with the next start."""
        try:
            while True:
                self._wake.clear()
                waiting = [run for run in eval_runs.unfinished(self._resource.database) if run.id not in self._tasks]
                for run in waiting[: max(0, MOST_RUNNING - len(self._tasks))]:
                    self._start(run)
                await self._wake.wait()
        finally:
            for task in list(self._tasks.values()):
                task.cancel()
            await asyncio.gather(*list(self._tasks.values()), return_exceptions=True)
            self.bench.close()

    def _start(self, run: Run) -> None:
        task = self._tasks[run.id] = watched(asyncio.create_task(self._carry_out(run)))
        task.add_done_callback(lambda ended: self._ended(run, ended))

    async def _carry_out(self, run: Run) -> None:
        try:
            await self._work_through(run)
        except RunFailure as failure:
            self._end(run, "failed", failure.code, failure.message)
        else:
            self._end(run, "completed")

    def _ended(self, run: Run, task: asyncio.Task[None]) -> None:
        """Make room for another run; one that nobody works on any more must not look as if it went on."""
        if not task.cancelled() and task.exception() is not None:
            self._end(run, "failed", "internalFailure", "The run failed due to an internal error. Please try again.")
        if self._tasks.get(run.id) is task:
            del self._tasks[run.id]
        self._wake.set()

    def _end(self, run: Run, status: str, code: str = "", message: str = "") -> None:
        error = {"code": code, "message": message} if code else None
        eval_runs.move(self._resource.database, run.id, status, error)

    async def _work_through(self, run: Run) -> None:
        evaluation = evals.find(self._resource.database, run.eval_id)
        if evaluation is None:
            raise RunFailure("notFound", "The evaluation of the run was deleted.")
        if run.status == "queued":
            await self._wait_in_queue(run)
        if run.total is None:
            await self._take_in_rows(run, evaluation.data_source_config["schema"]["properties"]["item"])
        graders = graders_of(evaluation.testing_criteria)
        self._check_deployments(run, graders)
        eval_runs.move(self._resource.database, run.id, "in_progress")
        rows = eval_items.ungraded(self._resource.database, run.id, run.source)
        async with asyncio.TaskGroup() as workers:
            for _ in range(MOST_ROWS):
                workers.create_task(self._grade_rows(run, graders, rows))

    async def _wait_in_queue(self, run: Run) -> None:
        clock = self._resource.clock
        await asyncio.sleep(clock.real(max(0.0, QUEUE_SECONDS - clock.passed(run.created_at))))

    async def _take_in_rows(self, run: Run, item_schema: Mapping[str, Any]) -> None:
        """Copy the rows of a file, which may be deleted later, so that the run has its own."""
        database = self._resource.database
        path = self._resource.folders.file(run.data_source["source"]["id"])
        rows, total = rows_of_file(path, item_schema), 0
        try:
            while chunk := await asyncio.to_thread(_next_rows, rows):
                with transaction(database):
                    eval_items.add_rows(database, run.source, chunk)
                total += len(chunk)
        except RowError as error:
            raise RunFailure("invalidPayload", str(error)) from error
        if not total:
            raise RunFailure("invalidPayload", "The file of the run has no rows.")
        eval_runs.set_total(database, run.id, total)

    def _check_deployments(self, run: Run, graders: list[tuple[str, Grader]]) -> None:
        wanted = {run.model} | {getattr(grader, "model", None) for _, grader in graders}
        for name in sorted(name for name in wanted if name is not None):
            if find_serving(self._resource, name) is None:
                missing = deployment_not_found()
                raise RunFailure(missing.code, f"The deployment '{name}' cannot be used. {missing.message}")

    async def _grade_rows(self, run: Run, graders: list[tuple[str, Grader]], rows: Iterator[EvalRow]) -> None:
        for row in rows:
            await self._grade_row(run, graders, row)
            # Grading may never wait for anything, and others want the event loop too.
            await asyncio.sleep(0)

    async def _grade_row(self, run: Run, graders: list[tuple[str, Grader]], row: EvalRow) -> None:
        if run.model is None:
            shown = given_sample(row.sample)
        else:
            kept = eval_items.find_answer(self._resource.database, run.id, row.position)
            try:
                shown = dict(kept) if kept is not None else await self._answer(run, row)
            except ApiError as error:
                self._keep(run, row, failed_sample(run.data_source, error), [])
                return
        scope = sample_scope(shown, row.sample if run.model is None else None)
        verdicts = [
            await grade(self._resource, self.bench, criterion, grader, row.item, scope) for criterion, grader in graders
        ]
        self._keep(run, row, shown, verdicts)

    async def _answer(self, run: Run, row: EvalRow) -> dict[str, object]:
        """Ask for the answer to a row, and keep it together with its payment before it is graded."""
        sampled = await sample_row(self._resource, self._inference, run.data_source, row.item)
        database, answer = self._resource.database, sampled.payment.answer
        with transaction(database):
            eval_items.keep_answer(database, run.id, row.position, sampled.sample)
            usage = Usage(str(run.model), 1, answer.prompt_tokens, answer.completion_tokens)
            eval_runs.count_usage(database, run.id, usage)
            sampled.payment.enter(self._resource)
        await keep_pace(self._resource.clock, sampled.payment.serving.base, sampled.started, answer.completion_tokens)
        return dict(sampled.sample)

    def _keep(self, run: Run, row: EvalRow, shown: dict[str, object], verdicts: list[Verdict]) -> None:
        """Write an output item down with all that it adds to its run."""
        database, now = self._resource.database, self._resource.clock.now()
        status = outcome(verdicts)
        with transaction(database):
            item_id = new_timed_id("outputitem", now)
            results = [verdict.shown for verdict in verdicts]
            eval_items.add_item(database, OutputItem(item_id, run.id, row.position, now, status, results, shown))
            erred = status == "error" or any(verdict.erred for verdict in verdicts)
            eval_runs.count(database, run.id, int(status == "pass"), int(status == "fail"), int(erred))
            for verdict in verdicts:
                eval_runs.count_criterion(database, run.id, verdict.criterion, verdict.passed)
                for usage in verdict.usage:
                    eval_runs.count_usage(database, run.id, usage)
                for payment in verdict.payments:
                    payment.enter(self._resource)


def outcome(verdicts: list[Verdict]) -> str:
    """The status of an item: it passes if every criterion does; without an answer there is nothing to grade."""
    if not verdicts:
        return "error"
    return "pass" if all(verdict.passed for verdict in verdicts) else "fail"


def _next_rows(rows: Iterator[EvalRow]) -> list[EvalRow]:
    return list(islice(rows, _ROWS_READ_AT_ONCE))
