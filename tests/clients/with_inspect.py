"""Inspect's openai provider: Cora's questions to several models, over chat on both routes and over responses."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import Model, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate, system_message

from . import cora
from .steps import API_VERSION, TUNED_DEPLOYMENT, ready_line, run

A_DOZEN, ALL = 12, 252


@scorer(metrics=[mean(), stderr()])
def every_fact() -> Scorer:
    """1 where every fact of the row stands in the answer."""

    async def score(state: TaskState, _target: Target) -> Score:
        said = state.output.completion
        return Score(value=float(cora.is_right(said, state.metadata["facts"])), answer=said)

    return score


def cora_task(questions: int) -> Task:
    """The first test questions under Cora's system prompt."""
    samples = [
        Sample(input=row["question"], target=row["reference"], metadata={"facts": row["facts"]})
        for row in cora.questions(questions)
    ]
    return Task(
        name="cora",
        dataset=samples,
        solver=[system_message(cora.SYSTEM_PROMPT), generate()],
        scorer=every_fact(),
    )


def _score(log: EvalLog, questions: int) -> str:
    """The mean and its standard error, of an evaluation that answered and scored every question."""
    assert log.status == "success" and log.results and log.samples, log.error
    assert log.results.completed_samples == questions
    assert {sample.output.stop_reason for sample in log.samples} <= {"stop", "max_tokens"}
    assert sum(usage.output_tokens for usage in log.stats.model_usage.values()) > 0
    metrics = log.results.scores[0].metrics
    return f"{log.eval.model.split('/')[-1]} {metrics['mean'].value:.2f} ± {metrics['stderr'].value:.2f}"


class WithInspect:
    """Evaluations, each by another way to the same service."""

    def __init__(self, ready: dict[str, Any], logs: str) -> None:
        os.environ["AZUREAI_OPENAI_API_KEY"] = ready["api_key"]
        os.environ["AZUREAI_OPENAI_BASE_URL"] = ready["endpoint"]
        os.environ["AZUREAI_OPENAI_API_VERSION"] = API_VERSION
        self.v1 = f"{ready['endpoint']}/openai/v1"
        self.key = ready["api_key"]
        self.logs = logs

    def _scores(self, questions: int, *models: str | Model, **settings: Any) -> str:
        asked = {"temperature": 0.0, "max_tokens": 120, **settings}
        logs = eval(cora_task(questions), model=list(models), display="none", log_dir=self.logs, **asked)
        return ", ".join(_score(log, questions) for log in logs)

    def chat(self) -> object:
        """chat/completions on the dated route: teacher, student, tuned student"""
        return self._scores(ALL, *(f"openai/azure/{name}" for name in ("gpt-4.1", "gpt-4.1-nano", TUNED_DEPLOYMENT)))

    def responses(self) -> object:
        """the Responses API, which it takes for o-series models"""
        return self._scores(A_DOZEN, "openai/azure/o4-mini", temperature=None, max_tokens=400)

    def chat_on_v1(self) -> object:
        """chat/completions on v1"""
        return self._scores(A_DOZEN, get_model("openai/gpt-4.1-mini", base_url=self.v1, api_key=self.key))


def main() -> int:
    """Run every step; 1 when one failed."""
    with tempfile.TemporaryDirectory() as logs:
        walk = WithInspect(ready_line(), logs)
        return 1 if run((walk.chat, walk.responses, walk.chat_on_v1)) else 0


if __name__ == "__main__":
    sys.exit(main())
