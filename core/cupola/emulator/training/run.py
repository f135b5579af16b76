"""The training process: take steps at the declared pace, tell each, save often, obey pause."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine import Hyperparameters, StepReport, Trainer, TrainingRow, ValidationSample
from ..engines import EngineName, Engines, Training, load_engines
from ..jobs.images import is_skipped
from ..jobs.lines import read_rows
from ..parent import tell
from .journal import Journal, write_arrays
from .plan import Plan

if TYPE_CHECKING:
    from .grading import Grading

SAVE_SECONDS = 3.0
"""How much work a kill may cost."""


class CannotTrainError(Exception):
    """The rows passed the checks, but nothing can be learnt from them."""


Inbox = queue.SimpleQueue[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run ready to start or to go on."""

    engine: EngineName
    puzzles: bool
    """Whether most rows are number puzzles."""
    trainer: Trainer
    grading: Grading | None


def _rows(path: str) -> list[TrainingRow]:
    return [row for _number, row in read_rows(Path(path)) if not is_skipped(row)]


def _mostly_puzzles(engines: Engines, rows: Sequence[TrainingRow]) -> bool:
    seen = rows[:50]
    prompts = [row.get("messages") or (row.get("input") or {}).get("messages") or () for row in seen]
    return 2 * sum(engines.is_puzzle(prompt) for prompt in prompts) > len(seen)


def _grading(plan: Plan, valid_rows: Sequence[TrainingRow]) -> AbstractContextManager[Grading | None]:
    if plan.grader is None:
        return nullcontext()
    from .grading import open_grading

    return open_grading(plan.grader, valid_rows)


@contextmanager
def prepared(plan: Plan) -> Iterator[Prepared]:
    """Read the files and make the trainer that the method and the rows call for."""
    engines = load_engines(plan.engines)
    train_rows = _rows(plan.training_file)
    valid_rows = _rows(plan.validation_file) if plan.validation_file else None
    puzzles = _mostly_puzzles(engines, train_rows)
    reasoner = plan.model.reasoner if plan.method == "reinforcement" and puzzles else None
    reference = reasoner or plan.model.talker
    with _grading(plan, valid_rows or ()) as grading:
        training = Training(
            engine=reference.engine,
            method=plan.method,
            base=engines.weights(reference),
            train_rows=train_rows,
            valid_rows=valid_rows,
            hyperparameters=Hyperparameters(**plan.hyperparameters),
            seed=plan.seed,
            grade=grading.grade if grading else None,
            json_schema=plan.json_schema,
        )
        try:
            trainer = engines.trainer(training)
        except ValueError as error:
            raise CannotTrainError(str(error)) from error
        yield Prepared(reference.engine, puzzles, trainer, grading)


def _sample(sample: ValidationSample) -> dict[str, Any]:
    answer, grade = sample.answer, sample.grade
    return {
        "row": sample.row,
        "sample": sample.sample,
        "text": answer.text,
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "reasoning_tokens": answer.reasoning_tokens,
        "reward": grade.reward,
        "error": grade.error,
        "sub_rewards": dict(grade.sub_rewards),
    }


class Run:
    """One training run in its process."""

    def __init__(self, plan: Plan, ready: Prepared, inbox: Inbox) -> None:
        self._plan = plan
        self._prepared = ready
        self._trainer = ready.trainer
        self._inbox = inbox
        self._journal = Journal(Path(plan.folder))
        self._step = 0
        self._saved = time.monotonic()
        self._started = False

    def run(self) -> None:
        """Go on from the last save, or from the start, to the end or to a pause."""
        self._restore()
        if not self._started:
            self._baseline()
        while self._step < self._trainer.total_steps:
            if self._pause_wanted():
                self._pause()
                return
            self._take_step()
        tell({"type": "done", "step": self._step})

    def _restore(self) -> None:
        tell(
            {
                "type": "ready",
                "engine": self._prepared.engine,
                "puzzles": self._prepared.puzzles,
                "total_steps": self._trainer.total_steps,
                "hyperparameters": asdict(self._trainer.hyperparameters),
            }
        )
        saved = self._journal.restore()
        if saved is not None:
            self._step, state = saved
            self._trainer.restore(state)
            self._started = True

    def _baseline(self) -> None:
        started = time.monotonic()
        report = self._trainer.baseline()
        if report is not None:
            self._rest(started, self._plan.evaluation_seconds)
            self._tell_step(report, time.monotonic() - started)

    def _take_step(self) -> None:
        started = time.monotonic()
        report = self._trainer.step()
        pace = self._plan.step_seconds + (self._plan.evaluation_seconds if report.validation else 0.0)
        self._rest(started, pace)
        self._step = report.step
        self._tell_step(report, time.monotonic() - started)
        last = self._step == self._trainer.total_steps
        due = bool(report.validation) if self._plan.method == "reinforcement" else report.epoch_ended
        if due or last:
            self._checkpoint(report.metrics)
        if last or time.monotonic() - self._saved >= SAVE_SECONDS:
            self._save()

    def _rest(self, started: float, pace: float) -> None:
        left = started + pace - time.monotonic()
        if left > 0:
            time.sleep(left)

    def _tell_step(self, report: StepReport, seconds: float) -> None:
        self._journal.tell(
            {
                "type": "step",
                "step": report.step,
                "metrics": {name: float(value) for name, value in report.metrics.items()},
                "tokens": report.tokens,
                "validation": [_sample(sample) for sample in report.validation],
                "notes": list(report.notes),
                "seconds": seconds,
                "grading": self._prepared.grading.take() if self._prepared.grading else None,
            }
        )

    def _checkpoint(self, metrics: Mapping[str, float]) -> None:
        write_arrays(Path(self._plan.folder) / f"step-{self._step}.npz", self._trainer.weights())
        numbers = {name: float(value) for name, value in metrics.items()}
        self._journal.tell({"type": "checkpoint", "step": self._step, "metrics": numbers})

    def _save(self) -> None:
        self._journal.save(self._step, self._trainer.state())
        self._saved = time.monotonic()

    def _pause_wanted(self) -> bool:
        try:
            return bool(self._inbox.get_nowait()["type"] == "pause")
        except queue.Empty:
            return False

    def _pause(self) -> None:
        self._checkpoint({})
        self._save()
        tell({"type": "paused", "step": self._step})
