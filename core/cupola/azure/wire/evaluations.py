"""Evaluations, their runs and output items."""

from __future__ import annotations

import hashlib
import json
import re

from ...models import Evaluation, EvaluationItem, EvaluationRun
from .reading import Json, identifier, integer, mapping, number, objects, raw, text

_STEP = re.compile(r"\s*step\s+(\d{1,9})\s*", re.IGNORECASE)
_VOLATILE = ("trace",)
"""Fields of a row that differ from run to run."""

_FILTERED = ("content_filter", "content_filtered", "ResponsibleAIPolicyViolation")
_UNREADABLE = "sample_parse_error"
"""A grader that cannot read the answer: the model's doing, unlike its other errors."""


def evaluation(value: Json, job_id: str, link: str) -> Evaluation | None:
    """Read an evaluation as that of a job; None if it has no id."""
    eval_id = identifier(value)
    if eval_id is None:
        return None
    name = text(value.get("name")) or ""
    return Evaluation(job_id, eval_id, name, integer(value.get("created_at")) or 0, link, raw(value))


def run(value: Json, eval_id: str) -> EvaluationRun | None:
    """Read a run; None if it has no id."""
    run_id = identifier(value)
    if run_id is None:
        return None
    name = text(value.get("name")) or ""
    step = _STEP.fullmatch(name)
    return EvaluationRun(
        id=run_id,
        eval_id=eval_id,
        name=name,
        step=int(step[1]) if step else None,
        status=text(value.get("status")) or "unknown",
        created_at=integer(value.get("created_at")) or 0,
        total=max(0, integer(mapping(value.get("result_counts")).get("total")) or 0),
        raw=raw(value),
    )


def item(value: Json, run_id: str, place: int) -> EvaluationItem | None:
    """Read an output item, which stands at `place` unless it says otherwise; None if it has no id."""
    item_id = identifier(value)
    if item_id is None:
        return None
    row, sample = mapping(value.get("datasource_item")), mapping(value.get("sample"))
    results, usage = objects(value.get("results")), mapping(sample.get("usage"))
    told = integer(value.get("datasource_item_id"))
    details = mapping(usage.get("completion_tokens_details"))
    reasoning = usage.get("reasoning_tokens", details.get("reasoning_tokens"))
    return EvaluationItem(
        id=item_id,
        run_id=run_id,
        place=place if told is None else told,
        row=row_hash(row),
        prompt=row_hash({"messages": row["messages"]} if isinstance(row.get("messages"), list) else row),
        outcome=_outcome(text(value.get("status")) or "", results, sample),
        score=next((score for score in (number(result.get("score")) for result in results) if score is not None), None),
        completion_tokens=integer(usage.get("completion_tokens")),
        reasoning_tokens=integer(reasoning),
        raw=raw(value),
    )


def row_hash(row: Json) -> str:
    """A hash of a row's content; its trace and all fields without a value are left out."""
    kept = _without_nulls({name: value for name, value in row.items() if name not in _VOLATILE})
    content = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(content.encode(), digest_size=12).hexdigest()


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nulls(entry) for name, entry in value.items() if entry is not None}
    return [_without_nulls(entry) for entry in value] if isinstance(value, list) else value


def _outcome(status: str, results: list[Json], sample: Json) -> str:
    if _is_filtered(sample):
        return "filtered"
    if _code(sample) or not results:
        return "error"
    failures = {code for result in results for code in (_code(result), _code(mapping(result.get("sample")))) if code}
    if failures - {_UNREADABLE}:
        return "error"
    if sample.get("finish_reason") == "length":
        return "truncated"
    if any(message.get("refusal") for message in objects(sample.get("output"))):
        return "refused"
    return {"pass": "pass", "passed": "pass", "fail": "fail", "failed": "fail"}.get(status, "error")


def _is_filtered(sample: Json) -> bool:
    return sample.get("finish_reason") == "content_filter" or _code(sample) in _FILTERED


def _code(value: Json) -> str | None:
    """The code of what went wrong, or None; an error without a code is one all the same."""
    error = value.get("error")
    if not error:
        return None
    return text(mapping(error).get("code")) or text(mapping(error).get("message")) or "error"
