"""Show a reinforcement job's validation passes as an evaluation, one run `Step N` for each pass.

One item stands for one validation row, however many answers the job sampled for it: the first answer with its own
score. A score passes at the grader's threshold; where the grader has none, in the middle of its range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cupola.graders import Grader, parse_grader

from ..dialect import new_timed_id
from ..jobs.lines import read_rows
from ..jobs.view import masked
from ..resource import Resource
from ..serving import resolve_model
from ..state import eval_items, eval_runs, evals
from ..state.eval_items import EvalRow, OutputItem
from ..state.eval_runs import Run, Usage
from ..state.evals import Eval
from ..state.jobs import Job
from ..training.reinforcement import validation_eval_name
from .criteria import pass_threshold, with_id
from .request import custom_config
from .samples import shown_message, usage_of


def open_validation_eval(resource: Resource, job: Job, eval_id: str) -> None:
    """Make the evaluation of a reinforcement job; its rows are those of the job's validation file."""
    grader = job.request["method"]["reinforcement"]["grader"]
    evaluation = Eval(
        id=eval_id,
        created_at=job.created_at,
        name=validation_eval_name(job),
        metadata={},
        data_source_config=custom_config({"type": "object"}, sample=True),
        testing_criteria=[with_id(masked(grader))],
    )
    evals.add(resource.database, evaluation)


def _whole_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A training row as the items show it: each message says that it has no name."""
    messages = [{"name": None, **message} for message in row["messages"]]
    return {**row, "messages": messages}


def _take_in_rows(resource: Resource, job: Job, eval_id: str) -> None:
    path = resource.folders.dataset(job.uuid, "validation_file")
    rows = (EvalRow(position, _whole_row(row)) for position, (_line, row) in enumerate(read_rows(path)))
    eval_items.add_rows(resource.database, eval_id, rows)


def add_validation_run(resource: Resource, job: Job, step: int, samples: list[Mapping[str, Any]]) -> None:
    """Add the run of one validation pass; a pass without answers, or of a deleted evaluation, leaves none."""
    evaluation = evals.find(resource.database, job.eval_id) if job.eval_id else None
    firsts = [sample for sample in samples if sample["sample"] == 0]
    if evaluation is None or not firsts:
        return
    if not eval_items.has_rows(resource.database, evaluation.id):
        _take_in_rows(resource, job, evaluation.id)
    run = _run(resource, job, evaluation, step, len(firsts))
    eval_runs.add(resource.database, run)
    grader = parse_grader(job.request["method"]["reinforcement"]["grader"])
    criterion = str(evaluation.testing_criteria[0]["id"])
    for sample in firsts:
        _add_item(resource, job, run, grader, criterion, sample)
    tokens = [sum(sample[kind] for sample in firsts) for kind in ("prompt_tokens", "completion_tokens")]
    eval_runs.count_usage(resource.database, run.id, Usage(job.model, len(firsts), *tokens))


def _run(resource: Resource, job: Job, evaluation: Eval, step: int, total: int) -> Run:
    now = resource.clock.now()
    return Run(
        id=new_timed_id("evalrun", now),
        eval_id=evaluation.id,
        created_at=now,
        name=f"Step {step}",
        metadata={},
        model=job.model,
        data_source={"type": "jsonl", "source": {"type": "file_id", "id": job.request["validation_file"]}},
        status="completed",
        source=evaluation.id,
        total=total,
    )


def _most_tokens(resource: Resource, job: Job) -> int:
    serving = resolve_model(resource, job.model)
    return (serving.base.max_output_tokens if serving else None) or 0


def _add_item(
    resource: Resource, job: Job, run: Run, grader: Grader, criterion: str, sample: Mapping[str, Any]
) -> None:
    score, erred = float(sample["reward"]), sample["error"] is not None
    passed = not erred and score >= pass_threshold(grader)
    result: dict[str, Any] = {"name": criterion, "type": grader.type, "passed": passed, "score": score, "sample": None}
    if erred:
        result["error"] = {"code": sample["error"], "message": "The grader could not grade this sample."}
    shown = {
        "input": [],
        "output": [shown_message({"content": sample["text"]})],
        "finish_reason": sample["finish_reason"],
        "model": job.model,
        "usage": usage_of(sample["prompt_tokens"], sample["completion_tokens"]),
        "error": None,
        "temperature": 1.0,
        "max_completion_tokens": _most_tokens(resource, job),
        "top_p": 1.0,
        "seed": job.seed,
    }
    now, database = resource.clock.now(), resource.database
    status = "pass" if passed else "fail"
    item_id = new_timed_id("outputitem", now)
    eval_items.add_item(database, OutputItem(item_id, run.id, sample["row"], now, status, [result], shown))
    eval_runs.count(database, run.id, int(passed), int(not passed), int(erred))
    eval_runs.count_criterion(database, run.id, criterion, passed)
